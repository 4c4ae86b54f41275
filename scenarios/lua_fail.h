/* What a scenario file says about calls that fail.
 *
 *   fail(node, { call = "read", error = "EINTR", chance = "1%" })
 *   short(node, { call = "write", nth = 3 })
 *   lookup(node, { latency = { "1ms", "2s" }, fails = "EAI_AGAIN", chance = "10%" })
 *
 * Errors:      Lua errors that say what there may be.
 */
#ifndef SCENARIOS_LUA_FAIL_H
#define SCENARIOS_LUA_FAIL_H

struct lua_State;

int lua_fail_error(struct lua_State *state);
int lua_fail_short(struct lua_State *state);
int lua_fail_lookup(struct lua_State *state);

#endif
