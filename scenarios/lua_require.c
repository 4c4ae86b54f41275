#include "scenarios/lua_require.h"

#include <assert.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_source.h"

enum { NAME_SIZE_MAX = 30 }; /* with ".lua" it is shown whole */

static const char loaded_key; /* in the registry: what each file has returned, by name */

void lua_require_open(lua_State *state) {
    lua_newtable(state);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &loaded_key);
}

int lua_require_compile(lua_State *state, const struct lua_source *source) {
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *text = source->text;
    size_t size = source->size;

    assert(text != NULL);
    if (size > 0 && text[0] == LUA_SIGNATURE[0]) {
        lua_pushfstring(state,
                        "%s:1: this is compiled code; a scenario file is text",
                        source->chunk_name + 1);
        return LUA_ERRSYNTAX;
    }
    if (size >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        size -= 3;
    }
    return luaL_loadbufferx(state, text, size, source->chunk_name, "t");
}

/* Memory that ends while a text is compiled ends the run, as elsewhere. */
static void let_through(lua_State *state, int status) {
    char text[LUA_CORE_TEXT_SIZE];

    if (status == LUA_ERRMEM) {
        lua_core_exhaust_memory(lua_core_of(state), text);
        luaL_error(state, "%s", text);
    }
}

/* ---- require ---- */

static void check_name(lua_State *state, const char *name, size_t size) {
    if (size == 0 || size > NAME_SIZE_MAX) {
        luaL_error(state, "require: a name has 1 to %d letters", NAME_SIZE_MAX);
    }
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-')) {
            luaL_error(
                state,
                "require: a name is made of letters, digits, _ and -: a file beside this one, "
                "without .lua");
        }
    }
}

/* "a.lua -> b.lua -> a.lua", from the one that comes again. */
static void refuse_cycle(lua_State *state, const char *name) {
    const struct lua_core *const core = lua_core_of(state);
    const char *const file = lua_pushfstring(state, "%s.lua", name);

    for (int i = 0; i < core->chain_count; i++) {
        if (strcmp(core->chain[i]->chunk_name + 1, file) != 0) {
            continue;
        }
        luaL_Buffer chain;
        luaL_buffinit(state, &chain);
        for (; i < core->chain_count; i++) {
            luaL_addstring(&chain, core->chain[i]->chunk_name + 1);
            luaL_addstring(&chain, " -> ");
        }
        luaL_addstring(&chain, file);
        luaL_pushresult(&chain);
        luaL_error(state, "require: a cycle: %s", lua_tostring(state, -1));
    }
    if (core->chain_count == LUA_CORE_CHAIN_MAX) {
        luaL_error(state, "require: more than %d files require one another", LUA_CORE_CHAIN_MAX);
    }
    lua_pop(state, 1);
}

static const struct lua_source *read_beside(lua_State *state, const char *name) {
    struct lua_core *const core = lua_core_of(state);
    char path[LUA_CORE_FOLDER_SIZE + NAME_SIZE_MAX + 8];
    const char *why = NULL;

    snprintf(path, sizeof path, "%s/%s.lua", core->folder, name);
    const struct lua_source *const source = lua_core_read(core, path, true, &why);
    if (source == NULL) {
        luaL_error(state, "require: `%s.lua` beside this file: %s", name, why);
    }
    return source;
}

int lua_require_file(lua_State *state) {
    struct lua_core *const core = lua_core_of(state);
    size_t size;
    const char *const name = luaL_checklstring(state, 1, &size);

    check_name(state, name, size);
    lua_settop(state, 1);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &loaded_key);
    lua_pushvalue(state, 1);
    if (lua_rawget(state, 2) != LUA_TNIL) {
        return 1;
    }
    refuse_cycle(state, name);
    const struct lua_source *const source = read_beside(state, name);
    lua_core_charge(state, source->size); /* to compile a byte is as dear as an instruction */
    const int status = lua_require_compile(state, source);
    let_through(state, status);
    if (status != LUA_OK) {
        return lua_error(state);
    }
    core->chain[core->chain_count++] = source; /* whoever catches an error takes it off again */
    lua_pushvalue(state, 1);
    lua_call(state, 1, 1);
    core->chain_count--;
    if (lua_isnil(state, -1)) {
        lua_pop(state, 1);
        lua_pushboolean(state, true);
    }
    lua_pushvalue(state, 1);
    lua_pushvalue(state, -2);
    lua_rawset(state, 2);
    return 1;
}

/* ---- load ---- */

/* Replaces the function at 1 by all that it gives until nil or "". Unlike Lua's own this does not
 * catch its errors. */
static void gather(lua_State *state) {
    lua_newtable(state);
    const int pieces = lua_gettop(state);
    lua_Integer count = 0;
    luaL_Buffer text;

    for (;;) {
        lua_pushvalue(state, 1);
        lua_call(state, 0, 1);
        if (lua_isnil(state, -1) ||
            (lua_type(state, -1) == LUA_TSTRING && lua_rawlen(state, -1) == 0)) {
            break;
        }
        if (lua_type(state, -1) != LUA_TSTRING) {
            luaL_error(state, "the function given to load must return text");
        }
        lua_rawseti(state, pieces, ++count);
    }
    luaL_buffinit(state, &text);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(state, pieces, i);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
    lua_replace(state, 1);
}

/* Which name messages show: "load" if none is given. */
static const char *chunk_name(lua_State *state) {
    const char *const given = luaL_optstring(state, 2, "load");
    char name[LUA_SOURCE_NAME_SIZE];
    size_t size = 0;

    for (const char *from = given + strspn(given, "@="); *from != '\0'; from++) {
        if (size < LUA_SOURCE_NAME_SIZE - 2) {
            name[size++] = *from >= 0 && *from < ' ' ? '?' : *from;
        }
    }
    name[size] = '\0';
    struct lua_core *const core = lua_core_of(state);
    const bool kept = size > 0 && core->chunk_count < LUA_CORE_CHUNKS_MAX;
    core->chunk_count += kept;
    const struct lua_source *const source = lua_source_name(&core->sources, kept ? name : "load");
    return source == NULL ? "@load" : source->chunk_name;
}

int lua_require_load(lua_State *state) {
    const char *const mode = luaL_optstring(state, 3, "t");
    const bool has_environment = !lua_isnone(state, 4);
    size_t size;

    luaL_argexpected(state,
                     lua_type(state, 1) == LUA_TSTRING || lua_isfunction(state, 1),
                     1,
                     "text or function");
    if (strchr(mode, 't') == NULL) {
        return luaL_error(state, "load: compiled code is not accepted anywhere");
    }
    lua_settop(state, 4);
    if (lua_isfunction(state, 1)) {
        gather(state);
    }
    const char *const text = lua_tolstring(state, 1, &size);
    lua_core_charge(state, size);
    int status = LUA_ERRSYNTAX;
    if (size > 0 && text[0] == LUA_SIGNATURE[0]) {
        lua_pushfstring(state, "load: compiled code is not accepted anywhere");
    } else {
        status = luaL_loadbufferx(state, text, size, chunk_name(state), "t");
    }
    let_through(state, status);
    if (status != LUA_OK) {
        lua_pushnil(state);
        lua_insert(state, -2);
        return 2;
    }
    if (has_environment) {
        lua_pushvalue(state, 4);
        if (lua_setupvalue(state, -2, 1) == NULL) {
            lua_pop(state, 1);
        }
    }
    return 1;
}
