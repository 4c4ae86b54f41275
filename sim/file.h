/* Open files: what descriptors of a node refer to (Linux: open file descriptions).
 *
 *   file_create ─► numbers (sim/descriptor.h) and calls under way hold references ─► file_drop:
 *                  with the last one the kind's close runs
 *
 * What a file is and does belongs to its kind (pipe, eventfd, socket …), which registers its
 * operations once. Operations are effects: they neither announce points nor leave events, but may
 * wait.
 *
 * Memory:      records in the world's arena, by index, 0 = none.
 * Limits:      FILES_MAX open at once; then -ENFILE.
 * Units:       bytes.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_FILE_H
#define SIM_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "sim/arena.h"
#include "sim/schedule.h"

#define FILES_MAX 262144u
#define FILE_CALL_MAX 0x7ffff000u /* bytes that one call may move: MAX_RW_COUNT */

enum file_kind {
    FILE_NONE,
    FILE_STANDARD, /* stdin, stdout, stderr, as a node begins with them */
    FILE_EPOLL,
    FILE_EVENT,
    FILE_TIMER,
    FILE_PIPE,
    FILE_SOCKET,
    FILE_SIGNAL,
    FILE_REAL, /* a file of the host, and the devices that stand for one */
    FILE_KIND_COUNT
};

struct file {
    uint32_t kind; /* enum file_kind */
    uint32_t node;
    uint32_t status; /* O_ACCMODE, O_NONBLOCK, O_APPEND … */
    uint32_t references;
    uint32_t object;                   /* display id */
    uint32_t subject;                  /* what the kind knows it by */
    uint32_t watch_first, watch_last;  /* sim/readiness.h: who is told of changes */
    uint32_t node_previous, node_next; /* all files of the node */
    const void *site;                  /* of the call that opened it; for people */
};

/* How a call was made. */
struct file_call {
    const struct iovec *parts;
    uint32_t part_count;
    bool vector; /* readv(), writev(): to move nothing succeeds whatever the kind would say */
    bool nonblocking;
    const void *site;
};

struct file_operations {
    /* NULL: -EINVAL. Bytes, or a negative errno; -EPIPE: the caller raises SIGPIPE. */
    int64_t (*read)(void *context, uint32_t file, const struct file_call *call);
    int64_t (*write)(void *context, uint32_t file, const struct file_call *call);
    /* EPOLLIN, EPOLLOUT … as poll() sees them. NULL: always ready, and not for epoll. */
    uint32_t (*events)(void *context, uint32_t file);
    /* The last reference is gone. NULL: nothing to do. */
    void (*close)(void *context, uint32_t file);
    bool seeks; /* has a position: pread() and lseek() are not -ESPIPE */
};

struct files {
    struct pool table;
    struct schedule *schedule;
    struct {
        const struct file_operations *operations;
        void *context;
    } kinds[FILE_KIND_COUNT];
    /* Called before close: nobody watches the file any more. */
    void (*forget)(void *context, uint32_t file);
    void *forget_context;
    uint32_t node_first[]; /* by node */
};

/* Bytes for `struct files` with its nodes; the table comes on top, in the arena. */
uint64_t file_arena_size(uint32_t nodes);

/* Once. */
struct files *file_init(struct arena *arena, struct schedule *schedule, uint32_t nodes);

/* Once for each kind. The operations are borrowed. */
void file_kind_add(struct files *files,
                   enum file_kind kind,
                   const struct file_operations *operations,
                   void *context);

/* Starts a run without files. */
void file_begin(struct files *files);

/* The word for a kind: "socket", "pipe" … */
const char *file_kind_name(enum file_kind kind);

static inline struct file *file_at(const struct files *files, uint32_t index) {
    return &((struct file *)(void *)files->table.records)[index];
}

/* A file of a node with one reference, the caller's; 0 at the limit. Its site is that of the
 * running thread's call. */
uint32_t file_create(struct files *files,
                     enum file_kind kind,
                     uint32_t node,
                     uint32_t status,
                     uint32_t object,
                     uint32_t subject);

void file_hold(struct files *files, uint32_t index);
void file_drop(struct files *files, uint32_t index);

/* Closes what a node that is gone has left open: files in use by calls that never return. */
void file_node_end(struct files *files, uint32_t node);

/* Why a file cannot be read (or written) at all: -EBADF for how it was opened, -EINVAL for what it
 * is; else 0. */
int64_t file_refusal(const struct files *files, uint32_t index, bool write);

int64_t file_read(struct files *files, uint32_t index, const struct file_call *call);
int64_t file_write(struct files *files, uint32_t index, const struct file_call *call);
uint32_t file_events(struct files *files, uint32_t index);

static inline const struct file_operations *file_operations(const struct files *files,
                                                            uint32_t index) {
    return files->kinds[file_at(files, index)->kind].operations;
}

/* Bytes in all parts; at most FILE_CALL_MAX. */
uint64_t file_call_size(const struct file_call *call);

#endif
