#include "scenarios/lua_member.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/lua_register.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_thing.h"
#include "sim/reader.h"

static void copy_text(struct lua_State *state, char *to, const char *from, const char *what) {
    if (strlen(from) >= LUA_THING_NAME_SIZE || from[0] == '\0') {
        luaL_error(state, "%s has 1 to %d characters", what, LUA_THING_NAME_SIZE - 1);
    }
    strcpy(to, from);
}

void lua_member_name(struct lua_State *state, char *to, int index, const char *what) {
    copy_text(state, to, luaL_checkstring(state, index), what);
}

/* ---- occasions ---- */

static void push_occasion(struct lua_State *state, const struct lua_thing *of, uint32_t number) {
    const struct lua_thing occasion = {.world = of->world,
                                       .kind = LUA_THING_OCCASION,
                                       .number = number};
    lua_member_offer(state, &occasion);
}

static void push_message(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    static const char *const known[] = {"arrives", "sent", "read", NULL};
    static uint32_t (*const makers[])(struct sim_world *, uint32_t, uint32_t, uint32_t) = {
        sim_on_message,
        sim_on_sent,
        sim_on_read,
    };
    for (int i = 0; known[i] != NULL; i++) {
        if (strcmp(known[i], name) == 0) {
            push_occasion(state,
                          thing,
                          makers[i](thing->world, thing->peer, thing->node, thing->nth));
            return;
        }
    }
    lua_thing_complain(state, "a message", name, known);
}

static void push_timer(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    static const char *const known[] = {"expires", "armed", NULL};
    if (strcmp(name, "expires") == 0 && lua_register_runs(state, thing->node)) {
        luaL_error(state,
                   "this node runs a function, for all whose tasks the executor sets one timer; "
                   "write task(node, \"name\").wakes");
    } else if (strcmp(name, "expires") == 0) {
        push_occasion(state, thing, sim_on_timer(thing->world, thing->node, thing->nth));
    } else if (strcmp(name, "armed") == 0) {
        push_occasion(state, thing, sim_on_armed(thing->world, thing->node, thing->nth));
    } else {
        lua_thing_complain(state, "a timer", name, known);
    }
}

/* Of a thread, or of a task. */
static void push_thread(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    static const char *const known[] = {"starts", "blocks", "wakes", "ends", NULL};
    static const enum sim_thread_instant instants[] = {SIM_STARTS, SIM_BLOCKS, SIM_WAKES, SIM_ENDS};
    for (int i = 0; known[i] != NULL; i++) {
        if (strcmp(known[i], name) == 0) {
            const bool is_task = thing->kind == LUA_THING_TASK;
            push_occasion(
                state,
                thing,
                is_task
                    ? sim_on_task(thing->world, thing->node, thing->name, instants[i], thing->nth)
                    : sim_on_thread(thing->world, thing->node, instants[i], thing->nth));
            return;
        }
    }
    lua_thing_complain(state, thing->kind == LUA_THING_TASK ? "a task" : "a thread", name, known);
}

/* Of a node, or of its n-th life: false when it has no such occasion. */
static bool push_life(struct lua_State *state,
                      const struct lua_thing *thing,
                      uint32_t node,
                      uint32_t nth,
                      const char *name) {
    if (strcmp(name, "starts") == 0) {
        push_occasion(state, thing, sim_on_start(thing->world, node, nth));
    } else if (strcmp(name, "crashes") == 0) {
        push_occasion(state, thing, sim_on_crash(thing->world, node, nth));
    } else {
        return false;
    }
    return true;
}

/* ---- counters ---- */

static void
push_counter(struct lua_State *state, struct sim_world *world, uint32_t node, int index) {
    struct lua_thing counter = {.world = world, .kind = LUA_THING_COUNTER, .node = node};
    copy_text(state, counter.name, luaL_checkstring(state, index), "the name of a counter");
    lua_member_offer(state, &counter);
}

int lua_member_counter(struct lua_State *state) {
    push_counter(state, lua_sandbox_context(state), SIM_ANY, 1);
    return 1;
}

static int node_counter(struct lua_State *state) {
    const struct lua_thing *const node =
        lua_thing_read(state, 1, LUA_THING_NODE, "what stands before `:counter`");
    push_counter(state, node->world, node->number, 2);
    return 1;
}

