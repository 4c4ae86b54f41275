/* Quantities of a scenario file: "5ms", "64KB", "1%", or whole numbers of the smallest unit.
 *
 * Errors:      a Lua error that says what the argument or option `what` may be.
 * Determinism: integers; nothing is rounded.
 */
#ifndef SCENARIOS_LUA_QUANTITY_H
#define SCENARIOS_LUA_QUANTITY_H

#include <stdint.h>

struct lua_State;

enum lua_quantity {
    LUA_QUANTITY_TIME,  /* ns, us, ms, s, min, h; a number: ns */
    LUA_QUANTITY_BYTES, /* B, KB, MB, GB: powers of 1024; a number: bytes */
    LUA_QUANTITY_PART,  /* %, ppm; a number: parts per million */
};

/* The value at this index of the stack. */
uint64_t
lua_quantity_read(struct lua_State *state, int index, enum lua_quantity kind, const char *what);

/* The same with a sign, where there is one. */
int64_t
lua_quantity_signed(struct lua_State *state, int index, enum lua_quantity kind, const char *what);

/* The same, or as far to both sides: "±2s" is -2 s and 2 s. Least and most. */
void lua_quantity_range(struct lua_State *state,
                        int index,
                        enum lua_quantity kind,
                        const char *what,
                        int64_t range[2]);

#endif
