/* Nodes whose program is a function of the scenario file.
 *
 *   reading   node("server", function() … end)        it is remembered by the node's name
 *   in a run  lua_node_main, in the node's own copy: the same text is read once more, into a world
 *             that is thrown away; then the function of this name is the node's first task
 *
 * What a file sees in the two, and after them, in a task:
 *
 *   node, link, race …     declare │ give the same, declare nothing │ an error
 *   sleep, mutex, spawn …  an error                │ an error       │ lua_task.h, lua_meet.h …
 *
 * Memory:      what a node computes is its own; nodes share no value.
 * Limits:      LUA_NODE_MEMORY_BYTES for each.
 * Errors:      Lua errors.
 * Determinism: the same text gives the same twice (lua_sandbox.h); chance in tasks is the run's.
 */
#ifndef SCENARIOS_LUA_NODE_H
#define SCENARIOS_LUA_NODE_H

#include <stdbool.h>
#include <stddef.h>

#define LUA_NODE_MEMORY_BYTES ((size_t)512 << 20)

struct lua_sandbox;
struct sim_world;

/* All that a file sees while it is read. False: there is no memory. */
bool lua_node_define(struct lua_sandbox *sandbox, struct sim_world *world);

/* The file was read: its text is kept for the nodes that run functions of it. */
void lua_node_keep(struct lua_sandbox *sandbox, struct sim_world *world);

#endif
