/* What a scenario file says about faults of links and nodes, and when those of any kind come.
 *
 *   partition(a, b, { at = "5ms", lasts = "2ms" })      at a time
 *   crash(node, { when = occasion, restart = "2ms" })   each time that an occasion comes
 *   reset(a, b, { between = { "1ms", "9ms" } })         if and when the seed says so
 *
 * Errors:      Lua errors that say what there may be.
 */
#ifndef SCENARIOS_LUA_FAULT_H
#define SCENARIOS_LUA_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct lua_State;

/* When a fault comes; nothing said: at the start. */
struct lua_fault_when {
    bool said;
    uint32_t occasion; /* 0 = a time */
    uint64_t at_ns;
    uint64_t at_max_ns; /* 0 = not left to the seed */
};

/* `at`, `when` and `between` of the table at this index; one of them, if any. */
struct lua_fault_when lua_fault_when(struct lua_State *state, int index, const char *what);

/* Of the fault that was declared just now: when it comes, and the occasion that ends it (0 = none).
 * Only then it is whole and looked at. */
void lua_fault_comes(struct lua_State *state, const struct lua_fault_when *when, uint32_t ends_on);

int lua_fault_partition(struct lua_State *state);
int lua_fault_clog(struct lua_State *state);
int lua_fault_refuse(struct lua_State *state);
int lua_fault_reset(struct lua_State *state);
int lua_fault_crash(struct lua_State *state);
int lua_fault_pause(struct lua_State *state);

#endif
