/* pairs and next of the Lua sandbox, in the order of the keys instead of that of a hash table.
 *
 *   1 2 3 …  │  … -2 -1 0  │  strings, byte by byte  │  false true
 *
 * The order of two keys depends on nothing but them, so that a removal on the way changes nothing
 * for the rest. A key whose place is its address, or that is a fraction, is an error.
 */
#ifndef SCENARIOS_LUA_ORDER_H
#define SCENARIOS_LUA_ORDER_H

struct lua_State;

/* pairs(table): the keys that are there now, sorted once: O(n log n). */
int lua_order_pairs(struct lua_State *state);

/* next(table [, key]): a search for the smallest key behind: O(n). */
int lua_order_next(struct lua_State *state);

#endif
