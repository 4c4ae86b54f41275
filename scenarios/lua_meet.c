#include "scenarios/lua_meet.h"

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_run.h"

#define CAPACITY_MAX 65536

/* Gives what is on top its methods; `type` is a name that only C sees. */
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

static enum ex_wait_kind kind_here(lua_State *state) {
    const struct lua_run_node *const node = lua_core_of(state)->context;

    return node->kind;
}

static int go_on(lua_State *state, int status, lua_KContext context) {
    (void)status;
    (void)context;
    lua_run_value(state);
    return 0;
}

/* ---- mutex ---- */

static struct ex_mutex *check_mutex(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.mutex");
}

static int mutex_lock(lua_State *state) {
    struct ex_mutex *const mutex = check_mutex(state);
    struct lua_run *const run = lua_run_wait(state, "lock");

    return lua_run_await(state, ex_mutex_lock(&run->await.lock, mutex), go_on);
}

static int mutex_try_lock(lua_State *state) {
    lua_pushboolean(state, ex_mutex_try_lock(check_mutex(state)));
    return 1;
}

static int mutex_unlock(lua_State *state) {
    struct ex_mutex *const mutex = check_mutex(state);

    if (__atomic_load_n(&mutex->state, __ATOMIC_RELAXED) == EX_MUTEX_FREE) {
        return luaL_error(state, "`unlock`: nobody holds this mutex");
    }
    ex_mutex_unlock(mutex);
    return 0;
}

int lua_meet_mutex(lua_State *state) {
    static const luaL_Reg methods[] = {{"lock", mutex_lock},
                                       {"try_lock", mutex_try_lock},
                                       {"unlock", mutex_unlock},
                                       {NULL, NULL}};

    ex_mutex_init(lua_newuserdatauv(state, sizeof(struct ex_mutex), 0), kind_here(state));
    set_methods(state, "sim.mutex", methods);
    return 1;
}

/* ---- semaphore ---- */

static struct ex_semaphore *check_semaphore(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.semaphore");
}

static uint32_t check_permits(lua_State *state, int index, lua_Integer least) {
    const lua_Integer permits = luaL_optinteger(state, index, 1);

    luaL_argcheck(state, permits >= least && permits <= INT32_MAX, index, "so many permits");
    return (uint32_t)permits;
}

static int semaphore_acquire(lua_State *state) {
    struct ex_semaphore *const semaphore = check_semaphore(state);
    const uint32_t permits = check_permits(state, 2, 1);
    struct lua_run *const run = lua_run_wait(state, "acquire");

    return lua_run_await(state,
                         ex_semaphore_acquire(&run->await.acquire, semaphore, permits),
                         go_on);
}

static int semaphore_try_acquire(lua_State *state) {
    struct ex_semaphore *const semaphore = check_semaphore(state);

    lua_pushboolean(state, ex_semaphore_try_acquire(semaphore, check_permits(state, 2, 1)));
    return 1;
}

static int semaphore_release(lua_State *state) {
    struct ex_semaphore *const semaphore = check_semaphore(state);
    const uint32_t permits = check_permits(state, 2, 1);

    if (ex_semaphore_permits(semaphore) > EX_SEMAPHORE_PERMITS_MAX - permits) {
        return luaL_error(state, "`release`: there would be too many permits");
    }
    ex_semaphore_release(semaphore, permits);
    return 0;
}

int lua_meet_semaphore(lua_State *state) {
    static const luaL_Reg methods[] = {{"acquire", semaphore_acquire},
                                       {"try_acquire", semaphore_try_acquire},
                                       {"release", semaphore_release},
                                       {NULL, NULL}};
    const uint32_t permits = check_permits(state, 1, 0);

    ex_semaphore_init(lua_newuserdatauv(state, sizeof(struct ex_semaphore), 0),
                      kind_here(state),
                      permits);
    set_methods(state, "sim.semaphore", methods);
    return 1;
}

/* ---- notify ---- */

static struct ex_notify *check_notify(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.notify");
}

static int notify_wait(lua_State *state) {
    struct ex_notify *const notify = check_notify(state);
    struct lua_run *const run = lua_run_wait(state, "wait");

    return lua_run_await(state, ex_notify_wait(&run->await.notified, notify), go_on);
}

static int notify_one(lua_State *state) {
    ex_notify_one(check_notify(state));
    return 0;
}

static int notify_all(lua_State *state) {
    ex_notify_all(check_notify(state));
    return 0;
}

