/* What the nodes' operating systems keep: files and their numbers, readiness, pipes, counters,
 * sockets and the network between them.
 *
 *   descriptor ─► file ─┬─► counter     eventfd, timerfd
 *       ▲               ├─► pipe
 *       │               ├─► readiness   epoll
 *      hook             └─► socket_file ─► endpoint ─► stream, datagram ─► network
 *
 * Memory:      tables in the world's arena.
 * Limits:      those of the modules.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a function of the calls and choices.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/counter.h"
#include "sim/description.h"
#include "sim/descriptor.h"
#include "sim/endpoint.h"
#include "sim/file.h"
#include "sim/pipe.h"
#include "sim/readiness.h"
#include "sim/rights.h"
#include "sim/socket_file.h"

struct kernel {
    struct files *files;
    struct descriptors descriptors;
    struct readiness readiness;
    struct counters counters;
    struct pipes pipes;
    struct endpoints endpoints;
    struct rights rights;
    struct socket_files sockets;
};

uint64_t kernel_arena_size(const struct description *description);

/* Once. The kinds that the machine supplies (FILE_STANDARD, FILE_REAL) are registered by it. */
void kernel_init(struct kernel *kernel,
                 struct arena *arena,
                 struct schedule *schedule,
                 const struct description *description);

/* Starts a run. After schedule_begin. */
void kernel_begin(struct kernel *kernel);

/* A node is gone: closes what it has open. */
void kernel_node_end(struct kernel *kernel, uint32_t node);

/* The same by a loss of power: nobody is told. It may begin anew. */
void kernel_node_crash(struct kernel *kernel, uint32_t node);

#endif
