#include "tools/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/paint.h"
#include "tools/quarry.h"

#define TERMINAL_MS 250
#define TERMINAL_WIDTH 79 /* a longer line could not be drawn again */
#define PIPE_MS 60000
#define LINE_SIZE 192

void progress_init(struct progress *progress, const struct hunt *hunt) {
    const uint64_t now = quarry_now_ms();
    *progress = (struct progress){.hunt = hunt, .started_ms = now, .shown_ms = now};
    progress->terminal = paint_draws(stderr);
}

/* In the largest unit of which there are at least ten. */
static void simulated_print(uint64_t time_ns, char *text, size_t size) {
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"d", UINT64_C(86400000000000)},
                 {"h", UINT64_C(3600000000000)},
                 {"min", UINT64_C(60000000000)},
                 {"s", UINT64_C(1000000000)},
                 {"ms", UINT64_C(1000000)}};
    unsigned unit = 0;
    while (unit < sizeof units / sizeof units[0] - 1 && time_ns / units[unit].ns < 10) {
        unit++;
    }
    snprintf(text, size, "%" PRIu64 " %s", time_ns / units[unit].ns, units[unit].name);
}

static void line_print(const struct progress *progress, uint64_t elapsed_ms, char *text) {
    const struct board_sum sum = board_sum(progress->hunt->board);
    const uint64_t elapsed_s = elapsed_ms / 1000;
    char simulated[32];
    simulated_print(sum.time_ns, simulated, sizeof simulated);
    snprintf(text,
             LINE_SIZE,
             "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "  %" PRIu64 " runs, %" PRIu64
             " runs/s, %" PRIu64 " failed, %" PRIu64 " cases, %s simulated%s",
             elapsed_s / 3600,
             elapsed_s / 60 % 60,
             elapsed_s % 60,
             sum.runs,
             sum.runs * 1000 / (elapsed_ms + 1),
             sum.findings,
             sum.cases,
             simulated,
             sum.nondeterminism > 0 ? ", some do not repeat" : "");
}

void progress_show(struct progress *progress) {
    const uint64_t now = quarry_now_ms();
    if (progress->hunt->options->json ||
        now - progress->shown_ms < (progress->terminal ? TERMINAL_MS : PIPE_MS)) {
        return;
    }
    char text[LINE_SIZE];
    line_print(progress, now - progress->started_ms, text);
    progress->shown_ms = now;
    progress->drawn = progress->terminal;
    board_print_begin(progress->hunt->board); /* wipes the line before */
    fprintf(stderr,
            progress->terminal ? "%.*s" : "%.*s\n",
            progress->terminal ? TERMINAL_WIDTH : LINE_SIZE,
            text);
    fflush(stderr);
    board_print_end(progress->hunt->board);
}

void progress_end(struct progress *progress) {
    if (progress->drawn) {
        paint_wipe(stderr);
        progress->drawn = false;
    }
}