int lua_meet_notify(lua_State *state) {
    static const luaL_Reg methods[] = {{"wait", notify_wait},
                                       {"one", notify_one},
                                       {"all", notify_all},
                                       {NULL, NULL}};

    ex_notify_init(lua_newuserdatauv(state, sizeof(struct ex_notify), 0), kind_here(state));
    set_methods(state, "sim.notify", methods);
    return 1;
}

/* ---- channel ---- */

/* Its elements are numbers, by which the values lie in its first user value. */
struct lua_channel {
    struct ex_channel channel;
    lua_Integer number; /* of the last value that was sent */
    bool is_received;   /* a task waits for an element */
    uint64_t elements[];
};

static struct lua_channel *check_channel(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.channel");
}

/* Stack: channel, value, its number. */
static int go_on_send(lua_State *state, int status, lua_KContext context) {
    const struct lua_run *const run = lua_run_now(state);

    (void)status;
    (void)context;
    if (run != NULL && run->value != 0) { /* it was left out */
        lua_getiuservalue(state, 1, 1);
        lua_pushnil(state);
        lua_rawseti(state, -2, lua_tointeger(state, 3));
    }
    if (lua_run_value(state) == 0) {
        lua_pushboolean(state, 1);
        return 1;
    }
    lua_pushnil(state);
    lua_pushliteral(state, "closed");
    return 2;
}

static int channel_send(lua_State *state) {
    struct lua_channel *const channel = check_channel(state);
    struct lua_run *const run = lua_run_wait(state, "send");

    luaL_argcheck(state, !lua_isnoneornil(state, 2), 2, "a value, and not nil, is sent");
    lua_settop(state, 2);
    const lua_Integer number = ++channel->number;
    lua_pushinteger(state, number);
    lua_getiuservalue(state, 1, 1);
    lua_pushvalue(state, 2);
    lua_rawseti(state, -2, number);
    lua_settop(state, 3);
    run->number = (uint64_t)number;
    return lua_run_await(state,
                         ex_channel_send(&run->await.send, &channel->channel, &run->number),
                         go_on_send);
}

static int go_on_receive(lua_State *state, int status, lua_KContext context) {
    struct lua_channel *const channel = check_channel(state);
    struct lua_run *const run = lua_run_now(state);

    (void)status;
    (void)context;
    channel->is_received = false;
    if (lua_run_value(state) != 0) {
        lua_pushnil(state);
        lua_pushliteral(state, "closed");
        return 2;
    }
    const lua_Integer number = (lua_Integer)run->number;
    lua_getiuservalue(state, 1, 1);
    lua_rawgeti(state, -1, number);
    lua_pushnil(state);
    lua_rawseti(state, -3, number);
    return 1;
}

static int channel_receive(lua_State *state) {
    struct lua_channel *const channel = check_channel(state);
    struct lua_run *const run = lua_run_wait(state, "receive");

    if (channel->is_received) {
        return luaL_error(state, "`receive`: another task waits for this channel; one may");
    }
    channel->is_received = true;
    return lua_run_await(state,
                         ex_channel_recv(&run->await.receive, &channel->channel, &run->number),
                         go_on_receive);
}

static int channel_close(lua_State *state) {
    ex_channel_close(&check_channel(state)->channel);
    return 0;
}

static int channel_count(lua_State *state) {
    lua_pushinteger(state, (lua_Integer)ex_channel_count(&check_channel(state)->channel));
    return 1;
}

int lua_meet_channel(lua_State *state) {
    static const luaL_Reg methods[] = {{"send", channel_send},
                                       {"receive", channel_receive},
                                       {"close", channel_close},
                                       {"count", channel_count},
                                       {NULL, NULL}};
    const lua_Integer capacity = luaL_optinteger(state, 1, 1);

    luaL_argcheck(state, capacity >= 1 && capacity <= CAPACITY_MAX, 1, "from 1 to 65536 elements");
    const size_t size = (size_t)capacity * sizeof(uint64_t);
    struct lua_channel *const channel = lua_newuserdatauv(state, sizeof *channel + size, 1);
    channel->number = 0;
    channel->is_received = false;
    ex_channel_init_mem(&channel->channel,
                        kind_here(state),
                        sizeof(uint64_t),
                        channel->elements,
                        size);
    set_methods(state, "sim.channel", methods);
    lua_newtable(state);
    lua_setiuservalue(state, -2, 1);
    return 1;
}
