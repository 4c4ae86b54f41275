/* One benchmark: what is done how often, and what one operation cost.
 *
 *   static uint64_t yield_1(uint64_t count) {
 *       … set up …
 *       const uint64_t before = row_cpu_ns();
 *       … count operations …
 *       const uint64_t spent = row_cpu_ns() - before;
 *       … tear down …
 *       return spent;
 *   }
 *   static const struct row rows[] = {{"yield_1", "ns", 4000000, 1, yield_1, "", "<= 45"}};
 *
 * The time is CPU time of the process, the least of ROW_REPETITIONS repetitions: what disturbs a
 * machine only ever adds. Instructions are the slope between two runs under callgrind, so what is
 * done before and after the operations may cost what it likes, but not depend on their number.
 *
 * Memory:  rows are the caller's.
 * Threads: one; a benchmark may start others and must end them.
 */
#ifndef TOOLS_BENCH_EXECUTOR_ROW_H
#define TOOLS_BENCH_EXECUTOR_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ROW_REPETITIONS 7
#define ROW_REPETITIONS_MIN 3 /* of those that take seconds */

struct row {
    const char *name; /* without the unit, which is added to it: yield_1, yield_1_ns */
    const char *unit; /* "ns": run returns CPU time; "bytes": memory that count objects take */
    uint64_t count;   /* operations of one repetition, a multiple of step */
    uint64_t step;    /* the fewest operations there can be; 0 = not counted in instructions */
    uint64_t (*run)(uint64_t count);
    const char *aim;       /* for the unit, in words; NULL = none */
    const char *aim_instr; /* for instructions; NULL = none */
};

/* What the command line asks for. */
struct row_request {
    const char *only; /* the name of one row with its prefix, NULL = all */
    const char *run;  /* the name of a row to run once, without measuring; NULL = none */
    uint64_t run_count;
    bool as_json;
    bool instructions;
};

/* Measures the rows that are asked for and prints a line for each; names begin with the prefix.
 * Returns how many there were, or -1 when one cannot be measured, which it says on stderr. */
int row_run(const struct row *rows,
            size_t count,
            const char *prefix,
            const struct row_request *request);

/* CPU time of the process, of all its threads. */
uint64_t row_cpu_ns(void);

/* Ends the program with the sentence when a benchmark did not do what it says. */
void row_expect(bool holds, const char *sentence);

/* Memory that the process has resident now. */
uint64_t row_resident_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
