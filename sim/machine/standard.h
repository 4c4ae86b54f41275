/* The standard streams of a node: what it prints is kept for the report, what it reads is empty.
 *
 * Memory:      the record's output buffer.
 * Errors:      none.
 * Threads:     simulated threads.
 * Determinism: they look like pipes, so that nothing depends on a terminal.
 */
#ifndef SIM_MACHINE_STANDARD_H
#define SIM_MACHINE_STANDARD_H

#include <stdbool.h>
#include <stdint.h>

/* Once, when the world is made. Registers FILE_STANDARD. */
void standard_open(void);

/* True when a number of the running node is its standard output or error, as it began with. */
bool standard_output(int64_t number);

/* Writes out what the running node's streams hold, and what all have printed: fflush(NULL), for
 * libc has one list for all nodes. 0, or EOF with errno. */
int standard_flush(void);

/* A node crashed: nobody flushes the streams that it had opened. */
void standard_node_crash(uint32_t node);

/* A thread of it, by its thread pointer, holds no lock of a stream that all nodes share. */
void standard_thread_gone(const void *thread_pointer);

/* Keeps what the program printed and stdio still holds, when a run ends before that is written:
 * with a finding, perhaps in a signal handler. */
void standard_rest(void);

#endif
