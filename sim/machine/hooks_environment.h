/* What a program sees of the machine it runs on: the same everywhere, each node its own.
 *
 * Context:     `environ` is one variable of libc, which all nodes share.
 * Decision:    getenv() and its kin work on the node's own variables, which start as a fixed list.
 *              `environ` shows that list, and in a world of one node always the node's own.
 * Price:       in a world of several nodes, code that reads `environ` itself does not see what its
 *              node has set.
 *
 * Memory:      a node's variables lie in the run's heap once it changed one.
 * Errors:      as in libc.
 * Threads:     simulated threads. No call here is a point or costs time.
 * Determinism: fixed answers; nothing is asked of the real machine.
 */
#ifndef SIM_MACHINE_HOOKS_ENVIRONMENT_H
#define SIM_MACHINE_HOOKS_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#define HOOKS_ENVIRONMENT_PROCESSORS 4
#define HOOKS_ENVIRONMENT_DIRECTORY "/home/sim" /* getcwd(): the directory of the run */
#define HOOKS_ENVIRONMENT_FILES_MAX 1024        /* RLIMIT_NOFILE at the start */

/* Before images are loaded: the time zone of libc is UTC. */
void hooks_environment_open(void);

/* Then, before memory is tracked: libc's variables for the environment and the process's name are
 * those of a run, so that no run needs to write them. */
void hooks_environment_give(void);
void hooks_identity_open(void);

/* Every node's own state is that of the start again. */
void hooks_environment_begin(void); /* variables */
void hooks_identity_begin(void);    /* umask */
void hooks_resource_begin(void);    /* limits */

/* The same for a node that crashed. */
void hooks_environment_node_begin(uint32_t node);
void hooks_identity_node_begin(uint32_t node);
void hooks_resource_node_begin(uint32_t node);

/* A thread's id as gettid() shows it; its node's first thread has the node's process id. */
uint32_t hooks_environment_tid(uint32_t thread);
uint32_t hooks_environment_pid(uint32_t node);

/* The living thread of the running node that has this id; 0 means the caller. 0 = there is none. */
uint32_t hooks_environment_thread(int32_t tid);

/* The simulated processors in a cpu_set_t of so many bytes, as bits; 0 = none. */
uint64_t hooks_environment_processors(const void *set, size_t size);

/* Permissions that files of the running node are made without: its umask(). */
uint32_t hooks_environment_mask(void);

/* How many descriptors the running node may have: its RLIMIT_NOFILE. */
uint64_t hooks_environment_files_max(void);

#endif
