/* How many accesses a run of bench_modules/race.c has. */
#ifndef TOOLS_BENCH_MODULES_RACE_H
#define TOOLS_BENCH_MODULES_RACE_H

#define RACE_THREADS 2
#define RACE_WORDS 4096
#define RACE_TURNS 64
#define RACE_ACCESSES                                                                              \
    (2 * RACE_THREADS * RACE_TURNS * RACE_WORDS) /* each word is read and written */

#endif
