/* Where tasks of a node meet: mutexes, semaphores, notices, channels, all the executor's.
 *
 *   local lock = mutex()          lock:lock(), :try_lock(), :unlock()
 *   local permits = semaphore(3)  permits:acquire([n]), :try_acquire([n]), :release([n])
 *   local news = notify()         news:wait(), :one(), :all()
 *   local letters = channel(4)    letters:send(value): true, or nil, "closed"
 *                                 letters:receive(): a value, or nil, "closed"; :close(), :count()
 *
 * Memory:  Lua's.
 * Errors:  Lua errors; what the executor would panic of is one, too.
 */
#ifndef SCENARIOS_LUA_MEET_H
#define SCENARIOS_LUA_MEET_H

struct lua_State;

int lua_meet_mutex(struct lua_State *state);
int lua_meet_semaphore(struct lua_State *state);
int lua_meet_notify(struct lua_State *state);
int lua_meet_channel(struct lua_State *state);

#endif
