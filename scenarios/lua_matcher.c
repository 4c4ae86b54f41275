#include "scenarios/lua_matcher.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>

#include "scenarios/lua_core.h"

enum {
    DEPTH_MAX = 200,
    STEPS_CHARGED = 256, /* so many are counted here before they are charged */
    SIZE_OPEN = -1,      /* of a capture whose end has not been met */
    SIZE_POSITION = -2,  /* of a capture "()", which is a number */
};

static const char *match_here(struct lua_matcher *m, const char *s, const char *p);

static void count_step(struct lua_matcher *m) {
    if (++m->steps >= STEPS_CHARGED) {
        lua_core_charge(m->state, m->steps);
        m->steps = 0;
    }
}

/* ---- one character ---- */

static bool between(unsigned char c, char first, char last) {
    return c >= (unsigned char)first && c <= (unsigned char)last;
}

static bool is_alpha(unsigned char c) {
    return between(c, 'a', 'z') || between(c, 'A', 'Z');
}

static bool is_alnum(unsigned char c) {
    return is_alpha(c) || between(c, '0', '9');
}

static unsigned char lower(unsigned char c) {
    return between(c, 'A', 'Z') ? (unsigned char)(c | 0x20) : c;
}

/* %a, %A …: what stands behind the % and is no letter of a class means itself. */
static bool in_class(unsigned char c, unsigned char class) {
    bool is;

    switch (lower(class)) {
    case 'a':
        is = is_alpha(c);
        break;
    case 'c':
        is = c < ' ' || c == 127;
        break;
    case 'd':
        is = between(c, '0', '9');
        break;
    case 'g':
        is = c > ' ' && c < 127;
        break;
    case 'l':
        is = between(c, 'a', 'z');
        break;
    case 'p':
        is = c > ' ' && c < 127 && !is_alnum(c);
        break;
    case 's':
        is = c == ' ' || between(c, '\t', '\r');
        break;
    case 'u':
        is = between(c, 'A', 'Z');
        break;
    case 'w':
        is = is_alnum(c);
        break;
    case 'x':
        is = between(c, '0', '9') || between(lower(c), 'a', 'f');
        break;
    default:
        return class == c;
    }
    return is != between(class, 'A', 'Z');
}

/* `p` is at "[", `end` behind "]". */
static bool in_set(unsigned char c, const char *p, const char *end) {
    const char *const last = end - 1;
    bool inside = true;

    p++;
    if (*p == '^') {
        inside = false;
        p++;
    }
    while (p < last) {
        if (*p == '%') {
            if (in_class(c, (unsigned char)p[1])) {
                return inside;
            }
            p += 2;
        } else if (p[1] == '-' && p + 2 < last) {
            if (between(c, p[0], p[2])) {
                return inside;
            }
            p += 3;
        } else {
            if ((unsigned char)*p == c) {
                return inside;
            }
            p++;
        }
    }
    return !inside;
}

/* Behind the single-character item that begins at `p`. */
static const char *item_end(const struct lua_matcher *m, const char *p) {
    const char first = *p++;

    if (first == '%') {
        if (p == m->pattern_end) {
            luaL_error(m->state, "malformed pattern (ends with '%%')");
        }
        return p + 1;
    }
    if (first != '[') {
        return p;
    }
    if (p < m->pattern_end && *p == '^') {
        p++;
    }
    do { /* a "]" that comes first means itself */
        if (p == m->pattern_end) {
            luaL_error(m->state, "malformed pattern (missing ']')");
        }
        if (*p++ == '%') {
            if (p == m->pattern_end) {
                luaL_error(m->state, "malformed pattern (missing ']')");
            }
            p++;
        }
    } while (p == m->pattern_end || *p != ']');
    return p + 1;
}

static bool match_one(struct lua_matcher *m, const char *s, const char *p, const char *end) {
    count_step(m);
    if (s >= m->subject_end) {
        return false;
    }
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class((unsigned char)*s, (unsigned char)p[1]);
    case '[':
        return in_set((unsigned char)*s, p, end);
    default:
        return *s == *p;
    }
}

