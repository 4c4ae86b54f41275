#include "tools/bench_executor/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench_executor/callgrind.h"

#define NS_PER_S 1000000000u
#define PATIENCE_NS (2 * (uint64_t)NS_PER_S) /* for more than the fewest repetitions of a row */
#define NAME_SIZE 128
#define INSTRUCTIONS_COUNT 10000u

static void print(const struct row_request *request,
                  const char *name,
                  double value,
                  const char *unit,
                  const char *aim) {
    if (request->as_json) {
        printf("{\"name\":\"%s_%s\",\"value\":%.6g,\"unit\":\"%s\"}\n", name, unit, value, unit);
    } else {
        char full[NAME_SIZE + 16];
        snprintf(full, sizeof full, "%s_%s", name, unit);
        printf("%-36s %10.4g %-6s%s%s\n",
               full,
               value,
               unit,
               aim == NULL ? "" : " aim ",
               aim == NULL ? "" : aim);
    }
    fflush(stdout);
}

static bool
count_instructions(const struct row *row, const char *name, const struct row_request *request) {
    const uint64_t count = (INSTRUCTIONS_COUNT + row->step - 1) / row->step * row->step;
    uint64_t once;
    uint64_t twice;
    if (!callgrind_count(name, count, &once) || !callgrind_count(name, 2 * count, &twice)) {
        return false;
    }
    print(request, name, ((double)twice - (double)once) / (double)count, "instr", row->aim_instr);
    return true;
}

static void measure(const struct row *row, const char *name, const struct row_request *request) {
    uint64_t least = UINT64_MAX;
    const unsigned repetitions = strcmp(row->unit, "ns") == 0 ? ROW_REPETITIONS : 1;
    const uint64_t before = row_cpu_ns();
    for (unsigned i = 0; i < repetitions; i++) {
        if (i >= ROW_REPETITIONS_MIN && row_cpu_ns() - before > PATIENCE_NS) {
            break;
        }
        const uint64_t result = row->run(row->count);
        least = result < least ? result : least;
    }
    print(request, name, (double)least / (double)row->count, row->unit, row->aim);
}

/* By its name, by its name with the unit, or by the prefix of all without its dot. */
static bool is_asked_for(const struct row *row,
                         const char *name,
                         const char *prefix,
                         const struct row_request *request) {
    const char *wanted = request->run != NULL ? request->run : request->only;
    const size_t length = strlen(prefix);
    char full[NAME_SIZE + 16];
    snprintf(full, sizeof full, "%s_%s", name, request->instructions ? "instr" : row->unit);
    return wanted == NULL || strcmp(wanted, name) == 0 || strcmp(wanted, full) == 0 ||
           (length > 0 && strlen(wanted) == length - 1 && strncmp(wanted, prefix, length - 1) == 0);
}

int row_run(const struct row *rows,
            size_t count,
            const char *prefix,
            const struct row_request *request) {
    int ran = 0;
    for (const struct row *row = rows; row < rows + count; row++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s%s", prefix, row->name);
        if (!is_asked_for(row, name, prefix, request)) {
            continue;
        }
        ran++;
        if (request->run != NULL) {
            row->run(request->run_count);
            printf("%s: %" PRIu64 " operations\n", name, request->run_count);
        } else if (!request->instructions) {
            measure(row, name, request);
        } else if (row->step != 0 && !count_instructions(row, name, request)) {
            return -1;
        }
    }
    return ran;
}

uint64_t row_cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void row_expect(bool holds, const char *sentence) {
    if (!holds) {
        fprintf(stderr, "bench_executor: this does not hold: %s\n", sentence);
        exit(EXIT_FAILURE);
    }
}

uint64_t row_resident_bytes(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%*u %lu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
