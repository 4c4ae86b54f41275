#include "scenarios/lua_demand.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <string.h>

#include "scenarios/lua_member.h"
#include "scenarios/lua_quantity.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"
#include "sim/scenario.h"

#define LIST_MAX 16
#define CORE_MAX 64 /* nodes of a calm */

/* ---- occasions ---- */

static const char *const which[] = {"nth", "each", NULL};

/* { nth = 2 }, { each = true }; the first when nothing is said. */
static uint32_t read_nth(struct lua_State *state, int index) {
    lua_settop(state, index);
    if (lua_isnil(state, index)) {
        return 1;
    }
    if (lua_getfield(state, index, "each") != LUA_TNIL) {
        luaL_argcheck(state, lua_toboolean(state, -1), index, "`each` is true or not said");
        return SIM_EACH;
    }
    if (lua_getfield(state, index, "nth") == LUA_TNIL) {
        return 1;
    }
    const lua_Integer nth = lua_isinteger(state, -1) ? lua_tointeger(state, -1) : 0;
    luaL_argcheck(state, nth >= 1 && nth <= UINT32_MAX, index, "`nth` is a whole number from 1");
    return (uint32_t)nth;
}

static int push_occasion(struct lua_State *state, uint32_t number) {
    const struct lua_thing thing = {.world = lua_sandbox_context(state),
                                    .kind = LUA_THING_OCCASION,
                                    .number = number};
    lua_member_offer(state, &thing);
    return 1;
}

static int mark(struct lua_State *state) {
    const uint32_t node = lua_thing_node(state, 1, "the node of a mark");
    const char *const name = luaL_checkstring(state, 2);
    lua_thing_options(state, 3, "a mark", which);
    return push_occasion(state,
                         sim_on_mark(lua_sandbox_context(state), node, name, read_nth(state, 3)));
}

static int call(struct lua_State *state) {
    const uint32_t node = lua_thing_node(state, 1, "the node of a call");
    struct lua_thing thing = {.world = lua_sandbox_context(state), .kind = LUA_THING_OCCASION};
    thing.node = node;
    lua_member_name(state, thing.name, 2, "the name of a call");
    lua_thing_options(state, 3, "a call", which);
    thing.nth = read_nth(state, 3);
    thing.number = sim_on_call(thing.world, node, thing.name, thing.nth);
    lua_member_offer(state, &thing);
    return 1;
}

static int at(struct lua_State *state) {
    const uint64_t time_ns = lua_quantity_read(state, 1, LUA_QUANTITY_TIME, "at");
    return push_occasion(state, sim_on_time(lua_sandbox_context(state), time_ns));
}

static int at_node(struct lua_State *state, enum lua_thing_kind kind, const char *what) {
    struct lua_thing thing = {.world = lua_sandbox_context(state), .kind = kind};
    thing.node = lua_thing_node(state, 1, what);
    lua_thing_options(state, 2, what, which);
    thing.nth = read_nth(state, 2);
    lua_member_offer(state, &thing);
    return 1;
}

/* when(counter("hits"):at_least(2), { within = "1s" }) */
static int when(struct lua_State *state) {
    static const char *const known[] = {"within", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    uint64_t within_ns = 0;
    const struct lua_thing *const bound =
        lua_thing_read(state, 1, LUA_THING_BOUND, "what comes to hold");
    luaL_argcheck(state, bound->bound.occasion == 0, 1, "what comes to hold is of a counter");
    lua_thing_options(state, 2, "when", known);
    if (lua_istable(state, 2) && lua_getfield(state, 2, "within") != LUA_TNIL) {
        within_ns = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "within");
        luaL_argcheck(state, within_ns != 0, 2, "`within` is more than no time");
    }
    return push_occasion(state, sim_when(world, bound->name, bound->bound, within_ns));
}

static int timer(struct lua_State *state) {
    return at_node(state, LUA_THING_TIMER, "the node of a timer");
}

static int life(struct lua_State *state) {
    return at_node(state, LUA_THING_LIFE, "the node of a life");
}

static int thread(struct lua_State *state) {
    return at_node(state, LUA_THING_THREAD, "the node of a thread");
}

static int task(struct lua_State *state) {
    struct lua_thing thing = {.world = lua_sandbox_context(state), .kind = LUA_THING_TASK};
    thing.node = lua_thing_node(state, 1, "the node of a task");
    lua_member_name(state, thing.name, 2, "the name of a task");
    lua_thing_options(state, 3, "a task", which);
    thing.nth = read_nth(state, 3);
    lua_member_offer(state, &thing);
    return 1;
}

static uint32_t end_of(struct lua_State *state, const char *name) {
    if (lua_getfield(state, 1, name) == LUA_TNIL) {
        return SIM_ANY;
    }
    return lua_thing_node(state, -1, name);
}

