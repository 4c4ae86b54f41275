/* What this machine's kernel and the simulated one made of the same calls, as text. */
#ifndef TESTS_TRANSCRIPT_H
#define TESTS_TRANSCRIPT_H

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first line that differs, and what led to it. */
static inline void transcript_report(uint64_t seed, const char *native, const char *simulated) {
    size_t line = 0;
    size_t at = 0;
    while (native[at] == simulated[at]) {
        line = native[at] == '\n' ? at + 1 : line;
        at++;
    }
    const size_t from = line > 3000 ? line - 3000 : 0;
    fprintf(stderr, "%.*s", (int)(line - from), native + from);
    ck_abort_msg("seed %" PRIu64 ": the kernel says\n%.200s\nand the simulated one\n%.200s",
                 seed,
                 native + line,
                 simulated + line);
}

#endif
