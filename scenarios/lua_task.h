/* Tasks of a node whose program is a function: their beginning, their end, time.
 *
 *   local t = spawn("worker", function(n) sleep("5ms") return n end, 3)
 *   t:cancel()                 its next await raises "canceled", once
 *   local n, why = t:join()    its results; nil, "canceled"
 *
 * Each is a task of the executor's. The functions here are given to the file (lua_node.h).
 *
 * Memory:  a task keeps its coroutine while it runs; its handle, which is Lua's, what it returned.
 * Errors:  Lua errors; lua_run.h.
 */
#ifndef SCENARIOS_LUA_TASK_H
#define SCENARIOS_LUA_TASK_H

struct lua_State;
struct lua_run_node;
struct lua_run_task;

/* Pops a function and the arguments above it: a new task that runs it, which is pushed. The caller
 * keeps its name, and then the task does; NULL: none. */
void lua_task_start(struct lua_State *state,
                    struct lua_run_node *node,
                    const char *name,
                    int argument_count);

/* The task that runs on this thread; NULL: the executor does. */
const struct lua_run_task *lua_task_shown(void);

int lua_task_spawn(struct lua_State *state);   /* spawn([name,] function, …) */
int lua_task_yield(struct lua_State *state);   /* yield() */
int lua_task_sleep(struct lua_State *state);   /* sleep(time) */
int lua_task_busy(struct lua_State *state);    /* busy(time): the thread computes so long */
int lua_task_now(struct lua_State *state);     /* now(): nanoseconds */
int lua_task_timeout(struct lua_State *state); /* timeout(time, function, …) */
int lua_task_first(struct lua_State *state);   /* first(function, …): its number, its results */

#endif
