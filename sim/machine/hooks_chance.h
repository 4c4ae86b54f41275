/* The program's random numbers.
 *
 *   getrandom, getentropy, arc4random, std::random_device, /dev/urandom ──► choices_number
 *   rand, random, drand48 before a seed ──► choices_number
 *   … after srand(), srandom(), srand48() ──► libc's own generators on the node's own state
 *
 * Memory:      one state a node.
 * Errors:      as in libc.
 * Threads:     simulated threads.
 * Determinism: every node has its own stream and its own generators.
 */
#ifndef SIM_MACHINE_HOOKS_CHANCE_H
#define SIM_MACHINE_HOOKS_CHANCE_H

#include <stddef.h>
#include <stdint.h>

/* Forgets the seeds of the run before. */
void hooks_chance_begin(void);

/* A node crashed: what its processes drew is forgotten, and the kernel's numbers go on. */
void hooks_chance_node_begin(uint32_t node);

/* Random bytes of the running node: what a read of /dev/urandom gives. */
void hooks_chance_fill(void *bytes, size_t size);

#endif
