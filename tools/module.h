/* Where a scenario's module lies, and what a case calls it.
 *
 *   "abba"          ─► <folder of sim>/scenarios/abba.so
 *   "./mine.so"     ─► itself: a case replays where this path leads to the same file
 *
 * Memory:      the caller's.
 * Errors:      a sentence on stderr.
 */
#ifndef TOOLS_MODULE_H
#define TOOLS_MODULE_H

#include <stdbool.h>

/* path holds PATH_MAX. False after a sentence when there is no such module, or its name is too long
 * to be stored. */
bool module_find(const char *scenario, char *path);

#endif
