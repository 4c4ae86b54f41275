#include "scenarios/lua_chance.h"

#include <assert.h>
#include <lauxlib.h>
#include <lua.h>

#include "scenarios/lua_core.h"

static uint64_t draw(struct lua_core *core, uint64_t bound) {
    const uint64_t value = core->random(core->context, bound);

    assert(value < bound);
    return value;
}

/* In two halves, since 2^64 is no bound that a uint64_t can hold. */
static lua_Integer draw_any(struct lua_core *core) {
    const uint64_t half = UINT64_C(1) << 32;
    const uint64_t high = draw(core, half);

    return (lua_Integer)(high * half + draw(core, half));
}

int lua_chance_random(lua_State *state) {
    struct lua_core *const core = lua_core_of(state);
    lua_Integer first = 1, last;

    if (core->random == NULL) {
        return luaL_error(state, "`math.random`: there is no chance here");
    }
    switch (lua_gettop(state)) {
    case 0:
        return luaL_error(
            state,
            "`math.random()` would be a fraction; say how many whole numbers there are, "
            "as in math.random(6)");
    case 1:
        last = luaL_checkinteger(state, 1);
        break;
    case 2:
        first = luaL_checkinteger(state, 1);
        last = luaL_checkinteger(state, 2);
        break;
    default:
        return luaL_error(state, "`math.random` takes one or two whole numbers");
    }
    if (lua_gettop(state) == 1 && last == 0) {
        lua_pushinteger(state, draw_any(core));
        return 1;
    }
    luaL_argcheck(state, first <= last, lua_gettop(state), "there is no number between");
    const uint64_t count = (uint64_t)last - (uint64_t)first + 1;
    const lua_Integer value =
        count == 0 ? draw_any(core) : (lua_Integer)((uint64_t)first + draw(core, count));
    lua_pushinteger(state, value);
    return 1;
}
