/* Files on their way between sockets of AF_UNIX: SCM_RIGHTS.
 *
 *   sendmsg ─► rights_create, rights_add ─► with the bytes or the datagram ─┬─► recvmsg: installed
 *                                                                           └─► rights_drop
 *
 * A bundle holds a reference to each of its files. In a stream it belongs to the bytes it was sent
 * with (`position` … `extent`): whoever reads the first of them gets it, and reads no further than
 * they reach, as in Linux. Differs: sockets that are only held by messages in their own queues are
 * not found and closed before their node ends.
 *
 * Memory:      bundles in the world's arena, by index, 0 = none.
 * Limits:      RIGHTS_MAX bundles on their way, then -ETOOMANYREFS; RIGHTS_FILES_MAX files each.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_RIGHTS_H
#define SIM_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/file.h"

#define RIGHTS_MAX 16384u
#define RIGHTS_FILES_MAX 253u    /* SCM_MAX_FD */
#define RIGHTS_EXTENT_MAX 36544u /* bytes of one buffer of a stream: SKB_MAX_HEAD and 32 KiB */

struct rights_bundle {
    uint32_t next; /* behind it in a stream; to be dropped */
    uint32_t node;
    uint32_t count;
    uint32_t extent;   /* bytes of a stream that it came with */
    uint64_t position; /* of the first of them */
    uint32_t files[RIGHTS_FILES_MAX];
};

struct rights {
    struct pool table;
    struct files *files;
    uint32_t doomed; /* bundles to be dropped */
    uint32_t held;   /* rights_hold() */
    bool dropping;
};

uint64_t rights_arena_size(void);

/* Once. */
void rights_init(struct rights *rights, struct arena *arena, struct files *files);

/* Starts a run. */
void rights_begin(struct rights *rights);

static inline struct rights_bundle *rights_at(const struct rights *rights, uint32_t index) {
    return (struct rights_bundle *)pool_at(&rights->table, index);
}

/* An empty bundle of a node; 0 at the limit. */
uint32_t rights_create(struct rights *rights, uint32_t node);

/* Adds a file, which it then holds; false when it is full. */
bool rights_add(struct rights *rights, uint32_t index, uint32_t file);

/* Another bundle of the same files, for who only peeks; 0 at the limit. */
uint32_t rights_copy(struct rights *rights, uint32_t index);

/* Lets its files go and frees it. Files that are closed by this may hold further bundles. */
void rights_drop(struct rights *rights, uint32_t index);

/* Until rights_release() what is dropped keeps its files: a socket that closes may not be disturbed
 * by another one that closes because of it. They nest. */
void rights_hold(struct rights *rights);
void rights_release(struct rights *rights);

/* Frees a bundle whose files the caller has taken. */
void rights_give(struct rights *rights, uint32_t index);

/* A node is gone: the bundles that are on their way there hold nothing any more. */
void rights_node_end(struct rights *rights, uint32_t node);

#endif
