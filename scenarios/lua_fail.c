#include "scenarios/lua_fail.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "scenarios/lua_fault.h"
#include "scenarios/lua_quantity.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"

#define OPTIONS 2 /* where they stand on the stack */

/* A string that must be there; it stays on the stack. */
static const char *word(struct lua_State *state, const char *name, const char *example) {
    if (!lua_thing_option(state, OPTIONS, name) || lua_type(state, -1) != LUA_TSTRING) {
        luaL_error(state, "`%s` is a name like %s", name, example);
    }
    return lua_tostring(state, -1);
}

/* Which calls, and when: the first one after a time or an occasion, if not said otherwise. */
static struct sim_strikes read_strikes(struct lua_State *state, struct lua_fault_when *when) {
    struct sim_strikes strikes = {.chance_ppm = 0};
    if (lua_thing_option(state, OPTIONS, "chance")) {
        const uint64_t ppm = lua_quantity_read(state, -1, LUA_QUANTITY_PART, "chance");
        if (ppm < 1 || ppm > 1000000) {
            luaL_error(state, "`chance` is more than nothing, and not more than all");
        }
        strikes.chance_ppm = (uint32_t)ppm;
    }
    if (lua_thing_option(state, OPTIONS, "nth")) {
        const lua_Integer nth = lua_isinteger(state, -1) ? lua_tointeger(state, -1) : 0;
        if (nth < 1 || nth > UINT32_MAX) {
            luaL_error(state, "`nth` is a whole number from 1");
        }
        strikes.nth = (uint32_t)nth;
    }
    *when = lua_fault_when(state, OPTIONS, "a call that fails");
    if ((strikes.chance_ppm != 0) + (strikes.nth != 0) + when->said != 1) {
        luaL_error(state, "which calls is said by one of `chance`, `nth`, `at`, `when`, `between`");
    }
    if (when->said && when->occasion == 0) {
        strikes.at_ns = when->at_ns + (when->at_ns == 0); /* the first one */
    }
    return strikes;
}

static uint32_t
read_node(struct lua_State *state, const char *whose, const char *what, const char *const *known) {
    const uint32_t node = lua_thing_node(state, 1, whose);
    luaL_checktype(state, OPTIONS, LUA_TTABLE);
    lua_thing_options(state, OPTIONS, what, known);
    lua_settop(state, OPTIONS);
    return node;
}

int lua_fail_error(struct lua_State *state) {
    static const char *const known[] =
        {"call", "error", "chance", "nth", "at", "when", "between", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    struct lua_fault_when when;
    const uint32_t node = read_node(state, "the node of calls that fail", "fail", known);
    const char *const call = word(state, "call", "\"read\"");
    const char *const error = word(state, "error", "\"EINTR\"");
    const struct sim_strikes strikes = read_strikes(state, &when);
    sim_call_fails(world, node, call, error, strikes);
    lua_fault_comes(state, &when, 0);
    return 0;
}

int lua_fail_short(struct lua_State *state) {
    static const char *const known[] = {"call", "chance", "nth", "at", "when", "between", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    struct lua_fault_when when;
    const uint32_t node = read_node(state, "the node of calls that are short", "short", known);
    const char *const call = word(state, "call", "\"write\"");
    const struct sim_strikes strikes = read_strikes(state, &when);
    sim_call_short(world, node, call, strikes);
    lua_fault_comes(state, &when, 0);
    return 0;
}

static void read_latency(struct lua_State *state, struct sim_world *world, uint32_t node) {
    uint64_t range[2];
    const bool pair = lua_istable(state, -1);
    for (int i = 0; i < 2; i++) {
        if (pair) {
            lua_geti(state, -1 - i, i + 1);
        }
        range[i] = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "latency");
    }
    sim_lookup(world, node, range[0], range[1]);
    lua_thing_refused(state, world);
}

int lua_fail_lookup(struct lua_State *state) {
    static const char *const known[] =
        {"latency", "fails", "chance", "nth", "at", "when", "between", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    struct lua_fault_when when;
    const uint32_t node = read_node(state, "the node that looks names up", "lookup", known);
    if (lua_thing_option(state, OPTIONS, "latency")) {
        read_latency(state, world, node);
    }
    if (lua_thing_option(state, OPTIONS, "fails")) {
        const char *const error = word(state, "fails", "\"EAI_AGAIN\"");
        const struct sim_strikes strikes = read_strikes(state, &when);
        sim_call_fails(world, node, "getaddrinfo", error, strikes);
        lua_fault_comes(state, &when, 0);
    }
    return 0;
}
