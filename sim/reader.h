/* What a reader of scenario files is written with: a module like others, whose SIM_SCENARIO()
 * declares what the file says.
 *
 *   sim run pair.lua ──► build/readers/lua.so: sim_scenario(world) ──► sim_file(world), sim_node …
 *
 * A reader is found by the ending of the file. Its own functions can be programs, too.
 *
 * Memory:      strings are copied; what is returned lives as long as the world is declared.
 * Errors:      the first refusal stays, but for sim_refuse.
 * Threads:     declarations: none.
 */
#ifndef SIM_READER_H
#define SIM_READER_H

#include <stdint.h>

#include "sim/scenario.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The path of the file to read; "" when the scenario is a module. */
const char *sim_file(const struct sim_world *world);

/* A module that nodes may run programs of: a path from the file's folder, or a name: NAME.so beside
 * the file, else the scenario of this name. Its number; 0 when refused. */
uint32_t sim_module(struct sim_world *world, const char *name);

/* As sim_node, with a program of that module; 0 is the reader itself. */
uint32_t sim_node_of(struct sim_world *world,
                     uint32_t module,
                     const char *name,
                     const char *program,
                     const char *const *arguments);

/* The node with this name; 0 when there is none. */
uint32_t sim_node_named(const struct sim_world *world, const char *name);

/* What `sim fuzz` is to find: "passes", or "fails: " and the sentence of a property. For `sim
 * check` and for tests of scenarios; a run is judged without it. */
void sim_expect(struct sim_world *world, const char *outcome);

/* The scenario cannot be, and this sentence says why, in the place of what was refused before. */
void sim_refuse(struct sim_world *world, const char *sentence);

/* Why it cannot be; "" = so far it can, but for what is still missing. */
const char *sim_refusal(struct sim_world *world);

/* The same when all is declared. */
const char *sim_refusal_at_end(struct sim_world *world);

/* A task of a node, by its name, comes to an instant of threads: programs of the reader's own say
 * so by sim_task. BLOCKS cannot be held. */
uint32_t sim_on_task(struct sim_world *world,
                     uint32_t node,
                     const char *name,
                     enum sim_thread_instant instant,
                     uint32_t nth);

/* ---- for programs of the reader's own ----
 *
 * A node has a copy of the reader of its own. What the file says is there once more: the reader
 * keeps its text when it declares, and a program that needs what the file computes reads that
 * again, into a world that is thrown away. */

/* Every program finds `what` by sim_kept. It must stay where it is for the life of the process, and
 * be read alone; NULL before. */
void sim_keep(struct sim_world *world, const void *what);
const void *sim_kept(void);

/* Within a program: an empty world. What is declared in it gets the numbers that it got the first
 * time, if all is declared once more, without a wait in between; the next call empties it. Modules
 * are not looked for again. */
struct sim_world *sim_world_again(void);

/* Within a program: a task that the running thread runs comes to an instant. Neither an event nor a
 * point; nothing unless a scenario names it. */
void sim_task(const char *name, enum sim_thread_instant instant);

#ifdef __cplusplus
}
#endif

#endif