static int message(struct lua_State *state) {
    static const char *const known[] = {"from", "to", "nth", "each", NULL};
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_thing_options(state, 1, "a message", known);
    struct lua_thing thing = {.world = lua_sandbox_context(state), .kind = LUA_THING_MESSAGE};
    thing.peer = end_of(state, "from");
    thing.node = end_of(state, "to");
    thing.nth = read_nth(state, 1);
    lua_member_offer(state, &thing);
    return 1;
}

/* ---- constraints ---- */

static int push_constraint(struct lua_State *state, uint32_t number) {
    const struct lua_thing thing = {.world = lua_sandbox_context(state),
                                    .kind = LUA_THING_CONSTRAINT,
                                    .number = number};
    lua_member_offer(state, &thing);
    return 1;
}

static uint32_t occasion(struct lua_State *state, int index, const char *what) {
    return lua_thing_read(state, index, LUA_THING_OCCASION, what)->number;
}

static int order(struct lua_State *state) {
    uint32_t occasions[LIST_MAX];
    const int count = lua_gettop(state);
    if (count < 2 || count > LIST_MAX) {
        return luaL_error(state, "`order` takes 2 to %d occasions", LIST_MAX);
    }
    for (int i = 0; i < count; i++) {
        occasions[i] = occasion(state, i + 1, "what is put in order");
    }
    return push_constraint(state,
                           sim_order(lua_sandbox_context(state), occasions, (uint32_t)count));
}

static int hold(struct lua_State *state) {
    static const char *const known[] = {"until_", NULL};
    const uint32_t held = occasion(state, 1, "what is held");
    luaL_checktype(state, 2, LUA_TTABLE);
    lua_thing_options(state, 2, "hold", known);
    lua_getfield(state, 2, "until_");
    const uint32_t until = occasion(state, -1, "`until_`");
    return push_constraint(state, sim_hold(lua_sandbox_context(state), held, until));
}

static int never_between(struct lua_State *state) {
    const uint32_t from = occasion(state, 1, "where it begins");
    const uint32_t until = occasion(state, 2, "where it ends");
    const uint32_t what = occasion(state, 3, "what may not happen between");
    return push_constraint(state, sim_never_between(lua_sandbox_context(state), from, until, what));
}

static int race(struct lua_State *state) {
    const uint32_t a = occasion(state, 1, "the first of a race");
    const uint32_t b = occasion(state, 2, "the second of a race");
    return push_constraint(state, sim_race(lua_sandbox_context(state), a, b));
}

static int maybe(struct lua_State *state) {
    struct sim_world *const world = lua_sandbox_context(state);
    const lua_Integer n = luaL_checkinteger(state, 1);
    const lua_Integer of = luaL_checkinteger(state, 2);
    const struct lua_thing *const constraint =
        lua_thing_read(state, 3, LUA_THING_CONSTRAINT, "what may be in force");
    if (n < 1 || of <= n || of > UINT32_MAX) {
        return luaL_error(state, "`maybe(n, m, constraint)`: in force in n of m runs, 0 < n < m");
    }
    sim_maybe(world, constraint->number, (uint32_t)n, (uint32_t)of);
    lua_thing_refused(state, world);
    lua_settop(state, 3);
    return 1;
}

static int one_of(struct lua_State *state) {
    struct sim_world *const world = lua_sandbox_context(state);
    uint32_t constraints[LIST_MAX];
    luaL_checktype(state, 1, LUA_TTABLE);
    const lua_Integer count = luaL_len(state, 1);
    if (count < 2 || count > LIST_MAX) {
        return luaL_error(state, "`one_of` takes a list of 2 to %d constraints", LIST_MAX);
    }
    for (lua_Integer i = 0; i < count; i++) {
        lua_geti(state, 1, i + 1);
        constraints[i] =
            lua_thing_read(state, -1, LUA_THING_CONSTRAINT, "what stands in `one_of`")->number;
    }
    sim_one_of(world, constraints, (uint32_t)count);
    lua_thing_refused(state, world);
    return 0;
}

/* ---- properties ---- */

/* A bound of a counter, or of how often an occasion comes; the occasion alone: at least once. */
struct claim {
    const char *counter; /* NULL: of an occasion */
    struct sim_bound bound;
};

static struct claim read_claim(struct lua_State *state) {
    const struct lua_thing *const occasion = lua_thing_find(state, 2, LUA_THING_OCCASION);
    if (occasion != NULL) {
        return (struct claim){.bound = sim_times(occasion->number, sim_at_least(1))};
    }
    const struct lua_thing *const bound =
        lua_thing_read(state, 2, LUA_THING_BOUND, "what must hold");
    return (struct claim){bound->bound.occasion == 0 ? bound->name : NULL, bound->bound};
}

static int claim(struct lua_State *state,
                 const char *word,
                 void (*declare)(struct sim_world *world,
                                 const char *sentence,
                                 const char *counter,
                                 struct sim_bound bound)) {
    struct sim_world *const world = lua_sandbox_context(state);
    const char *const sentence = lua_thing_sentence(state, word);
    const struct claim what = read_claim(state);
    declare(world, sentence, what.counter, what.bound);
    lua_thing_refused(state, world);
    return 0;
}

