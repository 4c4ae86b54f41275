/* Functions of Lua's library that would run for as long as a number says, in C, where no
 * instruction is counted. Each pays first, then calls Lua's own, which is its first upvalue.
 *
 * Counter-example: 1. `table.move({}, 1, 1 << 60, 2)`; 2. it moves nothing 2^60 times.
 */
#ifndef SCENARIOS_LUA_BOUND_H
#define SCENARIOS_LUA_BOUND_H

struct lua_State;

int lua_bound_rep(struct lua_State *state);    /* string.rep */
int lua_bound_concat(struct lua_State *state); /* table.concat */
int lua_bound_insert(struct lua_State *state); /* table.insert */
int lua_bound_move(struct lua_State *state);   /* table.move */
int lua_bound_remove(struct lua_State *state); /* table.remove */

#endif