/* Of a counter, or of an occasion. */
static int bound_of(struct lua_State *state, struct sim_bound (*make)(int64_t value)) {
    const struct lua_thing *const occasion = lua_thing_find(state, 1, LUA_THING_OCCASION);
    const struct lua_thing *const what =
        occasion != NULL
            ? occasion
            : lua_thing_read(state, 1, LUA_THING_COUNTER, "what stands before the colon");
    struct lua_thing bound = *what;
    bound.kind = LUA_THING_BOUND;
    bound.bound = make(luaL_checkinteger(state, 2));
    bound.bound = occasion != NULL ? sim_times(occasion->number, bound.bound)
                                   : sim_at(what->node, bound.bound);
    lua_member_offer(state, &bound);
    return 1;
}

static int at_most(struct lua_State *state) {
    return bound_of(state, sim_at_most);
}

static int at_least(struct lua_State *state) {
    return bound_of(state, sim_at_least);
}

static int equal(struct lua_State *state) {
    return bound_of(state, sim_equal);
}

static const char *const bound_names[] = {"at_most", "at_least", "equal", NULL};

/* False when there is none of this name. */
static bool push_bound_maker(struct lua_State *state, const char *name) {
    static const luaL_Reg makers[] = {{"at_most", at_most},
                                      {"at_least", at_least},
                                      {"equal", equal}};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (strcmp(makers[i].name, name) == 0) {
            lua_pushcfunction(state, makers[i].func);
            return true;
        }
    }
    return false;
}

/* Of a call: false when it has no such occasion. */
static bool push_call(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    if (strcmp(name, "enters") == 0) {
        push_occasion(state, thing, thing->number);
        return true;
    }
    if (strcmp(name, "returns") == 0) {
        push_occasion(state,
                      thing,
                      sim_on_return(thing->world, thing->node, thing->name, thing->nth));
        return true;
    }
    return false;
}

static void
push_of_occasion(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    static const char *const of_call[] =
        {"at_most", "at_least", "equal", "enters", "returns", NULL};
    const bool is_call = thing->name[0] != '\0';
    if (push_bound_maker(state, name) || (is_call && push_call(state, thing, name))) {
        return;
    }
    lua_thing_complain(state,
                       is_call ? "a call" : "an occasion",
                       name,
                       is_call ? of_call : bound_names);
}

/* ---- any ---- */

static void push_node(struct lua_State *state, const struct lua_thing *node, const char *name) {
    static const char *const known[] = {"counter", "exits", "starts", "crashes", NULL};
    if (push_life(state, node, node->number, 1, name)) {
        return;
    }
    if (strcmp(name, "exits") == 0) {
        push_occasion(state, node, sim_on_exit(node->world, node->number));
    } else if (strcmp(name, "counter") == 0) {
        lua_pushcfunction(state, node_counter);
    } else {
        lua_thing_complain(state, "a node", name, known);
    }
}

static void push_program(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    struct lua_thing program = {.world = thing->world,
                                .kind = LUA_THING_PROGRAM,
                                .number = thing->number};
    copy_text(state, program.name, name, "the name of a program");
    lua_member_offer(state, &program);
}

static void push_member(struct lua_State *state, const struct lua_thing *thing, const char *name) {
    static const char *const none[] = {"nothing behind a dot", NULL};
    static const char *const of_life[] = {"starts", "crashes", NULL};
    switch (thing->kind) {
    case LUA_THING_NODE:
        push_node(state, thing, name);
        return;
    case LUA_THING_MODULE:
        push_program(state, thing, name);
        return;
    case LUA_THING_MESSAGE:
        push_message(state, thing, name);
        return;
    case LUA_THING_THREAD:
    case LUA_THING_TASK:
        push_thread(state, thing, name);
        return;
    case LUA_THING_TIMER:
        push_timer(state, thing, name);
        return;
    case LUA_THING_LIFE:
        if (!push_life(state, thing, thing->node, thing->nth, name)) {
            lua_thing_complain(state, "a life", name, of_life);
        }
        return;
    case LUA_THING_COUNTER:
        if (!push_bound_maker(state, name)) {
            lua_thing_complain(state, "a counter", name, bound_names);
        }
        return;
    case LUA_THING_OCCASION:
        push_of_occasion(state, thing, name);
        return;
    case LUA_THING_PROGRAM:
    case LUA_THING_CONSTRAINT:
    case LUA_THING_BOUND:
    case LUA_THING_KIND_COUNT:
        break;
    }
    lua_thing_complain(state, "this", name, none);
}

static int index_thing(struct lua_State *state) {
    push_member(state, lua_touserdata(state, 1), luaL_checkstring(state, 2));
    return 1;
}

void lua_member_offer(struct lua_State *state, const struct lua_thing *thing) {
    lua_thing_push(state, thing, index_thing);
}
