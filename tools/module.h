/* Where a scenario's module lies, and what a case calls it.
 *
 *   "abba"          ─► <folder of sim>/scenarios/abba.so, or abba.lua
 *   "./mine.so"     ─► itself; a case calls it by its path from the root, so that it replays from
 *                      every folder
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

/* What the corpus calls a scenario that module_find has found; name holds CASE_NAME_SIZE. False
 * after a sentence when that is too long. */
bool module_name(const char *scenario, char *name);

#endif
