/* Values of a thread's own, by key: pthread_key_create and its kin.
 *
 * A node numbers its keys from 0 as a process does. Keys that constructors created before the run
 * are libc's, with the lowest numbers in every node; in a run their values stay with libc, and
 * their destructors are run here.
 *
 * Memory:      the first values of a thread lie in its thread-local storage, further ones in the
 *              run's heap.
 * Limits:      PTHREAD_KEYS_MAX keys a node.
 * Errors:      positive errno values, as pthreads return them.
 * Threads:     simulated threads; nothing here is a point or costs time.
 * Determinism: destructors run in the order of key numbers.
 */
#ifndef SIM_MACHINE_HOOKS_KEY_H
#define SIM_MACHINE_HOOKS_KEY_H

#include <stdint.h>

/* No node has a key. */
void hooks_key_begin(void);

/* The same for a node that crashed. */
void hooks_key_node_begin(uint32_t node);

/* The running thread ends: runs the destructors of its values, PTHREAD_DESTRUCTOR_ITERATIONS times
 * at most. As in glibc they come after those of C++ thread_locals. */
void hooks_key_thread_end(void);

#endif
