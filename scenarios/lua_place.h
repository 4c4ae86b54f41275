/* Where in the file a node's tasks are, for whoever shows what happened (sim_interpret).
 *
 *   an event ──► which task runs on this thread ──► its innermost coroutine ──► "late.lua:12"
 *
 * Memory:      nothing is allocated; strings are the node's.
 * Threads:     any of the node's.
 * Determinism: for people only.
 */
#ifndef SCENARIOS_LUA_PLACE_H
#define SCENARIOS_LUA_PLACE_H

struct lua_run_node;

/* From here on events of the node are shown at lines of the file, until lua_place_end. */
void lua_place_begin(struct lua_run_node *node);
void lua_place_end(void);

#endif
