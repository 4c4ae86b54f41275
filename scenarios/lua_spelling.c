#include "scenarios/lua_spelling.h"

#include <string.h>

static int least(int a, int b, int c) {
    const int ab = a < b ? a : b;

    return ab < c ? ab : c;
}

int lua_spelling_distance(const char *written, const char *known) {
    const int far = LUA_SPELLING_DISTANCE_MAX + 1;
    const size_t rows = strlen(written), columns = strlen(known);
    int distance[LUA_SPELLING_NAME_MAX + 1];

    if (rows > LUA_SPELLING_NAME_MAX || columns > LUA_SPELLING_NAME_MAX) {
        return far;
    }
    for (size_t i = 0; i <= columns; i++) {
        distance[i] = (int)i;
    }
    for (size_t row = 1; row <= rows; row++) {
        int diagonal = distance[0];
        distance[0] = (int)row;
        for (size_t i = 1; i <= columns; i++) {
            const int changed = diagonal + (written[row - 1] != known[i - 1]);
            diagonal = distance[i];
            distance[i] = least(changed, distance[i] + 1, distance[i - 1] + 1);
        }
    }
    /* Of two letters two changes make any other two. */
    const size_t shorter = rows < columns ? rows : columns;
    const int allowed = shorter < 3 ? (int)shorter / 2 : LUA_SPELLING_DISTANCE_MAX;
    return distance[columns] <= allowed ? distance[columns] : far;
}
