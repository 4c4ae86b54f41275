/* Where modules lie, and who reads a scenario file.
 *
 *   pair.lua ─► <folder of sim>/readers/lua.so       "rpc" in /a/pair.lua ─► /a/rpc.so
 *   pair.so  ─► none: it is a module                                     or <folder of sim>/
 *                                                                           scenarios/rpc.so
 *
 * Memory:      the caller's; paths hold PATH_MAX.
 * Errors:      what is not there is for the caller to say.
 * Threads:     before any run.
 */
#ifndef SIM_MACHINE_WHEREABOUTS_H
#define SIM_MACHINE_WHEREABOUTS_H

#include <stdbool.h>

/* False when the scenario is a module itself. */
bool whereabouts_reader(const char *scenario, char *path);

/* False when there is no such module; path is then where it was looked for last. */
bool whereabouts_module(const char *file, const char *name, char *path);

#endif
