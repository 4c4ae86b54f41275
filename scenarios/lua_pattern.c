#include "scenarios/lua_pattern.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_matcher.h"

/* ---- find, match ---- */

/* Offset that the argument at `index` says, from 1, negative from the end;
 * past the end: size + 1. */
static size_t start_offset(lua_State *state, int index, size_t size) {
    const lua_Integer init = luaL_optinteger(state, index, 1);
    const lua_Unsigned back = (lua_Unsigned)0 - (lua_Unsigned)init;

    if (init > 0) {
        return (lua_Unsigned)init - 1 > size ? size + 1 : (size_t)init - 1;
    }
    return init == 0 || back > size ? 0 : size - (size_t)back;
}

static int find_plain(const struct lua_matcher *m, const char *from) {
    const size_t size = (size_t)(m->pattern_end - m->pattern);
    const size_t room = (size_t)(m->subject_end - from);
    const char *const found = size == 0 ? from : memmem(from, room, m->pattern, size);

    lua_core_charge(m->state, room / LUA_CORE_BYTES_PER_STEP);
    if (found == NULL) {
        lua_pushnil(m->state);
        return 1;
    }
    lua_pushinteger(m->state, found - m->subject + 1);
    lua_pushinteger(m->state, found - m->subject + (ptrdiff_t)size);
    return 2;
}

static int find(lua_State *state, bool positions) {
    struct lua_matcher m;

    lua_matcher_begin(&m, state, 1, 2);
    const size_t size = (size_t)(m.subject_end - m.subject);
    const size_t offset = start_offset(state, 3, size);
    if (offset > size) {
        lua_pushnil(state);
        return 1;
    }
    const char *s = m.subject + offset;
    /* As in Lua's own, a text without these is no pattern: find("x)") looks for a parenthesis. */
    const size_t plain = strcspn(m.pattern, "^$*+?.([%-");
    if (positions &&
        (lua_toboolean(state, 4) != 0 || plain == (size_t)(m.pattern_end - m.pattern))) {
        return find_plain(&m, s);
    }
    const bool anchored = m.pattern < m.pattern_end && *m.pattern == '^';
    do {
        const char *const end = lua_matcher_run(&m, s, m.pattern + anchored);
        if (end != NULL && !positions) {
            return lua_matcher_push_all(&m, s, end);
        }
        if (end != NULL) {
            lua_pushinteger(state, s - m.subject + 1);
            lua_pushinteger(state, end - m.subject);
            return lua_matcher_push_all(&m, NULL, NULL) + 2;
        }
    } while (s++ < m.subject_end && !anchored);
    lua_pushnil(state);
    return 1;
}

int lua_pattern_find(lua_State *state) {
    return find(state, true);
}

int lua_pattern_match(lua_State *state) {
    return find(state, false);
}

/* ---- gmatch ---- */

/* Upvalues: subject, pattern, offset of the next search, offset where the
 * last match ended or -1. */
static int next_match(lua_State *state) {
    struct lua_matcher m;

    lua_settop(state, 0);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_pushvalue(state, lua_upvalueindex(2));
    lua_matcher_begin(&m, state, 1, 2);
    const size_t size = (size_t)(m.subject_end - m.subject);
    const lua_Integer last = lua_tointeger(state, lua_upvalueindex(4));
    for (size_t at = (size_t)lua_tointeger(state, lua_upvalueindex(3)); at <= size; at++) {
        const char *const end = lua_matcher_run(&m, m.subject + at, m.pattern);
        /* An empty match where the last one ended would be the same place twice. */
        if (end != NULL && end - m.subject != last) {
            lua_pushinteger(state, end - m.subject);
            lua_copy(state, -1, lua_upvalueindex(3));
            lua_replace(state, lua_upvalueindex(4));
            return lua_matcher_push_all(&m, m.subject + at, end);
        }
    }
    lua_pushinteger(state, (lua_Integer)size + 1);
    lua_replace(state, lua_upvalueindex(3));
    return 0;
}

int lua_pattern_gmatch(lua_State *state) {
    size_t size;

    luaL_checklstring(state, 1, &size);
    luaL_checkstring(state, 2);
    const size_t offset = start_offset(state, 3, size);
    lua_settop(state, 2);
    lua_pushinteger(state, (lua_Integer)offset);
    lua_pushinteger(state, -1);
    lua_pushcclosure(state, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

enum { SUBJECT = 1, PATTERN, REPLACEMENT, COUNT_MAX };

/* "%1" and the like in a replacement text. */
static void
add_template(struct lua_matcher *m, luaL_Buffer *result, const char *start, const char *end) {
    size_t size;
    const char *const text = lua_tolstring(m->state, REPLACEMENT, &size);

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '%') {
            luaL_addchar(result, text[i]);
            continue;
        }
        i++; /* behind the text there is a zero */
        if (text[i] == '%') {
            luaL_addchar(result, '%');
        } else if (text[i] == '0') {
            luaL_addlstring(result, start, (size_t)(end - start));
        } else if (text[i] >= '1' && text[i] <= '9') {
            lua_matcher_push(m, text[i] - '1', start, end);
            luaL_tolstring(m->state, -1, NULL);
            lua_remove(m->state, -2);
            luaL_addvalue(result);
        } else {
            luaL_error(m->state, "invalid use of '%%' in replacement string");
        }
    }
}

static void
add_replacement(struct lua_matcher *m, luaL_Buffer *result, const char *start, const char *end) {
    switch (lua_type(m->state, REPLACEMENT)) {
    case LUA_TFUNCTION:
        lua_pushvalue(m->state, REPLACEMENT);
        lua_call(m->state, lua_matcher_push_all(m, start, end), 1);
        break;
    case LUA_TTABLE:
        lua_matcher_push(m, 0, start, end);
        lua_gettable(m->state, REPLACEMENT);
        break;
    default:
        add_template(m, result, start, end);
        return;
    }
    if (lua_toboolean(m->state, -1) == 0) {
        lua_pop(m->state, 1);
        luaL_addlstring(result, start, (size_t)(end - start));
        return;
    }
    if (lua_isstring(m->state, -1) == 0) {
        luaL_error(m->state, "invalid replacement value (a %s)", luaL_typename(m->state, -1));
    }
    luaL_addvalue(result);
}

int lua_pattern_gsub(lua_State *state) {
    struct lua_matcher m;
    luaL_Buffer result;
    lua_Integer count = 0;
    const char *last = NULL; /* where the last match ended */

    lua_matcher_begin(&m, state, SUBJECT, PATTERN);
    const int type = lua_type(state, REPLACEMENT);
    luaL_argexpected(state,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     REPLACEMENT,
                     "string/function/table");
    const lua_Integer count_max = luaL_optinteger(state, COUNT_MAX, m.subject_end - m.subject + 1);
    const bool anchored = m.pattern < m.pattern_end && *m.pattern == '^';
    const char *s = m.subject;
    lua_settop(state, REPLACEMENT);
    luaL_buffinit(state, &result);
    while (count < count_max) {
        const char *const end = lua_matcher_run(&m, s, m.pattern + anchored);
        if (end != NULL && end != last) {
            count++;
            add_replacement(&m, &result, s, end);
            s = last = end;
        } else if (s < m.subject_end) {
            luaL_addchar(&result, *s);
            s++;
        } else {
            break;
        }
        if (anchored) {
            break;
        }
    }
    luaL_addlstring(&result, s, (size_t)(m.subject_end - s));
    luaL_pushresult(&result);
    lua_pushinteger(state, count);
    return 2;
}