static int always(struct lua_State *state) {
    return claim(state, "always", sim_always);
}

static int finally(struct lua_State *state) {
    return claim(state, "finally", sim_finally);
}

static int sometimes(struct lua_State *state) {
    return claim(state, "sometimes", sim_sometimes);
}

static int never(struct lua_State *state) {
    struct sim_world *const world = lua_sandbox_context(state);
    const char *const sentence = lua_thing_sentence(state, "never");
    const uint32_t number = occasion(state, 2, "what never happens");
    sim_always(world, sentence, NULL, sim_times(number, sim_at_most(0)));
    lua_thing_refused(state, world);
    return 0;
}

static int before(struct lua_State *state) {
    struct lua_thing thing = {.world = lua_sandbox_context(state), .kind = LUA_THING_BOUND};
    const uint32_t first = occasion(state, 1, "what comes before");
    thing.bound = sim_before(first, occasion(state, 2, "before what it comes"));
    lua_member_offer(state, &thing);
    return 1;
}

static int eventually(struct lua_State *state) {
    static const char *const known[] = {"within", "after", NULL};
    struct sim_world *const world = lua_sandbox_context(state);
    uint64_t within_ns = 0;
    const char *const sentence = lua_thing_sentence(state, "eventually");
    const struct claim what = read_claim(state);
    lua_thing_options(state, 3, "eventually", known);
    if (lua_istable(state, 3) && lua_getfield(state, 3, "within") != LUA_TNIL) {
        within_ns = lua_quantity_read(state, -1, LUA_QUANTITY_TIME, "within");
    }
    sim_eventually(world, sentence, what.counter, what.bound, within_ns);
    if (lua_istable(state, 3) && lua_getfield(state, 3, "after") != LUA_TNIL) {
        sim_after(world, occasion(state, -1, "`after`"));
    }
    lua_thing_refused(state, world);
    return 0;
}

static int linearizable(struct lua_State *state) {
    static const char *const known[] = {"register", "map", "queue", "lock", NULL};
    static const enum sim_model models[] = {SIM_REGISTER, SIM_MAP, SIM_QUEUE, SIM_LOCK};
    struct sim_world *const world = lua_sandbox_context(state);
    const char *const sentence = lua_thing_sentence(state, "linearizable");
    const char *const object = luaL_checkstring(state, 2);
    const char *const model = luaL_checkstring(state, 3);
    int i = 0;
    while (known[i] != NULL && strcmp(known[i], model) != 0) {
        i++;
    }
    if (known[i] == NULL) {
        lua_thing_complain(state, "linearizable", model, known);
    }
    sim_linearizable(world, sentence, object, models[i]);
    lua_thing_refused(state, world);
    return 0;
}

/* The nodes of a list; NULL when none is said. */
static const uint32_t *read_core(struct lua_State *state, int index, uint32_t core[CORE_MAX + 1]) {
    if (lua_isnoneornil(state, index)) {
        return NULL;
    }
    const lua_Integer count = lua_istable(state, index) ? luaL_len(state, index) : 0;
    if (count < 1 || count > CORE_MAX) {
        luaL_error(state, "who comes to rest is a list of nodes: { one, other }");
    }
    for (lua_Integer i = 0; i < count; i++) {
        lua_geti(state, index, i + 1);
        core[i] = lua_thing_read(state, -1, LUA_THING_NODE, "who comes to rest")->number;
        lua_pop(state, 1);
    }
    core[count] = 0;
    return core;
}

/* calm "2s", calm(occasion), calm("2s", { one, other }): the occasion */
static int calm(struct lua_State *state) {
    struct sim_world *const world = lua_sandbox_context(state);
    uint32_t core[CORE_MAX + 1];
    const uint32_t begins =
        lua_isuserdata(state, 1)
            ? occasion(state, 1, "where calm begins")
            : sim_on_time(world, lua_quantity_read(state, 1, LUA_QUANTITY_TIME, "calm"));
    sim_calm(world, begins, read_core(state, 2, core));
    return push_occasion(state, begins);
}

bool lua_demand_define(struct lua_sandbox *sandbox, struct sim_world *world) {
    static const struct {
        const char *name;
        lua_CFunction function;
    } functions[] = {
        {"mark", mark},
        {"call", call},
        {"at", at},
        {"when", when},
        {"timer", timer},
        {"thread", thread},
        {"task", task},
        {"life", life},
        {"message", message},
        {"order", order},
        {"hold", hold},
        {"never_between", never_between},
        {"race", race},
        {"maybe", maybe},
        {"one_of", one_of},
        {"counter", lua_member_counter},
        {"always", always},
        {"never", never},
        {"before", before},
        {"finally", finally},
        {"sometimes", sometimes},
        {"eventually", eventually},
        {"linearizable", linearizable},
        {"calm", calm},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!lua_sandbox_define(sandbox, functions[i].name, functions[i].function, world)) {
            return false;
        }
    }
    return true;
}
