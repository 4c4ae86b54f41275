/* What catches errors in the Lua sandbox: pcall, xpcall and coroutines. They behave as Lua's own,
 * except that a limit that was reached goes through all of them.
 *
 * Counter-example with Lua's own: 1. `while true do pcall(loop) end`; 2. the limit ends `loop`; 3.
 * pcall returns false; 4. `loop` begins again, for ever.
 */
#ifndef SCENARIOS_LUA_CATCH_H
#define SCENARIOS_LUA_CATCH_H

struct lua_State;

int lua_catch_pcall(struct lua_State *state);
int lua_catch_xpcall(struct lua_State *state);

/* coroutine.create, .resume …; .close has Lua's own as its first upvalue. */
int lua_catch_create(struct lua_State *state);
int lua_catch_resume(struct lua_State *state);
int lua_catch_wrap(struct lua_State *state);
int lua_catch_yield(struct lua_State *state);
int lua_catch_running(struct lua_State *state);
int lua_catch_close(struct lua_State *state);

#endif
