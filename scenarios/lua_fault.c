#include "scenarios/lua_fault.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "scenarios/lua_quantity.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"
#include "sim/scenario.h"

/* Two times, the list on top of the stack. */
static void read_pair(struct lua_State *state, const char *name, uint64_t pair[2]) {
    if (!lua_istable(state, -1) || luaL_len(state, -1) != 2) {
        luaL_error(state, "`%s` is two times: { \"1ms\", \"9ms\" }", name);
    }
    for (int i = 0; i < 2; i++) {
        lua_geti(state, -1 - i, i + 1);
        pair[i] = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, name);
    }
}

/* The option as an occasion, 0 when it is none. */
static uint32_t occasion_option(struct lua_State *state, int index, const char *name) {
    if (!lua_thing_option(state, index, name) || !lua_isuserdata(state, -1)) {
        return 0;
    }
    const char *const what = lua_pushfstring(state, "`%s`", name);
    return lua_thing_read(state, -2, LUA_THING_OCCASION, what)->number;
}

/* ---- when ---- */

static void complain_when(struct lua_State *state, const char *what) {
    luaL_error(state,
               "%s comes `at` a time, `when` an occasion comes or `between` two times",
               what);
}

struct lua_fault_when lua_fault_when(struct lua_State *state, int index, const char *what) {
    struct lua_fault_when when = {0};
    const bool between = lua_thing_option(state, index, "between");
    if (between) {
        uint64_t pair[2];
        read_pair(state, "between", pair);
        when.at_ns = pair[0];
        when.at_max_ns = pair[1];
        if (pair[1] <= pair[0]) {
            luaL_error(state, "the latest time of a fault is not after the earliest");
        }
    }
    const bool at = lua_thing_option(state, index, "at");
    if (at) {
        when.at_ns = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "at");
    }
    const bool on = lua_thing_option(state, index, "when");
    if (on && !lua_isuserdata(state, -1)) {
        luaL_error(state, "`when` is an occasion; a time is `at`");
    }
    when.occasion = occasion_option(state, index, "when");
    when.said = at || on || between;
    if (at + on + between > 1) {
        complain_when(state, what);
    }
    lua_settop(state, index);
    return when;
}

void lua_fault_comes(struct lua_State *state, const struct lua_fault_when *when, uint32_t ends_on) {
    struct sim_world *const world = lua_sandbox_context(state);
    if (when->at_max_ns != 0) {
        sim_fault_until(world, when->at_max_ns);
    }
    if (when->occasion != 0 || ends_on != 0) {
        sim_fault_on(world, when->occasion, 0, ends_on);
    }
    lua_thing_refused(state, world);
}

/* A fault that does not begin with the run. */
static struct lua_fault_when read_when(struct lua_State *state, int index, const char *what) {
    const struct lua_fault_when when = lua_fault_when(state, index, what);
    if (!when.said) {
        complain_when(state, what);
    }
    return when;
}

/* ---- how long ---- */

/* A time, or two that the seed picks from. */
struct duration {
    bool said;
    uint64_t least_ns, greatest_ns;
};

static struct duration read_duration(struct lua_State *state, int index, const char *name) {
    struct duration duration = {.said = lua_thing_option(state, index, name)};
    if (duration.said && lua_istable(state, -1)) {
        uint64_t pair[2];
        read_pair(state, name, pair);
        duration.least_ns = pair[0];
        duration.greatest_ns = pair[1];
        if (pair[1] < pair[0]) {
            luaL_error(state, "the least `%s` exceeds the greatest", name);
        }
    } else if (duration.said) {
        duration.least_ns = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, name);
        duration.greatest_ns = duration.least_ns;
    }
    lua_settop(state, index);
    return duration;
}

/* Of the fault that was declared just now. */
static void set_duration(struct lua_State *state, const struct duration *duration) {
    if (duration->said) {
        sim_fault_lasts(lua_sandbox_context(state), duration->least_ns, duration->greatest_ns);
    }
}

/* ---- faults of links ---- */

typedef void declare_link(struct sim_world *world,
                          uint32_t from,
                          uint32_t to,
                          uint64_t at_ns,
                          uint64_t until_ns);

/* From when to when something stands between nodes. */
struct span {
    struct lua_fault_when when;
    struct duration lasts;
    uint32_t heals_on; /* 0 = no occasion */
    uint64_t heal_ns;
};

static struct span read_span(struct lua_State *state, int index, const char *what) {
    struct span span = {.when = lua_fault_when(state, index, what),
                        .lasts = read_duration(state, index, "lasts"),
                        .heals_on = occasion_option(state, index, "heal"),
                        .heal_ns = SIM_FOREVER};
    const uint64_t begins_ns = span.when.at_max_ns != 0 ? span.when.at_max_ns : span.when.at_ns;
    if (span.heals_on == 0 && lua_thing_option(state, index, "heal")) {
        span.heal_ns = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "heal");
        if (span.lasts.said) {
            luaL_error(state, "%s must `heal` at a time, or `lasts`: one of these", what);
        }
        if (span.heal_ns <= begins_ns) {
            luaL_error(state, "%s must `heal` after it begins", what);
        }
    }
    lua_settop(state, index);
    return span;
}

