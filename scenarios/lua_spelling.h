/* What somebody may have meant who wrote a name that is not there. */
#ifndef SCENARIOS_LUA_SPELLING_H
#define SCENARIOS_LUA_SPELLING_H

enum {
    LUA_SPELLING_NAME_MAX = 32,    /* longer names are not compared */
    LUA_SPELLING_DISTANCE_MAX = 2, /* letters inserted, left out or replaced, neighbours swapped */
};

/* The Levenshtein distance of two names, where a swap of neighbours counts as one change, too.
 * LUA_SPELLING_DISTANCE_MAX + 1 if it is more than that, or more than half of the shorter name. */
int lua_spelling_distance(const char *written, const char *known);

#endif
