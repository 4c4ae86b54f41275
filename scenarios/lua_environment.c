#include "scenarios/lua_environment.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_spelling.h"

/* Keys in the registry, by address. */
static const char names_key, metatables_key;
/* Marks the metatable of a table of the environment's own. */
static const char own_key;

/* What plain Lua has and the sandbox has not. */
static const struct {
    const char *name, *reason;
} REMOVED[] = {
    {"_G", "a name is written as it is, and what is not there cannot be asked for"},
    {"debug", "it reaches past the sandbox"},
    {"dofile", "use require"},
    {"io", "a scenario may not read or write what is on this machine"},
    {"loadfile", "use require"},
    {"math.acos", "its last digit depends on the processor"},
    {"math.asin", "its last digit depends on the processor"},
    {"math.atan", "its last digit depends on the processor"},
    {"math.cos", "its last digit depends on the processor"},
    {"math.exp", "its last digit depends on the processor"},
    {"math.log", "its last digit depends on the processor"},
    {"math.randomseed", "chance comes from the seed of the run"},
    {"math.sin", "its last digit depends on the processor"},
    {"math.tan", "its last digit depends on the processor"},
    {"os", "a scenario may not ask the machine it is read on; time in a run is virtual"},
    {"package", "require finds only files beside this one"},
    {"string.dump", "compiled code is not accepted anywhere"},
    {"warn", "use print or error"},
};

static const char *removed_reason(const char *name) {
    for (size_t i = 0; i < sizeof REMOVED / sizeof REMOVED[0]; i++) {
        if (strcmp(REMOVED[i].name, name) == 0) {
            return REMOVED[i].reason;
        }
    }
    return NULL;
}

/* Pushes the name in the table at `index` that is nearest to `written`, of equals the bytewise
 * first, or nil. */
static void push_nearest(lua_State *state, int index, const char *written) {
    int best = LUA_SPELLING_DISTANCE_MAX + 1;

    lua_pushnil(state);
    const int nearest = lua_gettop(state);
    lua_pushnil(state);
    while (lua_next(state, index) != 0) {
        lua_pop(state, 1);
        if (lua_type(state, -1) != LUA_TSTRING) {
            continue;
        }
        const char *const known = lua_tostring(state, -1);
        const int distance = lua_spelling_distance(written, known);
        if (distance < best || (distance == best && distance <= LUA_SPELLING_DISTANCE_MAX &&
                                strcmp(known, lua_tostring(state, nearest)) < 0)) {
            best = distance;
            lua_copy(state, -1, nearest);
        }
    }
}

/* __index(table, key) of what lies lowest: the name is not there. Upvalue: "" or "math.". */
static int say_missing(lua_State *state) {
    const char *const prefix = lua_tostring(state, lua_upvalueindex(1));

    lua_settop(state, 2);
    if (lua_type(state, 2) != LUA_TSTRING) {
        return luaL_error(state, "a %s is no name of the sandbox", luaL_typename(state, 2));
    }
    const char *const written = lua_tostring(state, 2);
    const char *const name = lua_pushfstring(state, "%s%s", prefix, written);
    const char *const reason = removed_reason(name);
    if (reason != NULL) {
        return luaL_error(state, "there is no `%s` here: %s", name, reason);
    }
    push_nearest(state, 1, written);
    if (lua_isnil(state, -1)) {
        return luaL_error(state, "there is no `%s`", name);
    }
    return luaL_error(state,
                      "there is no `%s`; did you mean `%s%s`?",
                      name,
                      prefix,
                      lua_tostring(state, -1));
}

/* __newindex(table, key, value). Upvalues: the prefix, the names. */
static int say_fixed(lua_State *state) {
    const char *const prefix = lua_tostring(state, lua_upvalueindex(1));

    lua_settop(state, 2);
    if (lua_type(state, 2) != LUA_TSTRING) {
        return luaL_error(state, "this table is the sandbox's and cannot be changed");
    }
    const char *const written = lua_tostring(state, 2);
    lua_pushvalue(state, 2);
    if (lua_rawget(state, lua_upvalueindex(2)) != LUA_TNIL || prefix[0] != '\0') {
        return luaL_error(state, "`%s%s` is the sandbox's and cannot be changed", prefix, written);
    }
    push_nearest(state, lua_upvalueindex(2), written);
    if (lua_isnil(state, -1)) {
        return luaL_error(state,
                          "there is no global `%s` to set; write `local %s = …`",
                          written,
                          written);
    }
    return luaL_error(state,
                      "there is no global `%s` to set; write `local %s = …`, or did you mean `%s`?",
                      written,
                      written,
                      lua_tostring(state, -1));
}

