#include "scenarios/lua_thing.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>

#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_spelling.h"
#include "sim/reader.h"

static const char *const kind_names[LUA_THING_KIND_COUNT] = {
    [LUA_THING_NODE] = "node",
    [LUA_THING_MODULE] = "module",
    [LUA_THING_PROGRAM] = "program",
    [LUA_THING_MESSAGE] = "message",
    [LUA_THING_THREAD] = "thread",
    [LUA_THING_TIMER] = "timer",
    [LUA_THING_TASK] = "task",
    [LUA_THING_LIFE] = "life",
    [LUA_THING_OCCASION] = "occasion",
    [LUA_THING_CONSTRAINT] = "constraint",
    [LUA_THING_COUNTER] = "counter",
    [LUA_THING_BOUND] = "bound of a counter",
};

static int no_member(struct lua_State *state) {
    return luaL_error(state, "what is declared cannot be changed");
}

static int show(struct lua_State *state) {
    const struct lua_thing *const thing = lua_touserdata(state, 1);
    lua_pushfstring(state, "%s %d", kind_names[thing->kind], (int)thing->number);
    return 1;
}

void lua_thing_refused(struct lua_State *state, struct sim_world *world) {
    const char *const why = sim_refusal(world);
    if (why[0] != '\0') {
        luaL_error(state, "%s", why);
    }
}

void lua_thing_push(struct lua_State *state,
                    const struct lua_thing *thing,
                    int (*index)(struct lua_State *state)) {
    lua_thing_refused(state, thing->world);
    struct lua_thing *const made = lua_newuserdatauv(state, sizeof *made, 0);
    *made = *thing;
    if (luaL_newmetatable(state, "sim.thing")) {
        lua_pushcfunction(state, index);
        lua_setfield(state, -2, "__index");
        lua_pushcfunction(state, no_member);
        lua_setfield(state, -2, "__newindex");
        lua_pushcfunction(state, show);
        lua_setfield(state, -2, "__tostring");
        lua_pushboolean(state, false);
        lua_setfield(state, -2, "__metatable");
    }
    lua_setmetatable(state, -2);
}

static const char *article(enum lua_thing_kind kind) {
    return kind == LUA_THING_OCCASION ? "an" : "a";
}

/* "a message", "nothing", "\"late\""; pushed. */
static const char *describe(struct lua_State *state, int index) {
    const struct lua_thing *const thing = luaL_testudata(state, index, "sim.thing");
    if (thing != NULL) {
        return lua_pushfstring(state, "%s %s", article(thing->kind), kind_names[thing->kind]);
    }
    if (lua_type(state, index) == LUA_TSTRING) {
        return lua_pushfstring(state, "\"%s\"", lua_tostring(state, index));
    }
    return lua_isnoneornil(state, index)
               ? "nothing"
               : lua_pushfstring(state, "a %s", luaL_typename(state, index));
}

/* What makes an occasion of it. */
static const char *advice_occasion(const struct lua_thing *given) {
    switch (given->kind) {
    case LUA_THING_MESSAGE:
        return "; write .arrives behind it";
    case LUA_THING_THREAD:
    case LUA_THING_TASK:
        return "; write .starts, .blocks, .wakes or .ends behind it";
    case LUA_THING_TIMER:
        return "; write .expires behind it";
    case LUA_THING_LIFE:
        return "; write .starts or .crashes behind it";
    case LUA_THING_NODE:
        return "; write .starts, .exits or .crashes behind it";
    case LUA_THING_BOUND:
    case LUA_THING_COUNTER:
        return "; counters are for always, eventually, finally and sometimes";
    case LUA_THING_MODULE:
    case LUA_THING_PROGRAM:
    case LUA_THING_OCCASION:
    case LUA_THING_CONSTRAINT:
    case LUA_THING_KIND_COUNT:
        break;
    }
    return "";
}

/* What to write instead of something that was given, or of nothing. */
static const char *advice(const struct lua_thing *given, enum lua_thing_kind wanted) {
    if (wanted == LUA_THING_OCCASION) {
        return given == NULL ? ", such as mark(node, \"name\")" : advice_occasion(given);
    }
    return wanted == LUA_THING_BOUND && given != NULL && given->kind == LUA_THING_COUNTER
               ? "; write :at_most(1), :at_least(1) or :equal(1) behind it"
               : "";
}

