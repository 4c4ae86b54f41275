#include "scenarios/lua_core.h"

#include <assert.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lua_core *lua_core_of(lua_State *state) {
    struct lua_core *core;

    memcpy(&core, lua_getextraspace(state), sizeof core);
    assert(core != NULL);
    return core;
}

static void add_instructions(struct lua_core *core, uint64_t instructions) {
    const uint64_t room = UINT64_MAX - core->instructions;

    core->instructions += instructions < room ? instructions : room;
}

void *lua_core_allocate(void *context, void *old, size_t old_size, size_t size) {
    struct lua_core *const core = context;
    const size_t was = old == NULL ? 0 : old_size; /* of a new block Lua tells the type there */

    if (size == 0) {
        free(old);
        core->bytes -= was;
        return NULL;
    }
    assert(core->bytes >= was && core->bytes <= core->bytes_max);
    if (size > was && size - was > core->bytes_max - core->bytes) {
        return NULL;
    }
    void *const block = realloc(old, size);
    if (block == NULL) {
        return NULL;
    }
    core->bytes = core->bytes - was + size;
    if (old == NULL && (old_size == LUA_TSTRING || old_size == LUA_TUSERDATA)) {
        /* Without this ("x"):rep(n) would cost the same for every n. When a table grows depends on
         * how its keys collide, which is not the same everywhere: that must not count. */
        add_instructions(core, size / LUA_CORE_BYTES_PER_STEP);
    }
    return block;
}

void lua_core_place(lua_State *state, char place[LUA_CORE_TEXT_SIZE]) {
    lua_Debug frame;

    place[0] = '\0';
    for (int level = 0; lua_getstack(state, level, &frame) != 0; level++) {
        lua_getinfo(state, "Sl", &frame);
        if (frame.currentline > 0) {
            snprintf(place, LUA_CORE_TEXT_SIZE, "%s:%d: ", frame.short_src, frame.currentline);
            return;
        }
    }
}

void lua_core_push_place(lua_State *state) {
    char place[LUA_CORE_TEXT_SIZE];

    lua_core_place(state, place);
    lua_pushlstring(state, place, strlen(place)); /* lua_pushstring has a cache by address */
}

void lua_core_exhaust_memory(struct lua_core *core, char text[LUA_CORE_TEXT_SIZE]) {
    const bool whole = core->bytes_allowed >= 1 << 20;

    core->exhausted = true;
    core->bytes_max = core->bytes_allowed + LUA_CORE_RESERVE;
    snprintf(text,
             LUA_CORE_TEXT_SIZE,
             "not enough memory: a scenario file may use %zu %s",
             whole ? core->bytes_allowed >> 20 : core->bytes_allowed,
             whole ? "MiB" : "bytes");
}

void lua_core_charge(lua_State *state, uint64_t instructions) {
    struct lua_core *const core = lua_core_of(state);

    add_instructions(core, instructions);
    if (core->instructions <= core->instructions_max) {
        return;
    }
    core->exhausted = true;
    luaL_checkstack(state, 4, NULL);
    lua_core_push_place(state);
    lua_pushfstring(state,
                    "%sthis takes more than %I instructions; does a loop never end?",
                    lua_tostring(state, -1),
                    (LUAI_UACINT)core->instructions_max);
    lua_error(state);
}

static void look(lua_State *state, lua_Debug *event) {
    (void)event;
    lua_core_charge(state, LUA_CORE_STEP);
}

void lua_core_count(lua_State *state) {
    lua_sethook(state, look, LUA_MASKCOUNT, LUA_CORE_STEP);
}

struct lua_source *
lua_core_read(struct lua_core *core, const char *path, bool beside, const char **why) {
    return core->texts != NULL ? lua_source_take(&core->sources, core->texts, path, why)
                               : lua_source_read(&core->sources, path, beside, why);
}

bool lua_core_has_place(const struct lua_core *core, const char *text) {
    int line;

    return lua_source_place(core->sources, text, &line, NULL) != NULL;
}
