/* The world of a scenario file: module, node, link, partition, reset, limit, leaks, expect.
 *
 * Errors: Lua errors.
 */
#ifndef SCENARIOS_LUA_WORLD_H
#define SCENARIOS_LUA_WORLD_H

#include <stdbool.h>

struct lua_sandbox;
struct sim_world;

/* False: there is no memory. */
bool lua_world_define(struct lua_sandbox *sandbox, struct sim_world *world);

#endif
