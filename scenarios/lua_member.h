/* What follows the dot: reply.arrives, worker.ends, rpc.server_main, client:counter("hits").
 *
 * Errors: Lua errors that name what there is.
 */
#ifndef SCENARIOS_LUA_MEMBER_H
#define SCENARIOS_LUA_MEMBER_H

struct lua_State;
struct lua_thing;

/* Pushes a copy of a thing, which can be asked for its members. */
void lua_member_offer(struct lua_State *state, const struct lua_thing *thing);

/* Copies a name, which is an argument, to LUA_THING_NAME_SIZE bytes; `what` it is. */
void lua_member_name(struct lua_State *state, char *to, int index, const char *what);

/* counter("hits"): of all nodes. */
int lua_member_counter(struct lua_State *state);

#endif
