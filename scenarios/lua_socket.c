#include "scenarios/lua_socket.h"

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_register.h"
#include "scenarios/lua_run.h"
#include "scenarios/lua_thing.h"

enum { READ_SIZE_MAX = 4096, LINE_SIZE_MAX = 65536 };

/* A connection, or a listener. User values: what was read behind the last line; what is written. */
struct lua_socket {
    struct ex_io io;
    bool is_read, is_written; /* by a task that waits for it */
    char bytes[READ_SIZE_MAX];
};

struct dial {
    struct ex_socket_dial dial;
    struct ex_io io;
};

static const char *reason(int64_t error) {
    switch (error) {
    case -ECONNREFUSED:
        return "refused";
    case -ECONNRESET:
    case -EPIPE:
        return "reset";
    case -ETIMEDOUT:
        return "timeout";
    case -EBADF:
        return "closed";
    case -EADDRINUSE:
        return "in use";
    case -EHOSTUNREACH:
    case -ENETUNREACH:
        return "unreachable";
    default:
        return strerror((int)-error);
    }
}

static int push_failure(lua_State *state, int64_t error) {
    lua_pushnil(state);
    lua_pushstring(state, reason(error));
    return 2;
}

/* ---- reading ---- */

static struct lua_socket *check_connection(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.connection");
}

/* Awaits some bytes at most, unless another task does. */
static int await_bytes(lua_State *state,
                       const char *name,
                       size_t size,
                       int (*go_on)(lua_State *state, int status, lua_KContext context)) {
    struct lua_socket *const socket = check_connection(state);
    struct lua_run *const run = lua_run_wait(state, name);

    if (socket->is_read) {
        return luaL_error(state, "`%s`: another task reads from this connection; one may", name);
    }
    socket->is_read = true;
    return lua_run_await(state,
                         ex_io_read(&run->await.read, socket->io, socket->bytes, size),
                         go_on);
}

/* What the read gave; below 1: the end, or an error. */
static int64_t bytes_read(lua_State *state) {
    check_connection(state)->is_read = false;
    return lua_run_value(state);
}

/* Gives the first line of the text on top, and keeps what is behind it: false if there is none. */
static bool take_line(lua_State *state) {
    size_t size;
    const char *const text = lua_tolstring(state, -1, &size);
    const char *const end = memchr(text, '\n', size);

    if (end == NULL) {
        return false;
    }
    lua_pushlstring(state, end + 1, size - (size_t)(end + 1 - text));
    lua_setiuservalue(state, 1, 1);
    lua_pushlstring(state, text, (size_t)(end - text));
    return true;
}

static int go_on_receive(lua_State *state, int status, lua_KContext context) {
    const struct lua_socket *const socket = check_connection(state);
    const int64_t count = bytes_read(state);

    (void)status;
    (void)context;
    if (count <= 0) {
        return push_failure(state, count == 0 ? -EBADF : count);
    }
    lua_getiuservalue(state, 1, 1);
    lua_pushlstring(state, socket->bytes, (size_t)count);
    lua_concat(state, 2);
    if (take_line(state)) {
        return 1;
    }
    if (lua_rawlen(state, -1) > LINE_SIZE_MAX) {
        return luaL_error(state, "`receive`: a line of more than %d bytes", LINE_SIZE_MAX);
    }
    lua_setiuservalue(state, 1, 1);
    lua_settop(state, 1);
    return await_bytes(state, "receive", READ_SIZE_MAX, go_on_receive);
}

static int receive(lua_State *state) {
    check_connection(state);
    lua_settop(state, 1);
    lua_getiuservalue(state, 1, 1);
    if (take_line(state)) {
        return 1;
    }
    lua_settop(state, 1);
    return await_bytes(state, "receive", READ_SIZE_MAX, go_on_receive);
}

static int go_on_read(lua_State *state, int status, lua_KContext context) {
    const struct lua_socket *const socket = check_connection(state);
    const int64_t count = bytes_read(state);

    (void)status;
    (void)context;
    if (count <= 0) {
        return push_failure(state, count == 0 ? -EBADF : count);
    }
    lua_pushlstring(state, socket->bytes, (size_t)count);
    return 1;
}

static int read_bytes(lua_State *state) {
    check_connection(state);
    const lua_Integer most = luaL_optinteger(state, 2, READ_SIZE_MAX);
    luaL_argcheck(state, most >= 1 && most <= READ_SIZE_MAX, 2, "from 1 to 4096 bytes");
    lua_getiuservalue(state, 1, 1);
    if (lua_rawlen(state, -1) > 0) {
        size_t size;
        const char *const text = lua_tolstring(state, -1, &size);
        const size_t part = size < (size_t)most ? size : (size_t)most;
        lua_pushlstring(state, text + part, size - part);
        lua_setiuservalue(state, 1, 1);
        lua_pushlstring(state, text, part);
        return 1;
    }
    return await_bytes(state, "read", (size_t)most, go_on_read);
}

/* ---- writing ---- */

static int go_on_write(lua_State *state, int status, lua_KContext context) {
    check_connection(state)->is_written = false;
    const int64_t count = lua_run_value(state);

    (void)status;
    (void)context;
    if (count < 0) {
        return push_failure(state, count);
    }
    if ((uint64_t)count < lua_rawlen(state, 2)) {
        return push_failure(state, -ECONNRESET);
    }
    lua_pushboolean(state, 1);
    return 1;
}

