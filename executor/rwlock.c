#include <ex/rwlock.h>

#include "executor/wait.h"

void ex_rwlock_init(struct ex_rwlock *rwlock, enum ex_wait_kind kind) {
    *rwlock = (struct ex_rwlock){.reader_count = 0};
    ex_wait_guard_init(&rwlock->guard, kind);
}

void ex_rwlock_deinit(struct ex_rwlock *rwlock) {
    ex_wait_enter(&rwlock->guard);
    EX_REQUIRE(rwlock->reader_count == 0 && !rwlock->is_written,
               "ex_rwlock_deinit: it is locked; unlock it first");
    EX_ASSERT(rwlock->queue.first == NULL);
    ex_wait_leave(&rwlock->guard);
    ex_wait_guard_deinit(&rwlock->guard);
}

/* ---- with the guard held ---- */

static inline struct ex_rwlock_node *node_of(struct ex_wait_node *node) {
    _Static_assert(offsetof(struct ex_rwlock_node, node) == 0, "one is the beginning of the other");
    return (struct ex_rwlock_node *)(void *)node;
}

/* Whoever waits aside. */
static inline bool take(struct ex_rwlock *rwlock, bool is_writer) {
    if (rwlock->is_written || (is_writer && rwlock->reader_count > 0)) {
        return false;
    }
    if (is_writer) {
        rwlock->is_written = true;
    } else {
        rwlock->reader_count++;
        EX_ASSERT(rwlock->reader_count != 0);
    }
    return true;
}

/* Serves the queue from its front: one writer, or all readers up to the next one. */
static inline void serve(struct ex_rwlock *rwlock) {
    while (rwlock->queue.first != NULL && take(rwlock, node_of(rwlock->queue.first)->is_writer)) {
        ex_wait_end(&rwlock->guard, &rwlock->queue, rwlock->queue.first, 0);
    }
}

/* ---- operations ---- */

static inline bool try_lock(struct ex_rwlock *rwlock, bool is_writer) {
    ex_wait_enter(&rwlock->guard);
    const bool is_taken = rwlock->queue.first == NULL && take(rwlock, is_writer);
    ex_wait_leave(&rwlock->guard);
    return is_taken;
}

bool ex_rwlock_try_read(struct ex_rwlock *rwlock) {
    return try_lock(rwlock, false);
}

bool ex_rwlock_try_write(struct ex_rwlock *rwlock) {
    return try_lock(rwlock, true);
}

static int64_t begin(struct ex_rwlock *rwlock,
                     struct ex_rwlock_node *node,
                     struct ex_strand *strand,
                     bool is_writer) {
    int64_t value = 0;

    ex_wait_enter(&rwlock->guard);
    if (rwlock->queue.first != NULL || !take(rwlock, is_writer)) {
        node->is_writer = is_writer;
        ex_wait_push(&rwlock->queue, &node->node, strand);
        value = EX_PENDING;
    }
    ex_wait_leave(&rwlock->guard);
    return value;
}

/* When a writer leaves the front, the readers behind it may go on. */
static int64_t
go_on(struct ex_rwlock *rwlock, struct ex_rwlock_node *node, struct ex_strand *strand) {
    ex_wait_enter(&rwlock->guard);
    int64_t value = node->node.value;
    if (value == EX_PENDING && ex_strand_take_cancel(strand)) {
        ex_wait_remove(&rwlock->queue, &node->node);
        serve(rwlock);
        value = -ECANCELED;
    }
    ex_wait_leave(&rwlock->guard);
    return value;
}

EX_RESUME(ex_rwlock_read) {
    EX_BEGIN(ex_rwlock_read);
    EX_WAIT_BEGIN();
    value = begin(self->rwlock, &self->node, strand, false);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self->rwlock, &self->node, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_rwlock_read(struct ex_rwlock_read *self, struct ex_rwlock *rwlock) {
    self->rwlock = rwlock;
    return EX_FRAME(self, ex_rwlock_read);
}

EX_RESUME(ex_rwlock_write) {
    EX_BEGIN(ex_rwlock_write);
    EX_WAIT_BEGIN();
    value = begin(self->rwlock, &self->node, strand, true);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self->rwlock, &self->node, strand);
    }
    EX_RETURN(value);
    EX_END();
}

struct ex_frame *ex_rwlock_write(struct ex_rwlock_write *self, struct ex_rwlock *rwlock) {
    self->rwlock = rwlock;
    return EX_FRAME(self, ex_rwlock_write);
}

void ex_rwlock_read_unlock(struct ex_rwlock *rwlock) {
    ex_wait_enter(&rwlock->guard);
    EX_REQUIRE(rwlock->reader_count > 0,
               "ex_rwlock_read_unlock: no reader holds it; unlock once for each lock");
    rwlock->reader_count--;
    serve(rwlock);
    ex_wait_leave(&rwlock->guard);
}

void ex_rwlock_write_unlock(struct ex_rwlock *rwlock) {
    ex_wait_enter(&rwlock->guard);
    EX_REQUIRE(rwlock->is_written,
               "ex_rwlock_write_unlock: no writer holds it; unlock once for each lock");
    rwlock->is_written = false;
    serve(rwlock);
    ex_wait_leave(&rwlock->guard);
}

void ex_rwlock_downgrade(struct ex_rwlock *rwlock) {
    ex_wait_enter(&rwlock->guard);
    EX_REQUIRE(rwlock->is_written,
               "ex_rwlock_downgrade: no writer holds it; the writer downgrades");
    rwlock->is_written = false;
    rwlock->reader_count = 1;
    serve(rwlock);
    ex_wait_leave(&rwlock->guard);
}

#ifndef EX_SMALL
void ex_rwlock_read_blocking(struct ex_rwlock *rwlock) {
    struct ex_rwlock_read self;
    const int64_t value = ex_wait_block(&rwlock->guard, ex_rwlock_read(&self, rwlock));

    EX_ASSERT(value == 0);
}

void ex_rwlock_write_blocking(struct ex_rwlock *rwlock) {
    struct ex_rwlock_write self;
    const int64_t value = ex_wait_block(&rwlock->guard, ex_rwlock_write(&self, rwlock));

    EX_ASSERT(value == 0);
}
#endif
