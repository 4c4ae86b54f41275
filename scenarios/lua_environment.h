/* The names that a scenario file sees: Lua's library without what is not deterministic, and what
 * has been defined for it.
 *
 *   _ENV, an empty table that cannot be written
 *     └─ __index ──► names: print, pairs, node …          what is not there is an error that
 *                      └─ string, an empty table, too     suggests the nearest name
 *                           └─ __index ──► its functions
 *
 * Memory: Lua's.
 * Errors: Lua errors.
 */
#ifndef SCENARIOS_LUA_ENVIRONMENT_H
#define SCENARIOS_LUA_ENVIRONMENT_H

struct lua_State;

/* Makes the environment that every chunk loaded later gets. Raises what goes wrong. */
void lua_environment_open(struct lua_State *state);

/* Pops a value and gives it a name, "node" or "link.cut". */
void lua_environment_define(struct lua_State *state, const char *name);

/* Puts a function in front of the one that has the name, which becomes its first upvalue. */
void lua_environment_wrap(struct lua_State *state,
                          const char *name,
                          int (*function)(struct lua_State *state));

/* An error if the table at `index` is one of the environment's own. */
void lua_environment_refuse(struct lua_State *state, int index);

/* An error if a table was made weak behind setmetatable's back; looked for at the end of a run. */
void lua_environment_verify(struct lua_State *state);

#endif
