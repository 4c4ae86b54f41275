#include "scenarios/lua_clock.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "scenarios/lua_fault.h"
#include "scenarios/lua_quantity.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"

/* "40ppm", "±40ppm", or { "-10ppm", "40ppm" }: on top of the stack. */
static void
read_range(struct lua_State *state, enum lua_quantity kind, const char *what, int64_t range[2]) {
    if (!lua_istable(state, -1)) {
        lua_quantity_range(state, -1, kind, what, range);
        return;
    }
    for (int i = 0; i < 2; i++) {
        lua_geti(state, -1 - i, i + 1);
        range[i] = lua_quantity_signed(state, -1, kind, what);
    }
    if (range[0] > range[1]) {
        luaL_error(state, "the least `%s` exceeds the greatest", what);
    }
}

void lua_clock_read(struct lua_State *state, struct sim_world *world, uint32_t node) {
    static const char *const known[] = {"drift", "offset", "tick", NULL};
    const int index = lua_absindex(state, -1);
    int64_t range[2];
    if (!lua_istable(state, index)) {
        luaL_error(state,
                   "`clock` is a table: { drift = \"40ppm\", offset = \"2s\", tick = \"4ms\" }");
    }
    lua_thing_options(state, index, "a clock", known);
    if (lua_thing_option(state, index, "drift")) {
        read_range(state, LUA_QUANTITY_PART, "drift", range);
        const bool known_size = range[0] >= INT32_MIN && range[1] <= INT32_MAX;
        if (!known_size) {
            luaL_error(state, "`drift` is more than half");
        }
        sim_clock_drift(world, node, (int32_t)range[0], (int32_t)range[1]);
    }
    if (lua_thing_option(state, index, "offset")) {
        read_range(state, LUA_QUANTITY_TIME, "offset", range);
        sim_clock_offset(world, node, range[0], range[1]);
    }
    if (lua_thing_option(state, index, "tick")) {
        sim_clock_tick(world, node, lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "tick"));
    }
    lua_settop(state, index);
    lua_thing_refused(state, world);
}

int lua_clock_jump(struct lua_State *state) {
    static const char *const known[] = {"at", "when", "between", "by", NULL};
    const uint32_t node = lua_thing_node(state, 1, "the node of a jump");
    lua_thing_options(state, 2, "a jump", known);
    lua_settop(state, 2);
    if (!lua_istable(state, 2) || !lua_thing_option(state, 2, "by")) {
        return luaL_error(state, "a jump goes `by` a time, like \"10s\" or \"-10s\"");
    }
    const int64_t by_ns = lua_quantity_signed(state, -1, LUA_QUANTITY_TIME, "by");
    const struct lua_fault_when when = lua_fault_when(state, 2, "a jump");
    sim_jump(lua_sandbox_context(state), node, when.at_ns, by_ns);
    lua_fault_comes(state, &when, 0);
    return 0;
}
