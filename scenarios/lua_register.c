#include "scenarios/lua_register.h"

#include <lauxlib.h>
#include <lua.h>

#include "scenarios/lua_thing.h"

static const char nodes_key; /* in the registry */

static void push_nodes(lua_State *state) {
    if (lua_rawgetp(state, LUA_REGISTRYINDEX, &nodes_key) == LUA_TNIL) {
        lua_pop(state, 1);
        lua_newtable(state);
        lua_pushvalue(state, -1);
        lua_rawsetp(state, LUA_REGISTRYINDEX, &nodes_key);
    }
}

void lua_register_add(lua_State *state, int name, int program, uint32_t number, uint32_t workers) {
    push_nodes(state);
    lua_pushvalue(state, name);
    lua_createtable(state, LUA_REGISTER_WORKERS, 0);
    lua_pushinteger(state, number);
    lua_rawseti(state, -2, LUA_REGISTER_NUMBER);
    if (lua_isfunction(state, program)) {
        lua_pushvalue(state, program);
        lua_rawseti(state, -2, LUA_REGISTER_FUNCTION);
        lua_pushinteger(state, workers);
        lua_rawseti(state, -2, LUA_REGISTER_WORKERS);
        lua_pushvalue(state, -1);
        lua_rawseti(state, -4, number);
    }
    lua_rawset(state, -3);
    lua_pop(state, 1);
}

void lua_register_push(lua_State *state, const char *name, enum lua_register_entry entry) {
    push_nodes(state);
    if (lua_getfield(state, -1, name) == LUA_TNIL) {
        luaL_error(state, "there is no node \"%s\"", name);
    }
    lua_rawgeti(state, -1, entry);
    lua_replace(state, -3);
    lua_pop(state, 1);
}

bool lua_register_runs(lua_State *state, uint32_t number) {
    push_nodes(state);
    const bool is_function = lua_rawgeti(state, -1, number) != LUA_TNIL;
    lua_pop(state, 2);
    return is_function;
}

uint32_t lua_register_number(lua_State *state, int index) {
    if (lua_type(state, index) != LUA_TSTRING) {
        return lua_thing_read(state, index, LUA_THING_NODE, "whom it connects to")->number;
    }
    lua_register_push(state, lua_tostring(state, index), LUA_REGISTER_NUMBER);
    const uint32_t number = (uint32_t)lua_tointeger(state, -1);
    lua_pop(state, 1);
    return number;
}
