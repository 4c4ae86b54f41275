#include "tools/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/quarry.h"

#define FIRST_MS 1000 /* shorter work needs no sign of life */
#define TERMINAL_MS 250
#define PIPE_MS 60000

void progress_init(struct progress *progress, const struct hunt *hunt) {
    const char *kind = getenv("TERM");
    *progress = (struct progress){.hunt = hunt, .started_ms = quarry_now_ms()};
    progress->terminal = isatty(STDERR_FILENO) == 1 && !hunt->options->json && kind != NULL &&
                         strcmp(kind, "dumb") != 0;
}

static void line_print(const struct progress *progress, uint64_t elapsed_ms, char *text) {
    const struct options *options = progress->hunt->options;
    const struct board_sum sum = board_sum(progress->hunt->board);
    const uint64_t elapsed_s = elapsed_ms / 1000;
    char budget[32] = "";
    if (options->time_s != 0) {
        snprintf(budget, sizeof budget, " of %" PRIu64 " s", options->time_s);
    }
    snprintf(text,
             160,
             "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "%s  %" PRIu64 " runs, %" PRIu64
             "/s, %" PRIu64 " failed, %" PRIu64 " new%s",
             elapsed_s / 3600,
             elapsed_s / 60 % 60,
             elapsed_s % 60,
             budget,
             sum.runs,
             sum.runs * 1000 / (elapsed_ms + 1),
             sum.findings,
             (uint64_t)progress->hunt->board->bugs_new,
             sum.nondeterminism > 0 ? ", NONDETERMINISM" : "");
}

void progress_show(struct progress *progress) {
    const uint64_t now = quarry_now_ms();
    const uint64_t pause = progress->shown_ms == 0 ? FIRST_MS
                           : progress->terminal    ? TERMINAL_MS
                                                   : PIPE_MS;
    const uint64_t before = progress->shown_ms == 0 ? progress->started_ms : progress->shown_ms;
    if (now - before < (progress->terminal ? pause : PIPE_MS) || progress->hunt->options->json) {
        return;
    }
    char text[160];
    line_print(progress, now - progress->started_ms, text);
    progress->shown_ms = now;
    progress->drawn = progress->terminal;
    board_print_begin(progress->hunt->board);
    fprintf(stderr, progress->terminal ? "\r\033[K%.79s" : "%s\n", text);
    fflush(stderr);
    board_print_end(progress->hunt->board);
}

void progress_end(struct progress *progress) {
    if (progress->drawn) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
        progress->drawn = false;
    }
}
