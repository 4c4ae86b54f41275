/* How many instructions a run of this very program takes.
 *
 *   callgrind_count("yield_1", 10000, &instructions)
 *       valgrind --tool=callgrind THIS-PROGRAM --run yield_1 10000
 *
 * The stable measure on a machine that others use too: the same on every run, whatever its load.
 *
 * Errors: false when valgrind is missing or the program fails under it, said on stderr.
 */
#ifndef TOOLS_BENCH_EXECUTOR_CALLGRIND_H
#define TOOLS_BENCH_EXECUTOR_CALLGRIND_H

#include <stdbool.h>
#include <stdint.h>

bool callgrind_count(const char *name, uint64_t count, uint64_t *instructions);

#endif
