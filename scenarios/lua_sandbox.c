#include "scenarios/lua_sandbox.h"

#include <assert.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/lua_bound.h"
#include "scenarios/lua_catch.h"
#include "scenarios/lua_chance.h"
#include "scenarios/lua_complaint.h"
#include "scenarios/lua_core.h"
#include "scenarios/lua_environment.h"
#include "scenarios/lua_name.h"
#include "scenarios/lua_order.h"
#include "scenarios/lua_pattern.h"
#include "scenarios/lua_require.h"
#include "scenarios/lua_sort.h"
#include "scenarios/lua_source.h"

struct lua_sandbox {
    struct lua_core core;
    lua_State
        *state; /* runs nothing itself: each file is a coroutine, whose stack an error leaves */
};

/* In place of Lua's own functions. */
static const luaL_Reg OURS[] = {
    {"coroutine.create", lua_catch_create},
    {"coroutine.resume", lua_catch_resume},
    {"coroutine.running", lua_catch_running},
    {"coroutine.wrap", lua_catch_wrap},
    {"coroutine.yield", lua_catch_yield},
    {"load", lua_require_load},
    {"math.random", lua_chance_random},
    {"next", lua_order_next},
    {"pairs", lua_order_pairs},
    {"pcall", lua_catch_pcall},
    {"print", lua_name_print},
    {"require", lua_require_file},
    {"string.find", lua_pattern_find},
    {"string.gmatch", lua_pattern_gmatch},
    {"string.gsub", lua_pattern_gsub},
    {"string.match", lua_pattern_match},
    {"table.sort", lua_sort_table},
    {"tostring", lua_name_tostring},
    {"xpcall", lua_catch_xpcall},
};

/* In front of them. */
static const luaL_Reg AROUND[] = {
    {"coroutine.close", lua_catch_close},
    {"string.format", lua_name_format},
    {"string.rep", lua_bound_rep},
    {"table.concat", lua_bound_concat},
    {"table.insert", lua_bound_insert},
    {"table.move", lua_bound_move},
    {"table.remove", lua_bound_remove},
};

static int open_all(lua_State *state) {
    lua_name_open(state);
    lua_require_open(state);
    lua_environment_open(state);
    for (size_t i = 0; i < sizeof OURS / sizeof OURS[0]; i++) {
        lua_pushcfunction(state, OURS[i].func);
        lua_environment_define(state, OURS[i].name);
    }
    for (size_t i = 0; i < sizeof AROUND / sizeof AROUND[0]; i++) {
        lua_environment_wrap(state, AROUND[i].name, AROUND[i].func);
    }
    return 0;
}

struct lua_sandbox *lua_sandbox_open(const struct lua_sandbox_options *options) {
    static const struct lua_sandbox_options none;
    struct lua_sandbox *const sandbox = calloc(1, sizeof *sandbox);

    if (sandbox == NULL) {
        return NULL;
    }
    struct lua_core *const core = &sandbox->core;
    options = options == NULL ? &none : options;
    core->bytes_max =
        options->memory_bytes_max == 0 ? LUA_SANDBOX_MEMORY_BYTES : options->memory_bytes_max;
    core->bytes_allowed = core->bytes_max;
    core->instructions_max =
        options->instructions_max == 0 ? LUA_SANDBOX_INSTRUCTIONS : options->instructions_max;
    core->random = options->random;
    core->print = options->print;
    core->context = options->context;
    core->texts = options->texts;
    if (options->folder != NULL) {
        core->folder_given = true;
        snprintf(core->folder, sizeof core->folder, "%s", options->folder);
    }
    sandbox->state = lua_newstate(lua_core_allocate, core);
    if (sandbox->state == NULL) {
        free(sandbox);
        return NULL;
    }
    memcpy(lua_getextraspace(sandbox->state), &core, sizeof core);
    lua_core_count(sandbox->state);
    lua_pushcfunction(sandbox->state, open_all);
    if (lua_pcall(sandbox->state, 0, 0, 0) != LUA_OK) {
        lua_sandbox_close(sandbox);
        return NULL;
    }
    return sandbox;
}

void lua_sandbox_close(struct lua_sandbox *sandbox) {
    if (sandbox == NULL) {
        return;
    }
    lua_close(sandbox->state);
    assert(sandbox->core.bytes == 0);
    lua_source_free(sandbox->core.sources);
    free(sandbox);
}

/* ---- define ---- */

struct definition {
    const char *name;
    lua_CFunction function;
    void *context;
};

static int define(lua_State *state) {
    const struct definition *const definition = lua_touserdata(state, 1);

    lua_pushlightuserdata(state, definition->context);
    lua_pushcclosure(state, definition->function, 1);
    lua_environment_define(state, definition->name);
    return 0;
}

bool lua_sandbox_define(struct lua_sandbox *sandbox,
                        const char *name,
                        int (*function)(struct lua_State *state),
                        void *context) {
    struct definition definition = {name, function, context};

    assert(name != NULL && function != NULL);
    lua_pushcfunction(sandbox->state, define);
    lua_pushlightuserdata(sandbox->state, &definition);
    if (lua_pcall(sandbox->state, 1, 0, 0) != LUA_OK) {
        lua_pop(sandbox->state, 1);
        return false;
    }
    return true;
}

void *lua_sandbox_context(lua_State *state) {
    return lua_touserdata(state, lua_upvalueindex(1));
}

