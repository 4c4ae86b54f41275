/* What a scenario file says of the order of things, and what must hold: occasions, constraints,
 * properties.
 *
 * Errors: Lua errors.
 */
#ifndef SCENARIOS_LUA_DEMAND_H
#define SCENARIOS_LUA_DEMAND_H

#include <stdbool.h>

struct lua_sandbox;
struct sim_world;

/* False: there is no memory. */
bool lua_demand_define(struct lua_sandbox *sandbox, struct sim_world *world);

#endif
