/* Does a Lua pattern match here? Every step is counted as an instruction.
 *
 *   lua_matcher_begin(&m, state, 1, 2);            subject and pattern: arguments 1 and 2
 *   end = lua_matcher_run(&m, s, m.pattern);       a match that begins at s ends at `end`
 *   lua_matcher_push_all(&m, s, end);
 *
 * Lua's own matcher counts nothing: ("a"):rep(1000):find(".-.-.-.-.-b") would not end in a year,
 * and no instruction limit would notice.
 *
 * Memory:      the caller's, good while the two texts stay on Lua's stack.
 * Limits:      LUA_MATCHER_CAPTURES_MAX; 200 items within one another.
 * Errors:      Lua errors.
 * Determinism: the classes (%a …) are ASCII's, whatever the locale.
 * Source:      Lua 5.4 Reference Manual, section 6.4.1.
 */
#ifndef SCENARIOS_LUA_MATCHER_H
#define SCENARIOS_LUA_MATCHER_H

#include <stddef.h>

enum { LUA_MATCHER_CAPTURES_MAX = 32 };

struct lua_State;

struct lua_matcher {
    struct lua_State *state;
    const char *subject, *subject_end;
    const char *pattern, *pattern_end;
    int capture_count;
    int depth;
    unsigned steps; /* not charged yet */
    struct {
        const char *start;
        ptrdiff_t size; /* or one of two marks */
    } captures[LUA_MATCHER_CAPTURES_MAX];
};

void lua_matcher_begin(struct lua_matcher *m, struct lua_State *state, int subject, int pattern);

/* Where the match that begins at `from` ends; NULL if there is none. `pattern`: m->pattern, or
 * behind its "^". */
const char *lua_matcher_run(struct lua_matcher *m, const char *from, const char *pattern);

/* Pushes capture `index`, counted from 0; if there are none, 0 is the whole match. */
void lua_matcher_push(struct lua_matcher *m, int index, const char *start, const char *end);

/* Pushes all captures: how many. If there are none: the whole match, unless `start` is NULL. */
int lua_matcher_push_all(struct lua_matcher *m, const char *start, const char *end);

#endif