/* ---- items ---- */

static const char *
match_most(struct lua_matcher *m, const char *s, const char *p, const char *end) {
    ptrdiff_t i = 0;

    while (match_one(m, s + i, p, end)) {
        i++;
    }
    for (; i >= 0; i--) {
        const char *const rest = match_here(m, s + i, end + 1);
        if (rest != NULL) {
            return rest;
        }
    }
    return NULL;
}

static const char *
match_least(struct lua_matcher *m, const char *s, const char *p, const char *end) {
    for (;;) {
        const char *const rest = match_here(m, s, end + 1);
        if (rest != NULL) {
            return rest;
        }
        if (!match_one(m, s, p, end)) {
            return NULL;
        }
        s++;
    }
}

/* %bxy; `p` is at x. */
static const char *match_balance(struct lua_matcher *m, const char *s, const char *p) {
    int open = 1;

    if (p + 1 >= m->pattern_end) {
        luaL_error(m->state, "malformed pattern (missing arguments to '%%b')");
    }
    if (s >= m->subject_end || *s != p[0]) {
        return NULL;
    }
    while (++s < m->subject_end) {
        count_step(m);
        if (*s == p[1]) {
            if (--open == 0) {
                return s + 1;
            }
        } else if (*s == p[0]) {
            open++;
        }
    }
    return NULL;
}

/* %f[set]; `p` is at "[". */
static bool match_frontier(struct lua_matcher *m, const char *s, const char *p, const char **end) {
    if (p == m->pattern_end || *p != '[') {
        luaL_error(m->state, "missing '[' after '%%f' in pattern");
    }
    *end = item_end(m, p);
    const char before = s == m->subject ? '\0' : s[-1];
    const char after = s == m->subject_end ? '\0' : *s;
    return !in_set((unsigned char)before, p, *end) && in_set((unsigned char)after, p, *end);
}

static const char *match_capture(struct lua_matcher *m, const char *s, char digit) {
    const int index = digit - '1';

    if (index < 0 || index >= m->capture_count || m->captures[index].size == SIZE_OPEN) {
        luaL_error(m->state, "invalid capture index %%%d", index + 1);
    }
    if (m->captures[index].size == SIZE_POSITION) {
        return NULL; /* a number is no text that could come again */
    }
    const size_t size = (size_t)m->captures[index].size;
    if ((size_t)(m->subject_end - s) < size || memcmp(m->captures[index].start, s, size) != 0) {
        return NULL;
    }
    return s + size;
}

static const char *open_capture(struct lua_matcher *m, const char *s, const char *p, int size) {
    if (m->capture_count == LUA_MATCHER_CAPTURES_MAX) {
        luaL_error(m->state, "too many captures");
    }
    m->captures[m->capture_count].start = s;
    m->captures[m->capture_count].size = size;
    m->capture_count++;
    const char *const rest = match_here(m, s, p);
    if (rest == NULL) {
        m->capture_count--;
    }
    return rest;
}

static const char *close_capture(struct lua_matcher *m, const char *s, const char *p) {
    int index = m->capture_count - 1;

    while (index >= 0 && m->captures[index].size != SIZE_OPEN) {
        index--;
    }
    if (index < 0) {
        luaL_error(m->state, "invalid pattern capture");
    }
    m->captures[index].size = s - m->captures[index].start;
    const char *const rest = match_here(m, s, p);
    if (rest == NULL) {
        m->captures[index].size = SIZE_OPEN;
    }
    return rest;
}

/* ---- a pattern ---- */

/* A single-character item with what may follow it. True: go on with *s and *p; false: `result` it
 * is. */
