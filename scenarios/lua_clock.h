/* What a scenario file says about the clocks of nodes.
 *
 *   node("n", program, { clock = { drift = "40ppm", offset = "±2s", tick = "4ms" } })
 *   jump(node, { at = "5s", by = "-10s" })
 *
 * Errors:      Lua errors that say what there may be.
 */
#ifndef SCENARIOS_LUA_CLOCK_H
#define SCENARIOS_LUA_CLOCK_H

#include <stdint.h>

struct lua_State;
struct sim_world;

/* The table on top of the stack, of this node. */
void lua_clock_read(struct lua_State *state, struct sim_world *world, uint32_t node);

/* jump(node, options) */
int lua_clock_jump(struct lua_State *state);

#endif
