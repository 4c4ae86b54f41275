#include "scenarios/lua_sort.h"

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>

#include "scenarios/lua_core.h"

enum {
    ALL_PAIRS_MAX = 32, /* elements of which each pair is looked at for a contradiction */
    ARRAY = 1,          /* places on Lua's stack */
    BEFORE,
    ELEMENTS,
};

static void merge(const uint32_t *from,
                  uint32_t *to,
                  size_t middle,
                  size_t end,
                  lua_sort_before *before,
                  void *context) {
    size_t left = 0, right = middle;

    for (size_t i = 0; i < end; i++) {
        /* The right one must be truly smaller: equal elements stay in order. */
        if (left < middle && (right == end || !before(context, from[right], from[left]))) {
            to[i] = from[left++];
        } else {
            to[i] = from[right++];
        }
    }
}

void lua_sort_positions(uint32_t *order,
                        uint32_t *spare,
                        uint32_t count,
                        lua_sort_before *before,
                        void *context) {
    uint32_t *from = order, *to = spare;

    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t at = 0; at < count; at += 2 * width) {
            const size_t rest = count - at;
            merge(from + at,
                  to + at,
                  width < rest ? width : rest,
                  2 * width < rest ? 2 * width : rest,
                  before,
                  context);
        }
        uint32_t *const sorted = to;
        to = from;
        from = sorted;
    }
    for (uint32_t i = 0; from != order && i < count; i++) {
        order[i] = from[i];
    }
}

static bool element_before(void *context, uint32_t a, uint32_t b) {
    lua_State *const state = context;
    bool result;

    lua_core_charge(state, 1);
    if (lua_isnil(state, BEFORE)) {
        lua_rawgeti(state, ELEMENTS, (lua_Integer)a + 1);
        lua_rawgeti(state, ELEMENTS, (lua_Integer)b + 1);
        result = lua_compare(state, -2, -1, LUA_OPLT) != 0;
        lua_pop(state, 2);
        return result;
    }
    lua_pushvalue(state, BEFORE);
    lua_rawgeti(state, ELEMENTS, (lua_Integer)a + 1);
    lua_rawgeti(state, ELEMENTS, (lua_Integer)b + 1);
    lua_call(state, 2, 1);
    result = lua_toboolean(state, -1) != 0;
    lua_pop(state, 1);
    return result;
}

/* Of what has been sorted no later element may come before an earlier one. That neighbours agree is
 * not enough: of "rock before paper before scissors before rock" each two neighbours do. */
static void refuse_contradiction(lua_State *state, const uint32_t *order, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (element_before(state, order[i], order[i])) {
            luaL_error(
                state,
                "the order function says that an element comes before itself; compare with < "
                "instead of <=");
        }
        for (uint32_t step = 1; step < count - i; step += count <= ALL_PAIRS_MAX ? 1 : step) {
            if (element_before(state, order[i + step], order[i])) {
                luaL_error(state,
                           "the order function contradicts itself: it puts neither of two elements "
                           "first");
            }
        }
    }
}

int lua_sort_table(lua_State *state) {
    luaL_checktype(state, ARRAY, LUA_TTABLE);
    if (!lua_isnoneornil(state, BEFORE)) {
        luaL_checktype(state, BEFORE, LUA_TFUNCTION);
    }
    lua_settop(state, BEFORE);
    const lua_Unsigned length = lua_rawlen(state, ARRAY);
    luaL_argcheck(state, length < INT_MAX / 2, ARRAY, "array too big");
    const uint32_t count = (uint32_t)length;
    lua_core_charge(state, count);
    lua_createtable(state, (int)count, 0);
    for (uint32_t i = 1; i <= count; i++) {
        lua_rawgeti(state, ARRAY, i);
        lua_rawseti(state, ELEMENTS, i);
    }
    uint32_t *const order = lua_newuserdatauv(state, 2 * sizeof *order * (size_t)count, 0);
    lua_sort_positions(order, order + count, count, element_before, state);
    if (!lua_isnil(state, BEFORE)) {
        refuse_contradiction(state, order, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        lua_rawgeti(state, ELEMENTS, (lua_Integer)order[i] + 1);
        lua_rawseti(state, ARRAY, (lua_Integer)i + 1);
    }
    return 0;
}
