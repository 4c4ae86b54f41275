/* A stable merge sort, for pairs and for table.sort of the Lua sandbox.
 *
 * Lua's own takes clock() and time() into its choice of a pivot, and leaves equal elements in an
 * order that nobody has chosen.
 *
 * Units: positions in what is sorted, from 0.
 */
#ifndef SCENARIOS_LUA_SORT_H
#define SCENARIOS_LUA_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lua_State;

/* Does what stands at `a` come before what stands at `b`? May leave by a Lua error. */
typedef bool lua_sort_before(void *context, uint32_t a, uint32_t b);

/* Fills order[0 … count-1] with the positions in order; spare is as long. */
void lua_sort_positions(uint32_t *order,
                        uint32_t *spare,
                        uint32_t count,
                        lua_sort_before *before,
                        void *context);

/* table.sort(array [, before]). */
int lua_sort_table(struct lua_State *state);

#endif