/* Replaces the table on top, which holds the names with this prefix, by an
 * empty one that shows it. */
static void protect(lua_State *state, const char *prefix) {
    const int names = lua_gettop(state);

    lua_createtable(state, 0, 1);
    lua_pushstring(state, prefix);
    lua_pushcclosure(state, say_missing, 1);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, names);

    lua_newtable(state);
    lua_createtable(state, 0, 4);
    lua_pushvalue(state, names);
    lua_setfield(state, -2, "__index");
    lua_pushstring(state, prefix);
    lua_pushvalue(state, names);
    lua_pushcclosure(state, say_fixed, 2);
    lua_setfield(state, -2, "__newindex");
    lua_pushboolean(state, false);
    lua_setfield(state, -2, "__metatable");
    lua_pushboolean(state, true);
    lua_rawsetp(state, -2, &own_key);
    lua_setmetatable(state, -2);
    lua_replace(state, names);
}

static bool is_own(lua_State *state, int index) {
    if (lua_getmetatable(state, index) == 0) {
        return false;
    }
    const bool own = lua_rawgetp(state, -1, &own_key) != LUA_TNIL;
    lua_pop(state, 2);
    return own;
}

void lua_environment_refuse(lua_State *state, int index) {
    if (is_own(state, index)) {
        luaL_error(state, "this table is the sandbox's; it can only be asked for a name");
    }
}

/* setmetatable(table, metatable) and rawset(table, key, value): upvalue: Lua's own. */

static int set_metatable(lua_State *state) {
    struct lua_core *const core = lua_core_of(state);

    luaL_checktype(state, 1, LUA_TTABLE);
    luaL_argexpected(state,
                     lua_type(state, 2) == LUA_TTABLE || lua_isnil(state, 2),
                     2,
                     "nil or table");
    lua_settop(state, 2);
    if (lua_istable(state, 2)) {
        lua_pushliteral(state, "__gc");
        if (lua_rawget(state, 2) != LUA_TNIL) {
            return luaL_error(state, "not deterministic: a finalizer (`__gc`) runs at any time");
        }
        lua_pushliteral(state, "__mode");
        if (lua_rawget(state, 2) != LUA_TNIL) {
            return luaL_error(state,
                              "not deterministic: a weak table (`__mode`) forgets at any time");
        }
        lua_rawgetp(state, LUA_REGISTRYINDEX, &metatables_key);
        lua_pushvalue(state, 2);
        if (lua_rawget(state, -2) == LUA_TNIL) {
            char number[24];
            snprintf(number,
                     sizeof number,
                     "%020llu ",
                     (unsigned long long)core->metatable_count++);
            lua_pushvalue(state, 2);
            lua_pushstring(state, number);
            lua_core_push_place(state);
            lua_concat(state, 2);
            lua_rawset(state, -4);
        }
    }
    lua_settop(state, 2);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, 2, 1);
    return 1;
}

static int raw_set(lua_State *state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_environment_refuse(state, 1);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, 1);
    return 1;
}

void lua_environment_verify(lua_State *state) {
    lua_rawgetp(state, LUA_REGISTRYINDEX, &metatables_key);
    const int metatables = lua_gettop(state);
    lua_pushnil(state);
    const int first = lua_gettop(state);
    lua_pushnil(state);
    while (lua_next(state, metatables) != 0) {
        lua_pushliteral(state, "__mode");
        if (lua_rawget(state, -3) != LUA_TNIL &&
            (lua_isnil(state, first) ||
             strcmp(lua_tostring(state, -2), lua_tostring(state, first)) < 0)) {
            lua_copy(state, -2, first);
        }
        lua_pop(state, 2);
    }
    if (!lua_isnil(state, first)) {
        lua_pushfstring(state,
                        "%snot deterministic: this metatable made a table weak later (`__mode`)",
                        strchr(lua_tostring(state, first), ' ') + 1);
        lua_error(state);
    }
    lua_settop(state, metatables - 1);
}

static int collect_garbage(lua_State *state) {
    static const char *const options[] = {"collect", NULL};

    luaL_checkoption(state, 1, "collect", options);
    lua_pushinteger(state, 0); /* what it would free, and when, decides nothing */
    return 1;
}

