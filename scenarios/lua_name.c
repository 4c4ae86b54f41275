#include "scenarios/lua_name.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "scenarios/lua_core.h"

static const char numbers_key; /* in the registry: number of each object that has been printed */

void lua_name_open(lua_State *state) {
    lua_newtable(state);
    lua_createtable(state, 0, 1);
    lua_pushliteral(state, "k");
    lua_setfield(state, -2, "__mode"); /* the count never goes back: what is gone leaves a hole */
    lua_setmetatable(state, -2);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &numbers_key);
}

static void push_numbered(lua_State *state, int index) {
    struct lua_core *const core = lua_core_of(state);

    const int named = luaL_getmetafield(state, index, "__name");

    if (named != LUA_TSTRING) {
        lua_pop(state, named == LUA_TNIL ? 0 : 1);
        lua_pushstring(state, luaL_typename(state, index));
    }
    lua_rawgetp(state, LUA_REGISTRYINDEX, &numbers_key);
    lua_pushvalue(state, index);
    if (lua_rawget(state, -2) == LUA_TNIL) {
        lua_pop(state, 1);
        lua_pushvalue(state, index);
        lua_pushinteger(state, (lua_Integer)++core->name_count);
        lua_rawset(state, -3);
        lua_pushinteger(state, (lua_Integer)core->name_count);
    }
    lua_pushfstring(state, "%s %I", lua_tostring(state, -3), (LUAI_UACINT)lua_tointeger(state, -1));
    lua_replace(state, -4);
    lua_pop(state, 2);
}

static void push_text(lua_State *state, int index) {
    luaL_checkstack(state, 8, "too many values");
    if (luaL_callmeta(state, index, "__tostring") != 0) {
        if (lua_isstring(state, -1) == 0) {
            luaL_error(state, "`__tostring` must return a string");
        }
        return;
    }
    switch (lua_type(state, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
        luaL_tolstring(state, index, NULL);
        break;
    default:
        push_numbered(state, index);
        break;
    }
}

int lua_name_tostring(lua_State *state) {
    luaL_checkany(state, 1);
    push_text(state, 1);
    return 1;
}

int lua_name_print(lua_State *state) {
    struct lua_core *const core = lua_core_of(state);
    const int count = lua_gettop(state);
    size_t size;

    luaL_checkstack(state, 2 * count + 1, "too many values");
    for (int i = 1; i <= count; i++) {
        lua_pushstring(state, i == 1 ? "" : "\t");
        push_text(state, i);
    }
    lua_concat(state, 2 * count);
    const char *const text = lua_tolstring(state, -1, &size);
    lua_core_charge(state, size / LUA_CORE_BYTES_PER_STEP);
    if (core->print != NULL) {
        core->print(core->context, text, size);
    }
    return 0;
}

/* Makes the argument at `index` a text that %s shows. */
static void name_argument(lua_State *state, int index, bool pointer) {
    const int type = lua_type(state, index);

    if (pointer &&
        (type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TNIL || type == LUA_TBOOLEAN)) {
        lua_pushliteral(state, "(null)"); /* a value has no identity */
    } else if (pointer) {
        luaL_checkstack(state, 8, "too many values");
        push_numbered(state, index);
    } else if (type == LUA_TNUMBER || type == LUA_TSTRING) {
        return;
    } else {
        push_text(state, index);
    }
    lua_replace(state, index);
}

int lua_name_format(lua_State *state) {
    size_t size;
    int argument = 1;
    const char *const format = luaL_checklstring(state, 1, &size);
    const int count = lua_gettop(state);
    char *const renamed = lua_newuserdatauv(state, size + 1, 0); /* with each %p as %s */

    memcpy(renamed, format, size);
    for (size_t i = 0; i < size; i++) {
        if (format[i] != '%' || format[++i] == '%') { /* behind the text there is a zero */
            continue;
        }
        i += strspn(format + i, "-+ #0123456789.");
        argument++;
        if ((format[i] == 's' || format[i] == 'p') && argument <= count) {
            name_argument(state, argument, format[i] == 'p');
            renamed[i] = 's';
        }
    }
    luaL_checkstack(state, count + 1, "too many values");
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_pushlstring(state, renamed, size);
    for (int i = 2; i <= count; i++) {
        lua_pushvalue(state, i);
    }
    lua_call(state, count, 1);
    return 1;
}
