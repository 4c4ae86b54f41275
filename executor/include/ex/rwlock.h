/* A lock for many readers or one writer; served in order, so that neither starves the other.
 *
 *   held by │ queue                     a reader that comes now waits behind the writer, though
 *   R R     │ W R R W R                 only readers hold the lock
 *   W       │ R R W R                   after both R have unlocked
 *   R R     │ W R                       both at once
 *
 * A reader that holds it and reads again waits for ever when a writer stands between, and one that
 * holds it and writes, or a writer that locks again, always does.
 *
 * Memory:  the lock is its user's; nothing is allocated.
 * Errors:  -ECANCELED: not locked.
 * Threads: ex/wait.h.
 */
#ifndef EXECUTOR_INCLUDE_EX_RWLOCK_H
#define EXECUTOR_INCLUDE_EX_RWLOCK_H

#include <ex/wait.h>

struct ex_rwlock {
    struct ex_wait_queue queue; /* of nodes in struct ex_rwlock_read and ex_rwlock_write */
    uint32_t reader_count;      /* that hold it */
    bool is_written;            /* a writer holds it */
    struct ex_wait_guard guard;
};

struct ex_rwlock_node {
    struct ex_wait_node node;
    bool is_writer;
};

EX_PUBLIC void ex_rwlock_init(struct ex_rwlock *rwlock, enum ex_wait_kind kind);

/* Panics when it is held. */
EX_PUBLIC void ex_rwlock_deinit(struct ex_rwlock *rwlock);

/* Awaitable: 0, the caller is one of the readers; -ECANCELED. */
struct ex_rwlock_read {
    struct ex_frame frame;
    struct ex_rwlock *rwlock;
    struct ex_rwlock_node node;
};
EX_PUBLIC struct ex_frame *ex_rwlock_read(struct ex_rwlock_read *self, struct ex_rwlock *rwlock);

/* Awaitable: 0, the caller is the writer; -ECANCELED. */
struct ex_rwlock_write {
    struct ex_frame frame;
    struct ex_rwlock *rwlock;
    struct ex_rwlock_node node;
};
EX_PUBLIC struct ex_frame *ex_rwlock_write(struct ex_rwlock_write *self, struct ex_rwlock *rwlock);

/* True: locked. Never wait, and never pass those that wait. */
EX_PUBLIC bool ex_rwlock_try_read(struct ex_rwlock *rwlock);
EX_PUBLIC bool ex_rwlock_try_write(struct ex_rwlock *rwlock);

/* Panic when no reader, or no writer, holds it. */
EX_PUBLIC void ex_rwlock_read_unlock(struct ex_rwlock *rwlock);
EX_PUBLIC void ex_rwlock_write_unlock(struct ex_rwlock *rwlock);

/* The writer becomes a reader, with no writer in between. */
EX_PUBLIC void ex_rwlock_downgrade(struct ex_rwlock *rwlock);

#ifndef EX_SMALL
EX_PUBLIC void ex_rwlock_read_blocking(struct ex_rwlock *rwlock);
EX_PUBLIC void ex_rwlock_write_blocking(struct ex_rwlock *rwlock);
#endif

#endif
