/* `link(from, to, { … })`: what a scenario file says of the messages between two nodes.
 *
 *   latency = "2ms"                                    each takes so long
 *   latency = { "1ms", "9ms" }                         any time from one to the other
 *   latency = { { "90%", "1ms", "2ms" }, { "10%", "50ms" } }   rows, taken as often as they say
 *
 * Memory:      none of its own.
 * Errors:      luaL_error, with a sentence.
 * Threads:     the reader's only.
 */
#ifndef SCENARIOS_LUA_LINK_H
#define SCENARIOS_LUA_LINK_H

struct lua_State;

int lua_link(struct lua_State *state);

#endif
