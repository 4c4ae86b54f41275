/* Streams of the simulated network, for tasks, by the executor's I/O.
 *
 *   local listener = listen(7000)         listener:accept(): a connection; :close()
 *   local c = connect("server", 7000)     by the node's name, or the node; nil, "refused"
 *   c:send("hello")                       a line: true, or nil and why
 *   c:receive()                           a line: a text, or nil and "closed", "reset" …
 *   c:write(bytes), c:read([n])           the same without lines: what has arrived, n bytes at most
 *   c:close()
 *
 * A stream knows no borders: what was written at once may be read in two parts.
 *
 * Memory:  Lua's. What is not closed is open until the node ends.
 * Limits:  a line of 64 KiB.
 * Errors:  nil and why: what the network may do. Lua errors: wrong use.
 */
#ifndef SCENARIOS_LUA_SOCKET_H
#define SCENARIOS_LUA_SOCKET_H

struct lua_State;

int lua_socket_listen(struct lua_State *state);
int lua_socket_connect(struct lua_State *state);

#endif
