#include "scenarios/lua_spelling.h"

#include <stdbool.h>
#include <string.h>

static int least(int a, int b, int c) {
    const int ab = a < b ? a : b;

    return ab < c ? ab : c;
}

int lua_spelling_distance(const char *written, const char *known) {
    const int far = LUA_SPELLING_DISTANCE_MAX + 1;
    const size_t rows = strlen(written), columns = strlen(known);
    /* [row % 3][column]: of so many first letters of each. */
    int distance[3][LUA_SPELLING_NAME_MAX + 1];

    if (rows > LUA_SPELLING_NAME_MAX || columns > LUA_SPELLING_NAME_MAX) {
        return far;
    }
    for (size_t row = 0; row <= rows; row++) {
        int *const here = distance[row % 3], *const above = distance[(row + 2) % 3];
        here[0] = (int)row;
        for (size_t i = 1; i <= columns; i++) {
            if (row == 0) {
                here[i] = (int)i;
                continue;
            }
            const bool differ = written[row - 1] != known[i - 1];
            here[i] = least(above[i - 1] + differ, above[i] + 1, here[i - 1] + 1);
            if (row > 1 && i > 1 && written[row - 1] == known[i - 2] &&
                written[row - 2] == known[i - 1]) {
                const int swapped = distance[(row + 1) % 3][i - 2] + 1;
                here[i] = swapped < here[i] ? swapped : here[i];
            }
        }
    }
    /* Two changes make any two letters of any other two, and much of three. */
    const int half = (int)(rows < columns ? rows : columns) / 2;
    const int allowed = half < LUA_SPELLING_DISTANCE_MAX ? half : LUA_SPELLING_DISTANCE_MAX;
    const int total = distance[rows % 3][columns];
    return total <= allowed ? total : far;
}