/* Of the fault that was declared just now. */
static int set_span(struct lua_State *state, const struct span *span) {
    set_duration(state, &span->lasts);
    lua_fault_comes(state, &span->when, span->heals_on);
    return 0;
}

/* A fault of two nodes. */
struct obstacle {
    const char *what, *first, *second;
    declare_link *both_ways, *one_way;
};

static int declare_obstacle(struct lua_State *state, const struct obstacle *obstacle) {
    static const char *const known[] = {"at", "when", "between", "heal", "lasts", "one_way", NULL};
    const uint32_t from = lua_thing_node(state, 1, obstacle->first);
    const uint32_t to = lua_thing_node(state, 2, obstacle->second);
    lua_thing_options(state, 3, obstacle->what, known);
    lua_settop(state, 3);
    const struct span span = read_span(state, 3, obstacle->what);
    declare_link *const declare =
        lua_thing_flag(state, 3, "one_way") ? obstacle->one_way : obstacle->both_ways;
    declare(lua_sandbox_context(state), from, to, span.when.at_ns, span.heal_ns);
    return set_span(state, &span);
}

int lua_fault_partition(struct lua_State *state) {
    static const struct obstacle partition = {"a partition",
                                              "the first node of a partition",
                                              "the second node of a partition",
                                              sim_partition,
                                              sim_partition_one_way};
    return declare_obstacle(state, &partition);
}

int lua_fault_clog(struct lua_State *state) {
    static const struct obstacle clog = {"a clog",
                                         "the first node of a clog",
                                         "the second node of a clog",
                                         sim_clog,
                                         sim_clog_one_way};
    return declare_obstacle(state, &clog);
}

int lua_fault_reset(struct lua_State *state) {
    static const char *const known[] = {"at", "when", "between", NULL};
    const uint32_t from = lua_thing_node(state, 1, "the first node of a reset");
    const uint32_t to = lua_thing_node(state, 2, "the second node of a reset");
    lua_thing_options(state, 3, "a reset", known);
    lua_settop(state, 3);
    const struct lua_fault_when when = lua_fault_when(state, 3, "a reset");
    sim_reset(lua_sandbox_context(state), from, to, when.at_ns);
    lua_fault_comes(state, &when, 0);
    return 0;
}

/* ---- faults of a node ---- */

int lua_fault_refuse(struct lua_State *state) {
    static const char *const known[] = {"at", "when", "between", "heal", "lasts", NULL};
    const uint32_t node = lua_thing_node(state, 1, "the node that refuses");
    lua_thing_options(state, 2, "a refusal", known);
    lua_settop(state, 2);
    const struct span span = read_span(state, 2, "a refusal");
    sim_refuse_connects(lua_sandbox_context(state), node, span.when.at_ns, span.heal_ns);
    return set_span(state, &span);
}

static enum sim_files read_files(struct lua_State *state) {
    static const char *const known[] = {"kept", "synced", "torn", NULL};
    static const enum sim_files files[] = {SIM_FILES_KEPT, SIM_FILES_SYNCED, SIM_FILES_TORN};
    if (!lua_thing_option(state, 2, "files")) {
        return SIM_FILES_KEPT;
    }
    const char *const written = luaL_checkstring(state, -1);
    int i = 0;
    while (known[i] != NULL && strcmp(known[i], written) != 0) {
        i++;
    }
    if (known[i] == NULL) {
        lua_thing_complain(state, "`files`", written, known);
    }
    return files[i];
}

int lua_fault_crash(struct lua_State *state) {
    static const char *const known[] = {"at", "when", "between", "restart", "files", NULL};
    const uint32_t node = lua_thing_node(state, 1, "what crashes");
    luaL_checktype(state, 2, LUA_TTABLE);
    lua_thing_options(state, 2, "a crash", known);
    const struct lua_fault_when when = read_when(state, 2, "a crash");
    const enum sim_files files = read_files(state);
    const uint32_t restarts_on = occasion_option(state, 2, "restart");
    const struct duration away =
        restarts_on != 0 ? (struct duration){0} : read_duration(state, 2, "restart");
    sim_crash(lua_sandbox_context(state), node, when.at_ns, SIM_FOREVER, files);
    set_duration(state, &away);
    lua_fault_comes(state, &when, restarts_on);
    return 0;
}

int lua_fault_pause(struct lua_State *state) {
    static const char *const known[] = {"at", "when", "between", "lasts", NULL};
    const uint32_t node = lua_thing_node(state, 1, "what is paused");
    luaL_checktype(state, 2, LUA_TTABLE);
    lua_thing_options(state, 2, "a pause", known);
    const struct lua_fault_when when = read_when(state, 2, "a pause");
    const struct duration lasts = read_duration(state, 2, "lasts");
    sim_pause(lua_sandbox_context(state), node, when.at_ns, lasts.least_ns);
    set_duration(state, &lasts);
    lua_fault_comes(state, &when, 0);
    return 0;
}
