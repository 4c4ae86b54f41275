#include "scenarios/lua_world.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <string.h>

#include "scenarios/lua_clock.h"
#include "scenarios/lua_fail.h"
#include "scenarios/lua_fault.h"
#include "scenarios/lua_link.h"
#include "scenarios/lua_member.h"
#include "scenarios/lua_quantity.h"
#include "scenarios/lua_register.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"
#include "sim/reader.h"

#define ARGUMENTS_MAX 64
#define WORKERS_MAX 64

/* ---- nodes ---- */

static int module(struct lua_State *state) {
    struct sim_world *const world = lua_sandbox_context(state);
    struct lua_thing thing = {.world = world, .kind = LUA_THING_MODULE};
    thing.number = sim_module(world, luaL_checkstring(state, 1));
    lua_member_offer(state, &thing);
    return 1;
}

/* The strings of a list, which stay on the stack. */
static void read_arguments(struct lua_State *state, int index, const char **arguments) {
    const lua_Integer count = lua_isnoneornil(state, index) ? 0 : luaL_len(state, index);
    if (count >= ARGUMENTS_MAX) {
        luaL_error(state, "a node has at most %d arguments", ARGUMENTS_MAX - 1);
    }
    luaL_checkstack(state, ARGUMENTS_MAX, NULL);
    for (lua_Integer i = 0; i < count; i++) {
        const int type = lua_geti(state, index, i + 1);
        if (type != LUA_TSTRING && !lua_isinteger(state, -1)) {
            luaL_error(state, "argument %d of a node is no string", (int)i + 1);
        }
        arguments[i] = lua_tostring(state, -1);
    }
    arguments[count] = NULL;
}

/* Threads that run the tasks of a function; 0: the node's first thread does. */
static uint32_t workers_option(struct lua_State *state, bool is_function) {
    if (!lua_thing_option(state, 3, "workers")) {
        return 0;
    }
    const lua_Integer workers = luaL_checkinteger(state, -1);
    if (!is_function) {
        luaL_error(state, "`workers` are of a node whose program is a function");
    }
    if (workers < 0 || workers > WORKERS_MAX) {
        luaL_error(state, "`workers` is a number from 0 to %d", WORKERS_MAX);
    }
    return (uint32_t)workers;
}

static int node(struct lua_State *state) {
    static const char *const known[] = {"daemon", "workers", "clock", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    const char *arguments[ARGUMENTS_MAX];
    const char *const name = luaL_checkstring(state, 1);
    const struct lua_thing own = {.name = LUA_REGISTER_PROGRAM};
    const struct lua_thing *const program =
        lua_isfunction(state, 2) ? &own
                                 : lua_thing_read(state, 2, LUA_THING_PROGRAM, "what a node runs");
    lua_thing_options(state, 3, "a node", known);
    const bool is_daemon = lua_thing_flag(state, 3, "daemon");
    const uint32_t workers = workers_option(state, program == &own);
    read_arguments(state, 3, arguments);
    const struct lua_thing thing = {
        .world = world,
        .kind = LUA_THING_NODE,
        .number = sim_node_of(world, program->number, name, program->name, arguments)};
    lua_register_add(state, 1, 2, thing.number, workers);
    lua_member_offer(state, &thing);
    if (is_daemon) {
        sim_node_daemon(world, thing.number);
    }
    const int made = lua_gettop(state);
    if (lua_istable(state, 3) && lua_getfield(state, 3, "clock") != LUA_TNIL) {
        lua_clock_read(state, world, thing.number);
    }
    lua_settop(state, made);
    return 1;
}

/* ---- limits ---- */

static int limit(struct lua_State *state) {
    static const char *const known[] = {"time", "points", "heap", "stack", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    lua_thing_options(state, 1, "limit", known);
    if (lua_thing_option(state, 1, "time")) {
        sim_limit_time(world, lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "time"));
    }
    if (lua_thing_option(state, 1, "points")) {
        const lua_Integer points = luaL_checkinteger(state, -1);
        luaL_argcheck(state, points > 0, 1, "`points` is a number above 0");
        sim_limit_points(world, (uint64_t)points);
    }
    if (lua_thing_option(state, 1, "heap")) {
        sim_limit_heap(world, lua_quantity_read(state, -1, LUA_QUANTITY_BYTES, "heap"));
    }
    if (lua_thing_option(state, 1, "stack")) {
        const uint64_t bytes = lua_quantity_read(state, -1, LUA_QUANTITY_BYTES, "stack");
        sim_stack(world, bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes);
    }
    lua_thing_refused(state, world);
    return 0;
}

static int leaks(struct lua_State *state) {
    static const char *const known[] = {"allowed", "forbidden", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    const char *const how = luaL_checkstring(state, 1);
    if (strcmp(how, "allowed") == 0) {
        sim_allow_leaks(world);
    } else if (strcmp(how, "forbidden") == 0) {
        sim_forbid_leaks(world);
    } else {
        lua_thing_complain(state, "leaks", how, known);
    }
    return 0;
}

static int points(struct lua_State *state) {
    static const char *const known[] = {"calls", "atomics", "accesses", NULL};
    static const enum sim_points all[] = {SIM_CALLS, SIM_ATOMICS, SIM_ACCESSES};
    const char *const name = luaL_checkstring(state, 1);
    int i = 0;
    while (known[i] != NULL && strcmp(known[i], name) != 0) {
        i++;
    }
    if (known[i] == NULL) {
        lua_thing_complain(state, "points", name, known);
    }
    sim_points(lua_sandbox_context(state), all[i]);
    return 0;
}

static int races(struct lua_State *state) {
    static const char *const known[] = {"ignored", NULL};
    const char *const how = luaL_checkstring(state, 1);
    if (strcmp(how, known[0]) != 0) {
        lua_thing_complain(state, "races", how, known);
    }
    sim_ignore_races(lua_sandbox_context(state));
    return 0;
}

static int expect(struct lua_State *state) {
    struct sim_world *const world = lua_sandbox_context(state);
    const char *const outcome = luaL_checkstring(state, 1);
    if (strcmp(outcome, "passes") != 0 && strncmp(outcome, "fails: ", 7) != 0) {
        return luaL_error(state, "expected is \"passes\", or \"fails: \" and what is broken");
    }
    sim_expect(world, outcome);
    lua_thing_refused(state, world);
    return 0;
}

bool lua_world_define(struct lua_sandbox *sandbox, struct sim_world *world) {
    static const struct {
        const char *name;
        lua_CFunction function;
    } functions[] = {
        {"module", module},
        {"node", node},
        {"link", lua_link},
        {"partition", lua_fault_partition},
        {"clog", lua_fault_clog},
        {"refuse", lua_fault_refuse},
        {"reset", lua_fault_reset},
        {"jump", lua_clock_jump},
        {"crash", lua_fault_crash},
        {"pause", lua_fault_pause},
        {"fail", lua_fail_error},
        {"short", lua_fail_short},
        {"lookup", lua_fail_lookup},
        {"limit", limit},
        {"leaks", leaks},
        {"points", points},
        {"races", races},
        {"expect", expect},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!lua_sandbox_define(sandbox, functions[i].name, functions[i].function, world)) {
            return false;
        }
    }
    return true;
}
