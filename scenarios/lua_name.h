/* What a value is called when it is printed: never by its address.
 *
 * Memory: a name is kept as long as its object.
 * Determinism: "table 1", "function 2" …: one count for all, in the order in which they are first
 *         asked for.
 */
#ifndef SCENARIOS_LUA_NAME_H
#define SCENARIOS_LUA_NAME_H

struct lua_State;

/* Once for each sandbox, before the others. */
void lua_name_open(struct lua_State *state);

/* tostring(value). */
int lua_name_tostring(struct lua_State *state);

/* print(…): one text for options.print. */
int lua_name_print(struct lua_State *state);

/* string.format(format, …); its first upvalue is Lua's own. */
int lua_name_format(struct lua_State *state);

#endif