/* The text at 2, which stays there. */
static int await_write(lua_State *state, const char *name) {
    struct lua_socket *const socket = check_connection(state);
    struct lua_run *const run = lua_run_wait(state, name);
    size_t size;
    const char *const text = lua_tolstring(state, 2, &size);

    if (socket->is_written) {
        return luaL_error(state, "`%s`: another task writes to this connection; one may", name);
    }
    socket->is_written = true;
    return lua_run_await(state,
                         ex_io_write(&run->await.write, socket->io, text, size),
                         go_on_write);
}

static int send_line(lua_State *state) {
    size_t size;
    const char *const text = luaL_checklstring(state, 2, &size);

    if (memchr(text, '\n', size) != NULL) {
        return luaL_error(state, "`send`: it is one line, and ends where it ends; use write");
    }
    lua_settop(state, 2);
    lua_pushliteral(state, "\n");
    lua_concat(state, 2);
    return await_write(state, "send");
}

static int write_bytes(lua_State *state) {
    luaL_checkstring(state, 2);
    lua_settop(state, 2);
    return await_write(state, "write");
}

static int close_connection(lua_State *state) {
    ex_io_close(check_connection(state)->io);
    return 0;
}

/* ---- opening ---- */

static void set_methods(lua_State *state, const char *type, const luaL_Reg *methods) {
    if (luaL_newmetatable(state, type) != 0) {
        lua_newtable(state);
        luaL_setfuncs(state, methods, 0);
        lua_setfield(state, -2, "__index");
        lua_pushboolean(state, 0);
        lua_setfield(state, -2, "__metatable");
    }
    lua_setmetatable(state, -2);
}

static struct lua_socket *push_connection(lua_State *state) {
    static const luaL_Reg methods[] = {{"send", send_line},
                                       {"receive", receive},
                                       {"write", write_bytes},
                                       {"read", read_bytes},
                                       {"close", close_connection},
                                       {NULL, NULL}};
    struct lua_socket *const socket = lua_newuserdatauv(state, sizeof *socket, 1);

    socket->io = EX_IO_NONE;
    socket->is_read = socket->is_written = false;
    set_methods(state, "sim.connection", methods);
    lua_pushliteral(state, "");
    lua_setiuservalue(state, -2, 1);
    return socket;
}

static uint16_t check_port(lua_State *state, int index) {
    const lua_Integer port = luaL_checkinteger(state, index);

    luaL_argcheck(state, port >= 1 && port <= UINT16_MAX, index, "a port is from 1 to 65535");
    return (uint16_t)port;
}

/* Stack: …, the dial, the connection. */
static int go_on_connect(lua_State *state, int status, lua_KContext context) {
    const int64_t value = lua_run_value(state);

    (void)status;
    (void)context;
    if (value < 0) {
        return push_failure(state, value);
    }
    ((struct lua_socket *)lua_touserdata(state, 2))->io =
        ((const struct dial *)lua_touserdata(state, 1))->io;
    lua_settop(state, 2);
    return 1;
}

int lua_socket_connect(lua_State *state) {
    const uint32_t number = lua_register_number(state, 1);
    const uint16_t port = check_port(state, 2);
    char host[32];
    struct ex_address address;

    lua_run_wait(state, "connect");
    lua_settop(state, 0);
    struct dial *const dial = lua_newuserdatauv(state, sizeof *dial, 0);
    push_connection(state);
    snprintf(host, sizeof host, "10.0.%u.%u", number / 256, number % 256);
    ex_address_ip(&address, host, port);
    dial->io = EX_IO_NONE;
    return lua_run_await(state, ex_socket_dial(&dial->dial, &dial->io, &address), go_on_connect);
}

/* ---- listening ---- */

struct listener {
    struct ex_io io;
    struct ex_io accepted;
    bool is_read;
};

static struct listener *check_listener(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.listener");
}

static int go_on_accept(lua_State *state, int status, lua_KContext context) {
    struct listener *const listener = check_listener(state);

    (void)status;
    (void)context;
    listener->is_read = false;
    const int64_t value = lua_run_value(state);
    if (value < 0) {
        return push_failure(state, value);
    }
    push_connection(state)->io = listener->accepted;
    return 1;
}

static int accept_connection(lua_State *state) {
    struct listener *const listener = check_listener(state);
    struct lua_run *const run = lua_run_wait(state, "accept");

    if (listener->is_read) {
        return luaL_error(state, "`accept`: another task waits for this listener; one may");
    }
    listener->is_read = true;
    return lua_run_await(
        state,
        ex_socket_accept(&run->await.accept, listener->io, &listener->accepted, NULL),
        go_on_accept);
}

static int close_listener(lua_State *state) {
    ex_io_close(check_listener(state)->io);
    return 0;
}

int lua_socket_listen(lua_State *state) {
    static const luaL_Reg methods[] = {{"accept", accept_connection},
                                       {"close", close_listener},
                                       {NULL, NULL}};
    const struct lua_run_node *const node = lua_core_of(state)->context;
    const uint16_t port = check_port(state, 1);
    struct ex_address address;

    struct listener *const listener = lua_newuserdatauv(state, sizeof *listener, 0);
    listener->is_read = false;
    set_methods(state, "sim.listener", methods);
    ex_address_ip(&address, "0.0.0.0", port);
    const int status = ex_socket_listen(&listener->io, node->scheduler, &address, 0);
    return status < 0 ? push_failure(state, status) : 1;
}
