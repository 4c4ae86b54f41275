/* A node's life as a process: argv, main, exit, what runs at exit.
 *
 *   process_main ─► main(argc, argv) ─► (held back in half of the runs) ─► process_exit
 *   process_exit ─► functions registered with atexit, last first ─► the node is gone
 *
 * Memory:      argv and the list of functions lie in the run's heap.
 * Limits:      none of its own.
 * Errors:      none.
 * Threads:     simulated threads.
 * Determinism: functions run in reverse order of registration.
 */
#ifndef SIM_MACHINE_PROCESS_H
#define SIM_MACHINE_PROCESS_H

#include <stdint.h>

/* First function of a node's first thread; `node` is its index. */
void *process_main(void *node);

/* Forgets what the last run registered. */
void process_begin(void);

/* The same for a node that crashed. */
void process_node_begin(uint32_t node);

enum process_ending {
    PROCESS_EXIT,        /* exit(): function(argument) */
    PROCESS_EXIT_STATUS, /* exit(): function(status, argument) */
    PROCESS_QUICK,       /* quick_exit(): function(argument) */
};

/* Registers a function for the running node's end; 0, or -1 without memory. */
int process_at_exit(enum process_ending ending, void *function, void *argument);

/* exit() of the running node. */
_Noreturn void process_exit(int status);

/* quick_exit() of the running node: no stream is flushed. */
_Noreturn void process_quick_exit(int status);

#endif
