/* find, match, gmatch and gsub of strings, as Lua 5.4 has them, on a matcher that counts its steps.
 *
 * Errors: Lua errors.
 * Source: Lua 5.4 Reference Manual, section 6.4.
 */
#ifndef SCENARIOS_LUA_PATTERN_H
#define SCENARIOS_LUA_PATTERN_H

struct lua_State;

int lua_pattern_find(struct lua_State *state);
int lua_pattern_match(struct lua_State *state);
int lua_pattern_gmatch(struct lua_State *state);
int lua_pattern_gsub(struct lua_State *state);

#endif
