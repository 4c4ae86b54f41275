#include "scenarios/lua_catch.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "scenarios/lua_core.h"

/* The error on top of the stack, which was caught from `from`, is no longer caught here if it is
 * about a limit. */
static void let_through(lua_State *state, lua_State *from, int status) {
    struct lua_core *const core = lua_core_of(state);

    if (status == LUA_ERRMEM) {
        char place[LUA_CORE_TEXT_SIZE], text[LUA_CORE_TEXT_SIZE];
        lua_core_place(from, place);
        lua_core_exhaust_memory(core, text);
        lua_pop(state, 1);
        lua_pushfstring(state, "%s%s", place, text);
    }
    if (core->exhausted) {
        lua_error(state);
    }
}

/* ---- pcall ---- */

enum { CONTEXT_CHAIN = 8 }; /* context = chain_count * CONTEXT_CHAIN + values below the results */

static int finish(lua_State *state, int status, lua_KContext context) {
    if (status == LUA_OK || status == LUA_YIELD) {
        return lua_gettop(state) - (int)(context % CONTEXT_CHAIN);
    }
    let_through(state, state, status);
    lua_core_of(state)->chain_count = (int)(context / CONTEXT_CHAIN);
    lua_pushboolean(state, false);
    lua_insert(state, -2);
    return 2;
}

int lua_catch_pcall(lua_State *state) {
    const lua_KContext context = lua_core_of(state)->chain_count * CONTEXT_CHAIN;

    luaL_checkany(state, 1);
    lua_pushboolean(state, true);
    lua_insert(state, 1);
    const int status = lua_pcallk(state, lua_gettop(state) - 2, LUA_MULTRET, 0, context, finish);
    return finish(state, status, context);
}

/* The message handler. Upvalue: the caller's. */
static int handle_error(lua_State *state) {
    if (lua_core_of(state)->exhausted) {
        return 1;
    }
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, 1);
    return 1;
}

int lua_catch_xpcall(lua_State *state) {
    const lua_KContext context = lua_core_of(state)->chain_count * CONTEXT_CHAIN + 2;
    const int count = lua_gettop(state);

    luaL_checktype(state, 2, LUA_TFUNCTION);
    lua_pushvalue(state, 2);
    lua_pushcclosure(state, handle_error, 1);
    lua_replace(state, 2);
    lua_pushboolean(state, true);
    lua_pushvalue(state, 1);
    lua_rotate(state, 3, 2); /* function handler true function arguments … */
    const int status = lua_pcallk(state, count - 2, LUA_MULTRET, 2, context, finish);
    return finish(state, status, context);
}

/* ---- coroutines ---- */

/* Moves the arguments over and the results back: how many, or -1 with the error. */
static int resume(lua_State *state, lua_State *coroutine, int count) {
    struct lua_core *const core = lua_core_of(state);
    const int chain_count = core->chain_count;
    int result_count;

    lua_core_charge(state, 1);
    if (lua_checkstack(coroutine, count) == 0) {
        lua_pushliteral(state, "too many arguments to resume");
        return -1;
    }
    lua_xmove(state, coroutine, count);
    const int status = lua_resume(coroutine, state, count, &result_count);
    if (status == LUA_OK || status == LUA_YIELD) {
        if (lua_checkstack(state, result_count + 1) == 0) {
            lua_pop(coroutine, result_count);
            lua_pushliteral(state, "too many results to resume");
            return -1;
        }
        lua_xmove(coroutine, state, result_count);
        return result_count;
    }
    lua_xmove(coroutine, state, 1);
    let_through(state, coroutine, status);
    core->chain_count = chain_count;
    return -1;
}

/* A coroutine runs less than LUA_CORE_STEP instructions uncounted: its birth pays for them. */
int lua_catch_create(lua_State *state) {
    luaL_checktype(state, 1, LUA_TFUNCTION);
    lua_core_charge(state, LUA_CORE_STEP);
    lua_State *const coroutine = lua_newthread(state);
    lua_pushvalue(state, 1);
    lua_xmove(state, coroutine, 1);
    return 1;
}

static lua_State *check_coroutine(lua_State *state, int index) {
    lua_State *const coroutine = lua_tothread(state, index);

    luaL_argexpected(state, coroutine != NULL, index, "coroutine");
    return coroutine;
}

int lua_catch_resume(lua_State *state) {
    lua_State *const coroutine = check_coroutine(state, 1);
    const int count = resume(state, coroutine, lua_gettop(state) - 1);

    if (count < 0) {
        lua_pushboolean(state, false);
        lua_insert(state, -2);
        return 2;
    }
    lua_pushboolean(state, true);
    lua_insert(state, -(count + 1));
    return count + 1;
}

/* Upvalue: the coroutine. What goes wrong in it goes wrong here, too. */
static int resume_wrapped(lua_State *state) {
    lua_State *const coroutine = lua_tothread(state, lua_upvalueindex(1));
    const int count = resume(state, coroutine, lua_gettop(state));

    if (count >= 0) {
        return count;
    }
    const int status = lua_status(coroutine);
    if (status != LUA_OK && status != LUA_YIELD) {
        const char *const message = lua_tostring(state, -1);
        if (lua_type(state, -1) == LUA_TSTRING &&
            !lua_core_has_place(lua_core_of(state), message)) {
            /* Where it was raised is known only until the coroutine's stack is cleared. */
            char place[LUA_CORE_TEXT_SIZE];
            lua_core_place(coroutine, place);
            lua_pushfstring(state, "%s%s", place, message);
            lua_remove(state, -2);
        }
        /* Closes its variables. That leaves an error on its stack: a new one, if a limit was
         * reached. */
        if (lua_resetthread(coroutine) != LUA_OK && lua_core_of(state)->exhausted) {
            lua_xmove(coroutine, state, 1);
        }
    }
    return lua_error(state);
}

int lua_catch_wrap(lua_State *state) {
    lua_catch_create(state);
    lua_pushcclosure(state, resume_wrapped, 1);
    return 1;
}

int lua_catch_yield(lua_State *state) {
    const bool is_first = lua_core_of(state)->thread == state;
    if (is_first || lua_isyieldable(state) == 0) {
        return luaL_error(state,
                          is_first
                              ? "coroutine.yield outside a coroutine"
                              : "coroutine.yield in what table.sort, gsub, require … have called");
    }
    return lua_yield(state, lua_gettop(state));
}

/* A task's coroutine is the scheduler's: whoever had it in his hands could end it where it waits,
 * and with it what it waits for. */
int lua_catch_running(lua_State *state) {
    const struct lua_core *const core = lua_core_of(state);
    const bool is_first = core->thread == state;

    if (is_first && core->runs_tasks) {
        lua_pushnil(state);
    } else {
        lua_pushthread(state);
    }
    lua_pushboolean(state, is_first);
    return 2;
}

int lua_catch_close(lua_State *state) {
    check_coroutine(state, 1);
    lua_settop(state, 1);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, 1, LUA_MULTRET);
    if (lua_core_of(state)->exhausted) {
        lua_error(state);
    }
    return lua_gettop(state);
}