const char *lua_thing_sentence(struct lua_State *state, const char *word) {
    if (lua_type(state, 1) != LUA_TSTRING) {
        luaL_error(state,
                   "`%s` begins with a sentence that says what must hold; this is %s",
                   word,
                   describe(state, 1));
    }
    return lua_tostring(state, 1);
}

const struct lua_thing *
lua_thing_find(struct lua_State *state, int index, enum lua_thing_kind kind) {
    const struct lua_thing *const thing = luaL_testudata(state, index, "sim.thing");
    return thing == NULL || thing->kind != kind ? NULL : thing;
}

const struct lua_thing *
lua_thing_read(struct lua_State *state, int index, enum lua_thing_kind kind, const char *what) {
    const struct lua_thing *const thing = luaL_testudata(state, index, "sim.thing");
    if (thing == NULL || thing->kind != kind) {
        const char *const hint = advice(thing, kind);
        luaL_error(state,
                   "%s must be %s %s%s; this is %s%s",
                   what,
                   article(kind),
                   kind_names[kind],
                   thing == NULL ? hint : "",
                   describe(state, index),
                   thing == NULL ? "" : hint);
    }
    return thing;
}

uint32_t lua_thing_node(struct lua_State *state, int index, const char *what) {
    if (lua_type(state, index) == LUA_TSTRING && strcmp(lua_tostring(state, index), "any") == 0) {
        return SIM_ANY;
    }
    if (lua_type(state, index) == LUA_TSTRING) {
        const char *const name = lua_tostring(state, index);
        const uint32_t node = sim_node_named(lua_sandbox_context(state), name);
        if (node == 0) {
            luaL_error(state, "%s: no node is called \"%s\" so far", what, name);
        }
        return node;
    }
    return lua_thing_read(state, index, LUA_THING_NODE, what)->number;
}

_Noreturn void lua_thing_complain(struct lua_State *state,
                                  const char *what,
                                  const char *written,
                                  const char *const *known) {
    const char *nearest = NULL;
    int least = LUA_SPELLING_DISTANCE_MAX + 1;
    luaL_Buffer list;
    luaL_buffinit(state, &list);
    for (const char *const *name = known; *name != NULL; name++) {
        const int distance = lua_spelling_distance(written, *name);
        nearest = distance < least ? *name : nearest;
        least = distance < least ? distance : least;
        luaL_addstring(&list, name == known ? "" : ", ");
        luaL_addstring(&list, *name);
    }
    luaL_pushresult(&list);
    if (nearest != NULL) {
        luaL_error(state, "%s has no `%s`; did you mean `%s`?", what, written, nearest);
    }
    luaL_error(state, "%s has no `%s`; it has %s", what, written, lua_tostring(state, -1));
    __builtin_unreachable();
}

static bool is_known(const char *name, const char *const *known) {
    while (*known != NULL && strcmp(*known, name) != 0) {
        known++;
    }
    return *known != NULL;
}

void lua_thing_options(struct lua_State *state,
                       int index,
                       const char *what,
                       const char *const *known) {
    if (lua_isnoneornil(state, index)) {
        return;
    }
    if (!lua_istable(state, index)) {
        luaL_error(state, "the options of %s come as { name = value }", what);
    }
    lua_pushnil(state);
    while (lua_next(state, index) != 0) {
        lua_pop(state, 1);
        if (lua_type(state, -1) == LUA_TSTRING && !is_known(lua_tostring(state, -1), known)) {
            lua_thing_complain(state, what, lua_tostring(state, -1), known);
        }
    }
}

bool lua_thing_option(struct lua_State *state, int index, const char *name) {
    lua_settop(state, index);
    return lua_istable(state, index) && lua_getfield(state, index, name) != LUA_TNIL;
}

bool lua_thing_flag(struct lua_State *state, int index, const char *name) {
    if (!lua_thing_option(state, index, name)) {
        return false;
    }
    if (!lua_isboolean(state, -1)) {
        luaL_error(state, "`%s` is true or false", name);
    }
    return lua_toboolean(state, -1) != 0;
}
