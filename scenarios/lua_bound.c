#include "scenarios/lua_bound.h"

#include <lauxlib.h>
#include <lua.h>

#include "scenarios/lua_core.h"

static int call_own(lua_State *state) {
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
    return lua_gettop(state);
}

/* As many as from first to last, both included. */
static void charge_span(lua_State *state, lua_Integer first, lua_Integer last) {
    if (last >= first) {
        lua_core_charge(state, (lua_Unsigned)last - (lua_Unsigned)first);
    }
}

int lua_bound_rep(lua_State *state) {
    size_t size, separator_size = 0;

    luaL_checklstring(state, 1, &size);
    luaL_checkinteger(state, 2);
    luaL_optlstring(state, 3, "", &separator_size);
    if (size == 0 && separator_size == 0) {
        lua_pushliteral(state, "");
        return 1;
    }
    return call_own(state); /* it allocates the result first, and that is counted */
}

int lua_bound_concat(lua_State *state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    const lua_Integer first = luaL_optinteger(state, 3, 1);
    charge_span(state,
                first,
                lua_isnoneornil(state, 4) ? luaL_len(state, 1) : luaL_checkinteger(state, 4));
    return call_own(state);
}

int lua_bound_insert(lua_State *state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    if (lua_gettop(state) == 3) {
        charge_span(state, luaL_checkinteger(state, 2), luaL_len(state, 1));
    }
    return call_own(state);
}

int lua_bound_move(lua_State *state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    charge_span(state, luaL_checkinteger(state, 2), luaL_checkinteger(state, 3));
    return call_own(state);
}

int lua_bound_remove(lua_State *state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    if (lua_gettop(state) > 1) {
        charge_span(state, luaL_checkinteger(state, 2), luaL_len(state, 1));
    }
    return call_own(state);
}