/* ---- run ---- */

/* Between the coroutine and the file: nothing yields through a call without a continuation. */
static int call_file(lua_State *state) {
    lua_call(state, 0, 0);
    return 0;
}

/* A coroutine that is ready to run the file, and Lua's status; or what is wrong, and that. */
static int prepare(lua_State *state) {
    const struct lua_source *const source = lua_touserdata(state, 1);
    lua_State *const thread = lua_newthread(state);
    const int status = lua_require_compile(state, source);

    if (status == LUA_OK) {
        lua_pushcfunction(thread, call_file);
        lua_xmove(state, thread, 1);
    }
    lua_pushinteger(state, status);
    return 2;
}

static int verify(lua_State *state) {
    lua_environment_verify(state);
    return 0;
}

static int complain(lua_State *state) {
    const struct lua_complaint *const complaint = lua_touserdata(state, 1);

    lua_complaint_write(state, complaint);
    return 0;
}

/* Lua's status; if it is not LUA_OK, with an error on the stack, and in `ran`
 * whose stack it left. */
static int try_to_run(lua_State *state, struct lua_source *source, lua_State **ran) {
    int result_count;

    lua_pushcfunction(state, prepare);
    lua_pushlightuserdata(state, source);
    int status = lua_pcall(state, 1, 2, 0);
    if (status != LUA_OK) {
        return status;
    }
    status = (int)lua_tointeger(state, -1);
    lua_pop(state, 1);
    if (status != LUA_OK) {
        return status;
    }
    lua_State *const thread = lua_tothread(state, -1);
    lua_core_of(state)->thread = thread;
    status = lua_resume(thread, NULL, 1, &result_count);
    assert(status != LUA_YIELD);
    if (status != LUA_OK) {
        *ran = thread;
        lua_xmove(thread, state, 1);
        return status;
    }
    lua_pushcfunction(state, verify);
    return lua_pcall(state, 0, 0, 0);
}

/* The error is on top of the stack, and stays there. */
static void explain(struct lua_sandbox *sandbox, struct lua_complaint *complaint) {
    lua_State *const state = sandbox->state;

    complaint->text[0] = '\0';
    sandbox->core.bytes_max = sandbox->core.bytes_allowed + LUA_CORE_RESERVE;
    lua_pushcfunction(state, complain);
    lua_pushlightuserdata(state, complaint);
    lua_pushvalue(state, -3);
    if (lua_pcall(state, 2, 0, 0) != LUA_OK) {
        snprintf(complaint->text,
                 complaint->size,
                 "%s:1: not enough memory",
                 complaint->main->chunk_name + 1);
    }
}

static bool
run(struct lua_sandbox *sandbox, struct lua_source *source, char *error, size_t error_size) {
    struct lua_complaint complaint = {.main = source, .text = error, .size = error_size};

    complaint.status = try_to_run(sandbox->state, source, &complaint.thread);
    if (complaint.status != LUA_OK && error_size != 0) {
        explain(sandbox, &complaint);
    }
    return complaint.status == LUA_OK;
}

static void set_folder(struct lua_core *core, const char *path) {
    const char *const slash = strrchr(path, '/');

    if (slash == NULL) {
        snprintf(core->folder, sizeof core->folder, ".");
    } else {
        const int size = slash == path ? 1 : (int)(slash - path);
        snprintf(core->folder, sizeof core->folder, "%.*s", size, path);
    }
}

bool lua_sandbox_run(struct lua_sandbox *sandbox,
                     const char *path,
                     char *error,
                     size_t error_size) {
    struct lua_core *const core = &sandbox->core;
    const char *why = "its path is too long";
    struct lua_source *source = NULL;

    core->instructions = 0;
    core->exhausted = false;
    lua_gc(sandbox->state, LUA_GCCOLLECT);
    core->bytes_max = core->bytes > core->bytes_allowed ? core->bytes : core->bytes_allowed;
    if (!core->folder_given) {
        set_folder(core, path);
    }
    if (strlen(path) < LUA_CORE_FOLDER_SIZE) {
        source = lua_core_read(core, path, false, &why);
    }
    if (source == NULL) {
        snprintf(error, error_size, "%s: %s", path, why);
        return false;
    }
    core->chain[0] = source;
    core->chain_count = 1;
    const bool clean = run(sandbox, source, error, error_size);
    lua_settop(sandbox->state, 0);
    return clean;
}

/* ---- what others do with it ---- */

struct lua_source *lua_sandbox_take_texts(struct lua_sandbox *sandbox) {
    struct lua_source *const texts = sandbox->core.sources;

    sandbox->core.sources = NULL;
    return texts;
}

lua_State *lua_sandbox_state(struct lua_sandbox *sandbox) {
    return sandbox->state;
}

void lua_sandbox_complain(struct lua_sandbox *sandbox,
                          lua_State *coroutine,
                          int status,
                          char *error,
                          size_t error_size) {
    struct lua_complaint complaint = {.thread = coroutine,
                                      .main = sandbox->core.chain[0],
                                      .status = status,
                                      .text = error,
                                      .size = error_size};

    assert(status != LUA_OK && complaint.main != NULL && error_size > 0);
    lua_xmove(coroutine, sandbox->state, 1);
    explain(sandbox, &complaint);
    lua_pop(sandbox->state, 1);
}
