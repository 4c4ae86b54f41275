#include "scenarios/lua_link.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "scenarios/lua_quantity.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"
#include "sim/reader.h"

#define OPTIONS 3        /* where they stand on the stack */
#define LEAST_NS 100000u /* as without a link */
#define GREATEST_NS 1000000u

static uint64_t time_at(struct lua_State *state, int list, lua_Integer index) {
    lua_geti(state, list, index);
    const uint64_t time_ns = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "latency");
    lua_pop(state, 1);
    return time_ns;
}

/* Two times of a list from this index on, or one for both. */
static void
read_times(struct lua_State *state, int list, lua_Integer index, uint64_t *least, uint64_t *most) {
    const lua_Integer count = luaL_len(state, list) - index + 1;
    if (count < 1 || count > 2) {
        luaL_error(state, "a `latency` is a time, or the least and the greatest");
    }
    *least = time_at(state, list, index);
    *most = time_at(state, list, index + count - 1);
    if (*least > *most) {
        luaL_error(state, "the least `latency` exceeds the greatest");
    }
}

static uint32_t read_part(struct lua_State *state, int index, const char *name) {
    const uint64_t ppm = lua_quantity_read(state, index, LUA_QUANTITY_PART, name);
    if (ppm > 1000000) {
        luaL_error(state, "`%s` is more than all", name);
    }
    return (uint32_t)ppm;
}

static uint32_t part_option(struct lua_State *state, const char *name) {
    return lua_thing_option(state, OPTIONS, name) ? read_part(state, -1, name) : 0;
}

/* The option is a list of lists. */
static bool is_table(struct lua_State *state) {
    const bool is_list = lua_istable(state, -1) && lua_geti(state, -1, 1) == LUA_TTABLE;
    lua_thing_option(state, OPTIONS, "latency");
    return is_list;
}

static void add_rows(struct lua_State *state, struct sim_world *world) {
    const int list = lua_gettop(state);
    const lua_Integer count = luaL_len(state, list);
    for (lua_Integer i = 1; i <= count; i++) {
        uint64_t least;
        uint64_t most;
        if (lua_geti(state, list, i) != LUA_TTABLE || lua_geti(state, -1, 1) == LUA_TNIL) {
            luaL_error(state, "a row of `latency` is { \"10%%\", \"1ms\", \"9ms\" }");
        }
        const uint32_t weight = read_part(state, -1, "latency");
        lua_pop(state, 1);
        read_times(state, list + 1, 2, &least, &most);
        sim_link_latency(world, weight, least, most);
        lua_thing_refused(state, world);
        lua_pop(state, 1);
    }
}

int lua_link(struct lua_State *state) {
    static const char *const known[] =
        {"latency", "loss", "duplicate", "bandwidth", "queue", "one_way", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    const uint32_t from = lua_thing_node(state, 1, "the first node of a link");
    const uint32_t to = lua_thing_node(state, 2, "the second node of a link");
    uint64_t least = LEAST_NS;
    uint64_t most = GREATEST_NS;
    lua_thing_options(state, OPTIONS, "a link", known);
    const bool one_way = lua_thing_flag(state, OPTIONS, "one_way");
    const bool said = lua_thing_option(state, OPTIONS, "latency");
    const bool rows = said && is_table(state);
    if (said && !rows && lua_istable(state, -1)) {
        read_times(state, lua_gettop(state), 1, &least, &most);
    } else if (said && !rows) {
        least = most = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "latency");
    }
    (one_way ? sim_link_one_way : sim_link)(world, from, to, least, most);
    lua_thing_refused(state, world);
    if (rows && lua_thing_option(state, OPTIONS, "latency")) {
        add_rows(state, world);
    }
    sim_link_loss(world, part_option(state, "loss"), part_option(state, "duplicate"));
    if (lua_thing_option(state, OPTIONS, "bandwidth")) {
        sim_link_bandwidth(world, lua_quantity_read(state, -1, LUA_QUANTITY_BYTES, "bandwidth"));
    }
    if (lua_thing_option(state, OPTIONS, "queue")) {
        sim_link_queue(world, lua_quantity_read(state, -1, LUA_QUANTITY_BYTES, "queue"));
    }
    lua_thing_refused(state, world);
    return 0;
}
