/* What a program keeps in a stream is its node's: nobody else's fflush(NULL) or end writes it out.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/scenario.h"

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static int holds(const char *path, const char *text) {
    char found[32] = "";
    FILE *file = fopen(path, "r");
    assert(file != NULL);
    const size_t size = fread(found, 1, sizeof found - 1, file);
    assert(fclose(file) == 0);
    return size == strlen(text) && strcmp(found, text) == 0;
}

/* Writes, and comes back when the other one has ended. */
int keeps(int argc, char **argv) {
    (void)argc;
    (void)argv;
    FILE *file = fopen("kept", "w");
    assert(file != NULL && fputs("kept\n", file) >= 0);
    sleep_ms(10);
    assert(holds("kept", ""));
    assert(fclose(file) == 0);
    assert(holds("kept", "kept\n"));
    return 0;
}

/* Has other files under the same numbers. */
int ends(int argc, char **argv) {
    (void)argc;
    (void)argv;
    FILE *first = fopen("first", "w");
    FILE *second = fopen("second", "w");
    assert(first != NULL && second != NULL && fputs("one", first) >= 0 &&
           fputs("two", second) >= 0);
    sleep_ms(5);
    assert(holds("first", "") && holds("second", ""));
    assert(fflush(NULL) == 0);
    assert(holds("first", "one") && holds("second", "two"));
    assert(fputs("more", second) >= 0 && fclose(first) == 0);
    return 0; /* with something in a stream that is open */
}

SIM_SCENARIO(world) {
    sim_node(world, "keeps", "keeps", NULL);
    sim_node(world, "ends", "ends", NULL);
}
