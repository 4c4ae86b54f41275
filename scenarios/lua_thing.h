/* What a scenario file holds in its hands: nodes, modules, occasions and the like, as values that
 * can be given to functions and asked for their members.
 *
 * Memory:      Lua's.
 * Errors:      Lua errors that name what was given and what there is.
 */
#ifndef SCENARIOS_LUA_THING_H
#define SCENARIOS_LUA_THING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/scenario.h"

#define LUA_THING_NAME_SIZE 128

struct lua_State;

enum lua_thing_kind {
    LUA_THING_NODE,
    LUA_THING_MODULE,
    LUA_THING_PROGRAM,
    LUA_THING_MESSAGE,
    LUA_THING_THREAD,
    LUA_THING_TIMER,
    LUA_THING_LIFE,
    LUA_THING_TASK,
    LUA_THING_OCCASION,
    LUA_THING_CONSTRAINT,
    LUA_THING_COUNTER,
    LUA_THING_BOUND,
    LUA_THING_KIND_COUNT
};

struct lua_thing {
    struct sim_world *world; /* what is being declared */
    enum lua_thing_kind kind;
    uint32_t number;        /* of a node, module, occasion, constraint; of a program: its module */
    uint32_t node, peer;    /* MESSAGE, THREAD, TASK, TIMER, LIFE, COUNTER, a call: where */
    uint32_t nth;           /* MESSAGE, THREAD, TASK, TIMER, LIFE, a call */
    struct sim_bound bound; /* BOUND */
    char name[LUA_THING_NAME_SIZE]; /* PROGRAM, COUNTER, TASK, BOUND (its counter), OCCASION: of a
                                       call, else "" */
};

/* Pushes a copy, whose members are what `index` gives, a function as of __index, the same one for
 * all things of a state. If the world refused what was declared just now, that becomes a Lua error.
 */
void lua_thing_push(struct lua_State *state,
                    const struct lua_thing *thing,
                    int (*index)(struct lua_State *state));

/* The thing at this index, NULL when it is none of this kind. */
const struct lua_thing *
lua_thing_find(struct lua_State *state, int index, enum lua_thing_kind kind);

/* The thing at this index, which must be of this kind. `what` it is for: "link: the first node". */
const struct lua_thing *
lua_thing_read(struct lua_State *state, int index, enum lua_thing_kind kind, const char *what);

/* The sentence at index 1 that a property begins with; `word` declares it. */
const char *lua_thing_sentence(struct lua_State *state, const char *word);

/* Raises what the world refused, if it did. */
void lua_thing_refused(struct lua_State *state, struct sim_world *world);

/* The number of a node; SIM_ANY for "any". */
uint32_t lua_thing_node(struct lua_State *state, int index, const char *what);

/* Complains about the name that somebody wrote where only these are known; the last is NULL. `what`
 * says of what: "a message has no `sent`". Does not return. */
_Noreturn void lua_thing_complain(struct lua_State *state,
                                  const char *what,
                                  const char *written,
                                  const char *const *known);

/* The options at this index, a table or nothing, must have no other names than these. Positive
 * whole numbers are allowed, for what comes as a list. */
void lua_thing_options(struct lua_State *state,
                       int index,
                       const char *what,
                       const char *const *known);

/* Pushes the option of this name and says whether it is there; what stands above goes. */
bool lua_thing_option(struct lua_State *state, int index, const char *name);

/* An option that is true or false; false when it is not there. */
bool lua_thing_flag(struct lua_State *state, int index, const char *name);

#endif