/* Pushes a copy of one of Lua's libraries, without what is removed. */
static void take_library(lua_State *state, const char *name, lua_CFunction open) {
    luaL_requiref(state, name, open, 0);
    const int from = lua_gettop(state);
    lua_newtable(state);
    lua_pushnil(state);
    while (lua_next(state, from) != 0) {
        const char *const function = lua_tostring(state, -2);
        const bool global = strcmp(name, LUA_GNAME) == 0;
        const char *const full =
            global ? function : lua_pushfstring(state, "%s.%s", name, function);
        const bool removed = removed_reason(full) != NULL;
        if (!global) {
            lua_pop(state, 1);
        }
        if (removed) {
            lua_pop(state, 1);
            continue;
        }
        lua_pushvalue(state, -2);
        lua_insert(state, -2);
        lua_rawset(state, from + 1);
    }
    lua_remove(state, from);
}

/* "ab":upper() finds the library by the metatable that all strings have. */
static void lock_strings(lua_State *state) {
    lua_pushliteral(state, "");
    lua_getmetatable(state, -1);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &names_key);
    lua_getfield(state, -1, "string");
    lua_setfield(state, -3, "__index");
    lua_pop(state, 1);
    lua_pushboolean(state, false);
    lua_setfield(state, -2, "__metatable");
    lua_pop(state, 2);
}

void lua_environment_open(lua_State *state) {
    static const luaL_Reg libraries[] = {
        {LUA_STRLIBNAME, luaopen_string},
        {LUA_TABLIBNAME, luaopen_table},
        {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},
        {LUA_COLIBNAME, luaopen_coroutine},
    };

    lua_newtable(state);
    lua_createtable(state, 0, 1);
    lua_pushliteral(state, "k");
    lua_setfield(state, -2, "__mode"); /* a metatable that is gone harms no more */
    lua_setmetatable(state, -2);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &metatables_key);

    take_library(state, LUA_GNAME, luaopen_base);
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        char prefix[16];
        take_library(state, libraries[i].name, libraries[i].func);
        snprintf(prefix, sizeof prefix, "%s.", libraries[i].name);
        protect(state, prefix);
        lua_setfield(state, -2, libraries[i].name);
    }
    lua_pushvalue(state, -1);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &names_key);
    protect(state, "");
    lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lock_strings(state);

    lua_environment_wrap(state, "setmetatable", set_metatable);
    lua_environment_wrap(state, "rawset", raw_set);
    lua_pushcfunction(state, collect_garbage);
    lua_environment_define(state, "collectgarbage");
}

/* Pushes the library's own table, which a new name may have made. */
static void push_library(lua_State *state, const char *library, const char *prefix) {
    lua_rawgetp(state, LUA_REGISTRYINDEX, &names_key);
    const int names = lua_gettop(state);
    lua_pushstring(state, library);
    if (lua_rawget(state, names) == LUA_TNIL) {
        lua_pop(state, 1);
        lua_newtable(state);
        protect(state, prefix);
        lua_pushstring(state, library);
        lua_pushvalue(state, -2);
        lua_rawset(state, names);
    }
    if (!is_own(state, -1)) {
        luaL_error(state, "`%s` is no library", library);
    }
    lua_getmetatable(state, -1);
    lua_getfield(state, -1, "__index");
    lua_replace(state, names);
    lua_settop(state, names);
}

void lua_environment_define(lua_State *state, const char *name) {
    const char *const dot = strchr(name, '.');

    if (dot == NULL) {
        lua_rawgetp(state, LUA_REGISTRYINDEX, &names_key);
        lua_pushstring(state, name);
    } else {
        lua_pushlstring(state, name, (size_t)(dot - name));
        lua_pushlstring(state, name, (size_t)(dot - name) + 1);
        push_library(state, lua_tostring(state, -2), lua_tostring(state, -1));
        lua_replace(state, -3);
        lua_pop(state, 1);
        lua_pushstring(state, dot + 1);
    }
    lua_rotate(state, -3, 2); /* value table name → table name value */
    lua_rawset(state, -3);
    lua_pop(state, 1);
}

void lua_environment_wrap(lua_State *state, const char *name, lua_CFunction function) {
    const char *const dot = strchr(name, '.');

    lua_rawgeti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    if (dot == NULL) {
        lua_getfield(state, -1, name);
    } else {
        lua_pushlstring(state, name, (size_t)(dot - name));
        lua_gettable(state, -2);
        lua_getfield(state, -1, dot + 1);
        lua_remove(state, -2);
    }
    lua_remove(state, -2);
    lua_pushcclosure(state, function, 1);
    lua_environment_define(state, name);
}
