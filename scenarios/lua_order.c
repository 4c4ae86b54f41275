#include "scenarios/lua_order.h"

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_environment.h"
#include "scenarios/lua_sort.h"

enum kind {
    KIND_POSITIVE,
    KIND_INTEGER,
    KIND_STRING,
    KIND_BOOLEAN,
};

struct key {
    enum kind kind;
    lua_Integer number; /* a boolean's: 0 or 1 */
    const char *text;   /* Lua's own, valid while the key is in a table */
    size_t size;
};

static struct key key_at(lua_State *state, int index) {
    struct key key = {.kind = KIND_BOOLEAN};

    switch (lua_type(state, index)) {
    case LUA_TBOOLEAN:
        key.number = lua_toboolean(state, index);
        return key;
    case LUA_TSTRING:
        key.kind = KIND_STRING;
        key.text = lua_tolstring(state, index, &key.size);
        return key;
    case LUA_TNUMBER:
        if (lua_isinteger(state, index)) {
            key.number = lua_tointeger(state, index);
            key.kind = key.number > 0 ? KIND_POSITIVE : KIND_INTEGER;
            return key;
        }
        luaL_error(state,
                   "not deterministic: a key is the fraction %f; use a whole number or a name",
                   lua_tonumber(state, index));
        break;
    default:
        luaL_error(state,
                   "not deterministic: a key is a %s; use an array or a name",
                   luaL_typename(state, index));
        break;
    }
    return key;
}

static int compare(const struct key *a, const struct key *b) {
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->kind == KIND_STRING) {
        const int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
        return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
    }
    return (a->number > b->number) - (a->number < b->number);
}

static bool key_before(void *context, uint32_t a, uint32_t b) {
    const struct key *const keys = context;

    return compare(&keys[a], &keys[b]) < 0;
}

/* Upvalues: the keys in order, how many have been given. */
static int step(lua_State *state) {
    lua_Integer at = lua_tointeger(state, lua_upvalueindex(2));

    luaL_checktype(state, 1, LUA_TTABLE);
    for (;;) {
        at++;
        if (lua_rawgeti(state, lua_upvalueindex(1), at) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(state, -1);
        if (lua_rawget(state, 1) != LUA_TNIL) {
            lua_pushinteger(state, at);
            lua_replace(state, lua_upvalueindex(2));
            return 2;
        }
        lua_pop(state, 2); /* removed since pairs was called */
        lua_core_charge(state, 1);
    }
}

static uint32_t count_keys(lua_State *state, int table) {
    uint32_t count = 0;

    lua_pushnil(state);
    while (lua_next(state, table) != 0) {
        lua_pop(state, 1);
        count++;
    }
    return count;
}

/* Pushes an array of the table's keys in order. */
static void push_keys(lua_State *state, int table) {
    const uint32_t count = count_keys(state, table);
    uint32_t i = 0;

    luaL_argcheck(state, count < INT_MAX / 2, table, "table too big");
    lua_core_charge(state, count);
    lua_createtable(state, (int)count, 0);
    const int keys = lua_gettop(state);
    struct key *const known = lua_newuserdatauv(state, sizeof *known * (size_t)count, 0);
    lua_pushnil(state);
    while (lua_next(state, table) != 0) {
        lua_pop(state, 1);
        known[i] = key_at(state, -1);
        i++;
        lua_pushvalue(state, -1);
        lua_rawseti(state, keys, i);
    }
    uint32_t *const order = lua_newuserdatauv(state, 2 * sizeof *order * (size_t)count, 0);
    lua_sort_positions(order, order + count, count, key_before, known);
    lua_createtable(state, (int)count, 0);
    for (i = 0; i < count; i++) {
        lua_rawgeti(state, keys, (lua_Integer)order[i] + 1);
        lua_rawseti(state, -2, (lua_Integer)i + 1);
    }
    lua_replace(state, keys);
    lua_settop(state, keys);
}

int lua_order_pairs(lua_State *state) {
    luaL_checkany(state, 1);
    if (luaL_getmetafield(state, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(state, 1);
        lua_call(state, 1, 3);
        return 3;
    }
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_environment_refuse(state, 1);
    lua_settop(state, 1);
    push_keys(state, 1);
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, step, 2);
    lua_pushvalue(state, 1);
    lua_pushnil(state);
    return 3;
}

int lua_order_next(lua_State *state) {
    enum { TABLE = 1, AFTER, BEST, BEST_VALUE, KEY };
    struct key after = {0}, best = {0};
    bool found = false;
    uint64_t count = 0;

    luaL_checktype(state, TABLE, LUA_TTABLE);
    lua_environment_refuse(state, TABLE);
    lua_settop(state, BEST_VALUE);
    const bool first = lua_isnil(state, AFTER);
    if (!first) {
        after = key_at(state, AFTER);
    }
    lua_pushnil(state);
    while (lua_next(state, TABLE) != 0) {
        const struct key key = key_at(state, KEY);
        count++;
        if ((first || compare(&key, &after) > 0) && (!found || compare(&key, &best) < 0)) {
            found = true;
            best = key;
            lua_copy(state, KEY, BEST);
            lua_copy(state, KEY + 1, BEST_VALUE);
        }
        lua_pop(state, 1);
    }
    lua_core_charge(state, count / 4);
    if (!found) {
        lua_pushnil(state);
        return 1;
    }
    lua_settop(state, BEST_VALUE);
    return 2;
}
