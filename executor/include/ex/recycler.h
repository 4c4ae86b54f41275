/* Memory for the frames of one method, kept between its calls.
 *
 *   struct reader {
 *       …
 *       struct ex_recycler recycler;               // embedded in the object, {0} or init
 *   };
 *
 *   call ──take──► [block] ──give──► idle ──take──► [the same block] ──give──► idle ──trim──► freed
 *
 * Callers nearly always await what a method returns before they call it again. So one allocation
 * serves any number of calls, one after the other; calls that overlap cost as many as overlap at
 * one time, once. A block knows its recycler: whoever ends the call gives it back without knowing
 * where it came from. What is idle stays allocated until ex_recycler_trim.
 *
 * Memory:  from malloc, or lent by the caller (ex_recycler_lend); a build for a small machine
 *          (EX_SMALL) has only what was lent. An object gives back what it lent after deinit.
 * Units:   bytes. Blocks are aligned to 16 and pay 16 bytes for their header.
 * Errors:  NULL: out of memory.
 * Threads: one at a time, that of the object.
 * Source:  Einzinger, "async-trait-experiments", after Toub's pooling of ValueTask in .NET 5. There
 *          an overlapping call is not kept; here each is.
 */
#ifndef EXECUTOR_INCLUDE_EX_RECYCLER_H
#define EXECUTOR_INCLUDE_EX_RECYCLER_H

#include <ex/panic.h>
#include <stddef.h>
#include <stdint.h>

/* In front of the memory that is given out. */
struct ex_recycler_block {
    struct ex_recycler *recycler;
    uint32_t size;    /* of the memory behind it; a multiple of 16 */
    uint32_t is_lent; /* by the caller: not to be freed */
};

struct ex_recycler {
    struct ex_recycler_block *idle; /* linked through the memory behind each */
    size_t block_count;             /* idle or in use */
};

static inline void ex_recycler_init(struct ex_recycler *self) {
    *self = (struct ex_recycler){.idle = NULL};
}

/* Frees what is idle. Panics when something is in use still. */
EX_PUBLIC void ex_recycler_deinit(struct ex_recycler *self);

/* Frees what is idle, for an object that will not be called soon; how many bytes that was. */
EX_PUBLIC size_t ex_recycler_trim(struct ex_recycler *self);

/* Makes `size` bytes of the caller's at `memory` (alignment 16) a block, until deinit. -EINVAL when
 * they have no room for one. */
EX_PUBLIC int ex_recycler_lend(struct ex_recycler *self, void *memory, size_t size);

/* ex_recycler_take, when the block that was given last does not fit. */
EX_PUBLIC void *ex_recycler_take_slowly(struct ex_recycler *self, size_t size);

static inline struct ex_recycler_block **ex_recycler_next(struct ex_recycler_block *block) {
    return (struct ex_recycler_block **)(void *)(block + 1);
}

/* At least `size` bytes, uninitialised; NULL: out of memory. */
static inline void *ex_recycler_take(struct ex_recycler *self, size_t size) {
    struct ex_recycler_block *const block = self->idle;

    if (__builtin_expect(block == NULL || block->size < size, 0)) {
        return ex_recycler_take_slowly(self, size);
    }
    self->idle = *ex_recycler_next(block);
    return block + 1;
}

/* Gives back what ex_recycler_take gave; once, for nobody looks. */
static inline void ex_recycler_give(struct ex_recycler_block *block) {
    struct ex_recycler *const self = block->recycler;

    *ex_recycler_next(block) = self->idle;
    self->idle = block;
}

#endif
