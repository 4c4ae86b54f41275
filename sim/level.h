/* What is a point: how deep the scheduler looks into a program.
 *
 *   calls      every hooked call; any code, as it is
 *   atomics    those, and every atomic operation and fence of sources that are instrumented
 *   accesses   those, and every plain load and store of such sources
 *
 * Memory:      none.
 * Errors:      LEVEL_COUNT for a word that is none.
 * Threads:     no shared state.
 */
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

/* The default is what the scenario says, and calls where it says nothing. */
enum level { LEVEL_DEFAULT, LEVEL_CALLS, LEVEL_ATOMICS, LEVEL_ACCESSES, LEVEL_COUNT };

/* Whether data races are looked for: below the calls, unless the scenario or the search says no. */
enum level_races { LEVEL_RACES_DEFAULT, LEVEL_RACES_FOUND, LEVEL_RACES_IGNORED };

/* What an atomic load may see: the last store, as by default, or what C11 allows (sim/past.h). */
enum level_memory { LEVEL_MEMORY_DEFAULT, LEVEL_MEMORY_SC, LEVEL_MEMORY_C11 };

/* "atomics"; not of the default. */
const char *level_name(enum level level);

/* The level with this name. */
enum level level_find(const char *name);

#endif
