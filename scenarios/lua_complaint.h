/* What is said about a scenario file that is wrong.
 *
 *   pair.lua:12: there is no `nod`; did you mean `node`?
 *       local a = nod("x")
 *                 ^
 *
 * The caret stands under the token that the parser did not expect, else under the name that the
 * message quotes if it is in the line once, else under the line's first letter. Tabs stay tabs, and
 * letters of more than one byte take the columns that a terminal gives them. Bytes that are no text
 * are '?'.
 *
 * Memory: the caller's; what does not fit is cut off.
 */
#ifndef SCENARIOS_LUA_COMPLAINT_H
#define SCENARIOS_LUA_COMPLAINT_H

#include <stddef.h>

struct lua_State;
struct lua_source;

struct lua_complaint {
    struct lua_State *thread;      /* that ran, and whose stack the error left; NULL: none */
    const struct lua_source *main; /* what was run: for errors that belong to no line */
    int status;                    /* Lua's */
    char *text;
    size_t size; /* > 0 */
};

/* The error is on top of the stack of `state`, and stays there. May raise an error of memory. */
void lua_complaint_write(struct lua_State *state, const struct lua_complaint *complaint);

#endif
