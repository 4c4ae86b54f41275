/* The nodes that a scenario file has declared, by their names, and the functions that they run.
 *
 * Memory:      Lua's: each state has its own.
 * Errors:      Lua errors.
 */
#ifndef SCENARIOS_LUA_REGISTER_H
#define SCENARIOS_LUA_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

#define LUA_REGISTER_PROGRAM "lua_node_main" /* of each node that runs a function (lua_node.c) */

struct lua_State;

enum lua_register_entry {
    LUA_REGISTER_NUMBER = 1,
    LUA_REGISTER_FUNCTION, /* nil: it runs a program of a module */
    LUA_REGISTER_WORKERS,
};

/* A node's name and program are at these indices; `workers` is of a function. */
void lua_register_add(struct lua_State *state,
                      int name,
                      int program,
                      uint32_t number,
                      uint32_t workers);

/* Pushes what is there of the node with this name, which must be there. */
void lua_register_push(struct lua_State *state, const char *name, enum lua_register_entry entry);

/* Whether the node with this number runs a function. */
bool lua_register_runs(struct lua_State *state, uint32_t number);

/* The number of the node at this index: a node, or a name. */
uint32_t lua_register_number(struct lua_State *state, int index);

#endif