static bool match_item(struct lua_matcher *m, const char **s, const char **p, const char **result) {
    const char *const item = *p;
    const char *const end = item_end(m, item);
    const char suffix = '\0';

    *result = NULL;
    switch (end < m->pattern_end ? *end : suffix) {
    case '?':
        if (match_one(m, *s, item, end)) {
            *result = match_here(m, *s + 1, end + 1);
            if (*result != NULL) {
                return false;
            }
        }
        *p = end + 1;
        return true;
    case '+':
        if (match_one(m, *s, item, end)) {
            *result = match_most(m, *s + 1, item, end);
        }
        return false;
    case '*':
        *result = match_most(m, *s, item, end);
        return false;
    case '-':
        *result = match_least(m, *s, item, end);
        return false;
    default:
        if (!match_one(m, *s, item, end)) {
            return false;
        }
        ++*s;
        *p = end;
        return true;
    }
}

/* %b, %f and %1 to %9. True if `p` was at one of them; then *s is NULL if it does not match. */
static bool match_special(struct lua_matcher *m, const char **s, const char **p) {
    const char *const item = *p;

    if (item[0] != '%' || item + 1 == m->pattern_end) {
        return false;
    }
    if (item[1] == 'b') {
        *s = match_balance(m, *s, item + 2);
        *p = item + 4;
        return true;
    }
    if (item[1] == 'f') {
        if (!match_frontier(m, *s, item + 2, p)) {
            *s = NULL;
        }
        return true;
    }
    if (between((unsigned char)item[1], '0', '9')) {
        *s = match_capture(m, *s, item[1]);
        *p = item + 2;
        return true;
    }
    return false;
}

/* Where the match of the pattern from `p` on ends; NULL if there is none. */
static const char *match_here(struct lua_matcher *m, const char *s, const char *p) {
    const char *result = NULL;
    bool more = true;

    if (++m->depth > DEPTH_MAX) {
        luaL_error(m->state, "pattern too complex");
    }
    count_step(m);
    while (more) {
        if (p == m->pattern_end) {
            result = s;
            break;
        }
        if (*p == '(') {
            const bool position = p + 1 < m->pattern_end && p[1] == ')';
            result =
                open_capture(m, s, p + (position ? 2 : 1), position ? SIZE_POSITION : SIZE_OPEN);
            break;
        }
        if (*p == ')') {
            result = close_capture(m, s, p + 1);
            break;
        }
        if (*p == '$' && p + 1 == m->pattern_end) {
            result = s == m->subject_end ? s : NULL;
            break;
        }
        more = match_special(m, &s, &p) ? s != NULL : match_item(m, &s, &p, &result);
    }
    m->depth--;
    return result;
}

/* ---- from outside ---- */

void lua_matcher_begin(struct lua_matcher *m, lua_State *state, int subject, int pattern) {
    size_t size;

    memset(m, 0, sizeof *m);
    m->state = state;
    m->subject = luaL_checklstring(state, subject, &size);
    m->subject_end = m->subject + size;
    m->pattern = luaL_checklstring(state, pattern, &size);
    m->pattern_end = m->pattern + size;
}

const char *lua_matcher_run(struct lua_matcher *m, const char *from, const char *pattern) {
    m->capture_count = 0;
    m->depth = 0;
    const char *const end = match_here(m, from, pattern);
    lua_core_charge(m->state, m->steps);
    m->steps = 0;
    return end;
}

void lua_matcher_push(struct lua_matcher *m, int index, const char *start, const char *end) {
    if (index >= m->capture_count) {
        if (index != 0) {
            luaL_error(m->state, "invalid capture index %%%d", index + 1);
        }
        lua_pushlstring(m->state, start, (size_t)(end - start));
    } else if (m->captures[index].size == SIZE_POSITION) {
        lua_pushinteger(m->state, m->captures[index].start - m->subject + 1);
    } else if (m->captures[index].size == SIZE_OPEN) {
        luaL_error(m->state, "unfinished capture");
    } else {
        lua_pushlstring(m->state, m->captures[index].start, (size_t)m->captures[index].size);
    }
}

int lua_matcher_push_all(struct lua_matcher *m, const char *start, const char *end) {
    const int count = m->capture_count == 0 && start != NULL ? 1 : m->capture_count;

    luaL_checkstack(m->state, count, "too many captures");
    for (int i = 0; i < count; i++) {
        lua_matcher_push(m, i, start, end);
    }
    return count;
}
