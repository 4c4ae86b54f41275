/* Calls whose frame cannot be a member of the caller's: recursive, extern and virtual ones.
 *
 *   EX_RESUME(walk) {                                      // a tree, by recursion
 *       EX_BEGIN(walk);
 *       if (self->node->left != NULL) {
 *           EX_CALL(sizeof(struct walk), walk(callee, self->node->left));
 *       }
 *       visit(self->node);
 *       …
 *   }
 *
 *   EX_CALL(shape->type->area_size, shape->type->area(callee, shape));   // virtual
 *   EX_CALL(parse_size, parse(callee, text));        // extern, its struct is not known here
 *
 *        strand ──► [chunk 512 B │frame│frame] ⇄ [chunk 1 KiB │frame│ ← top ] ⇄ [chunk 2 KiB, idle]
 *
 * `callee` is memory of that size on a stack of the strand's own, where frames are pushed and
 * popped in order: what is called has returned before its caller goes on. A call costs an addition,
 * not an allocation: chunks are kept until the strand ends, or ex_call_trim.
 *
 * What completes without waiting is a plain call, and needs the machine's stack too. So after
 * EX_CALL_NESTED_MAX calls, one inside the other, the next callee begins on an empty stack, in a
 * turn of its own: recursion is as deep as there is memory for frames, on a fiber's small stack as
 * well.
 *
 * A task that makes no such call pays nothing for it, in its memory or in its time. The first one
 * of any task in a slab's page makes a word for each task of the page.
 *
 * A generator (ex/stream.h) that yields has to have popped what it pushed; the macro sees to that.
 *
 * Memory:  chunks are slots of the worker's slab, of 512 bytes to 4 KiB (less where its pages are
 *          small), bigger only for a frame that is; each branch has a stack of its own. Frames are
 *          aligned to 16 and pay 8 to 23 bytes.
 * Errors:  -ENOMEM as the call's `value`: nothing ran, and `callee` was not initialised.
 * Threads: the strand's own, inside a task.
 * Source:  segmented stacks of frames as in Lua's CallInfo and Go before 1.3; no "hot split": the
 *          chunk above is kept when it empties.
 */
#ifndef EXECUTOR_INCLUDE_EX_CALL_H
#define EXECUTOR_INCLUDE_EX_CALL_H

#include <errno.h>
#include <ex/strand.h>

enum {
    EX_CALL_NESTED_MAX = 64, /* calls on the machine's stack at one time, of one thread */
};

/* Memory for a callee's frame; NULL: out of memory. */
EX_PUBLIC void *ex_call_push(struct ex_strand *strand, size_t size);

/* Gives back what was pushed last; its function has returned. */
EX_PUBLIC void ex_call_pop(struct ex_strand *strand);

/* Runs the callee, or, at the bottom of many calls, lets it begin in a turn of its own. Its result,
 * or EX_PENDING. */
EX_PUBLIC int64_t ex_call_begin(struct ex_strand *strand, struct ex_frame *callee);

/* Frees the chunks that are idle now; they come again when they are needed. */
EX_PUBLIC void ex_call_trim(struct ex_strand *strand);

/* Awaits the frame that CALL initialises at `callee`, SIZE bytes, which nobody compares with what
 * it writes; `value` is its result. */
#define EX_CALL(size, call)                                                                        \
    do {                                                                                           \
        struct ex_frame *ex_child_;                                                                \
        void *callee;                                                                              \
        EX_POSITION(#call);                                                                        \
        callee = ex_call_push(strand, (size));                                                     \
        if (callee == NULL) {                                                                      \
            value = -ENOMEM;                                                                       \
        } else {                                                                                   \
            ex_child_ = (call);                                                                    \
            value = ex_call_begin(strand, ex_child_);                                              \
            if (value == EX_PENDING) {                                                             \
                ex_child_->up = frame;                                                             \
                frame->at = EX_AT_WORD(__LINE__);                                                  \
                return EX_PENDING;                                                                 \
            case EX_AT(__LINE__):;                                                                 \
            }                                                                                      \
            ex_call_pop(strand);                                                                   \
        }                                                                                          \
    } while (0)

#endif
