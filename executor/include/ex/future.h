/* Futures: an async call whose callee is not known at compile time, in two machine words.
 *
 *   struct stream { struct ex_future (*next)(struct stream *); };      // an interface
 *
 *   static struct ex_future file_next(struct stream *stream) {         // a method behind it
 *       struct file *file = (struct file *)stream;
 *       struct file_next *self = ex_recycler_take(&file->recycler, sizeof *self);
 *       if (self == NULL) {
 *           return ex_future_of_error(-ENOMEM);
 *       }
 *       self->file = file;
 *       return ex_future_of_block(EX_FRAME(self, file_next));
 *   }
 *
 *   EX_AWAIT_FUTURE(self->future, self->stream->next(self->stream));   // its caller
 *
 *        {frame, block} ── returned in registers ──► awaited ──► block given to its recycler
 *
 * The frame is what is awaited, as any other; the block is how its memory is given back, NULL when
 * nobody has to. Two words come back in registers. A third would come back through memory, written
 * in halves and read as a whole, which processors cannot forward: 2.8 times slower, measured.
 *
 * A future is awaited once and then gone. One that is never awaited is released, its function not
 * begun; one that has begun has to return first, told to cancel if it must hurry.
 *
 * Memory:  the future's until it is awaited or released.
 * Errors:  whatever the function returns; -ENOMEM from a method that had no memory for its frame.
 * Threads: one strand's at a time.
 * Source:  Einzinger, "async-trait-experiments" (DynamicFuture), with the slot in the block.
 */
#ifndef EXECUTOR_INCLUDE_EX_FUTURE_H
#define EXECUTOR_INCLUDE_EX_FUTURE_H

#include <ex/frame.h>
#include <ex/recycler.h>

struct ex_future {
    struct ex_frame *frame;
    struct ex_recycler_block *block; /* what the frame lies in; NULL: memory of somebody else's */
};

/* Of an initialised frame at the start of memory of ex_recycler_take. */
static inline struct ex_future ex_future_of_block(struct ex_frame *frame) {
    return (struct ex_future){frame, (struct ex_recycler_block *)(void *)frame - 1};
}

/* Of an initialised frame in memory that outlives the call: a member of the object, say. */
static inline struct ex_future ex_future_of_frame(struct ex_frame *frame) {
    return (struct ex_future){frame, NULL};
}

/* One that returns `error` when it is awaited: -ENOMEM, -EINVAL or -ECANCELED. */
EX_PUBLIC struct ex_future ex_future_of_error(int error);

/* Gives back a future that is not awaited. Panics when it has begun and not returned. */
EX_PUBLIC void ex_future_release(struct ex_future future);

/* Kept apart, the two words stay in registers. */
static inline void ex_future_split(struct ex_future future,
                                   struct ex_frame **frame,
                                   struct ex_recycler_block **block) {
    *frame = future.frame;
    *block = future.block;
}

/* Awaits the future that CALL gives, and releases it; `value` is its result. `place`, of the
 * caller's frame, holds it while it has to wait. */
#define EX_AWAIT_FUTURE(place, call)                                                               \
    do {                                                                                           \
        struct ex_frame *ex_child_;                                                                \
        struct ex_recycler_block *ex_block_;                                                       \
        EX_POSITION(#call);                                                                        \
        ex_future_split((call), &ex_child_, &ex_block_);                                           \
        value = ex_child_->resume(ex_child_, strand, 0);                                           \
        if (value == EX_PENDING) {                                                                 \
            ex_child_->up = frame;                                                                 \
            (place).frame = ex_child_;                                                             \
            (place).block = ex_block_;                                                             \
            frame->at = EX_AT_WORD(__LINE__);                                                      \
            return EX_PENDING;                                                                     \
        case EX_AT(__LINE__):                                                                      \
            ex_block_ = (place).block;                                                             \
        }                                                                                          \
        if (ex_block_ != NULL) {                                                                   \
            ex_recycler_give(ex_block_);                                                           \
        }                                                                                          \
    } while (0)

#endif
