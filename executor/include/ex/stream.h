/* Streams: a generator yields values, one at a time, and may await in between.
 *
 *   struct numbers {                              struct consumer {
 *       struct ex_frame frame;                        struct ex_frame frame;
 *       struct ex_generator generator;                struct ex_stream stream;
 *       int64_t i, count;                             struct numbers numbers;
 *   };                                            };
 *
 *   EX_RESUME(numbers) {                          ex_stream_open(&self->stream,
 *       EX_BEGIN(numbers);                                       numbers(&self->numbers, 10));
 *       for (; self->i < self->count; self->i++)  for (;;) {
 *           EX_YIELD_ITEM(self->i);                   EX_AWAIT(ex_stream_next(&self->stream));
 *           if (value < 0) {                          if (value <= 0)
 *               EX_RETURN(value);                         break;
 *           }                                         use(self->stream.item);
 *       }                                         }
 *       EX_END();                                 EX_AWAIT(ex_stream_close(&self->stream));
 *   }
 *
 * Its initialiser ends in EX_FRAME(self, numbers), as any other's. When the generator returns, the
 * stream has ended: next gives 0, or the error that it returned, from then on.
 *
 * A generator may hand over to another, EX_YIELD_FROM, and that one to a third. `next` resumes the
 * innermost one directly: an item costs the same at any depth, and so does the end of each.
 *
 *     consumer ◄─up─ [next] ◄─up─ innermost ─outer─► generator ─outer─► generator
 *                       └──────inner──┘
 *
 * A consumer that has had enough closes the stream. The yield where the innermost generator stands
 * gives -ECANCELED; it cleans up, awaits if it must, and returns; so do the outer ones, whose
 * EX_YIELD_FROM gives what the inner one returned. A generator that yields once more after that
 * panics. One that has not begun is not begun, and one that has ended need not be closed.
 *
 * A task that is told to cancel while a generator awaits something tells the generator, as it would
 * any callee: it may return the error, or go on.
 *
 * Undefined: a function that yields and is awaited or spawned, and one that is opened as a stream
 * and has no struct ex_generator behind its frame.
 *
 * Memory:  stream and generators are their users'; nothing is allocated.
 * Units:   an item is 64 bits: a number, or a pointer to what lives until the next next.
 * Errors:  what the generator returns, if it is negative.
 * Threads: one strand at a time.
 * Source:  PEP 380 for what handing over means; that the innermost one is resumed directly is as in
 *          C++ P2502 (std::generator).
 */
#ifndef EXECUTOR_INCLUDE_EX_STREAM_H
#define EXECUTOR_INCLUDE_EX_STREAM_H

#include <ex/strand.h>

/* What a generator's resume function returns when it yields an item, and when it hands over. */
#define EX_STREAM_ITEM (INT64_MIN + 1)
#define EX_STREAM_DELEGATED (INT64_MIN + 2)

/* The second member of a generator's struct, behind its frame. */
struct ex_generator {
    struct ex_frame *outer; /* whom this one's items are yielded for; NULL: the stream itself */
};

/* The consumer's side. */
struct ex_stream {
    struct ex_frame frame;  /* of next and close */
    struct ex_frame *inner; /* the generator that runs; NULL: the stream has ended */
    int64_t item;           /* valid when next gave 1 */
    int64_t result;         /* what the outermost generator returned; valid at the end */
    bool is_closing;
};

/* Makes the initialised generator a stream. It runs nothing. */
EX_PUBLIC void ex_stream_open(struct ex_stream *self, struct ex_frame *generator);

/* Awaitable: 1 with the next `item`; 0 at the end; or the generator's error. */
EX_PUBLIC struct ex_frame *ex_stream_next(struct ex_stream *self);

/* Awaitable: ends the generators; 0, or an error of theirs that is not -ECANCELED. */
EX_PUBLIC struct ex_frame *ex_stream_close(struct ex_stream *self);

/* The same two for generators that never wait, outside of any task. One that waits panics. */
EX_PUBLIC int64_t ex_stream_pull(struct ex_stream *self);
EX_PUBLIC int64_t ex_stream_shut(struct ex_stream *self);

static inline struct ex_generator *ex_stream_generator(struct ex_frame *frame) {
    return (struct ex_generator *)(void *)(frame + 1);
}

/* The stream that a running generator works for. */
static inline struct ex_stream *ex_stream_of(const struct ex_frame *frame) {
    return (struct ex_stream *)(void *)frame->up;
}

/* By who hands over to `inner`: the stream goes on there. */
static inline void ex_stream_enter(struct ex_frame *outer, struct ex_frame *inner) {
    inner->up = outer->up;
    ex_stream_generator(inner)->outer = outer;
    ex_stream_of(outer)->inner = inner;
}

#define EX_STREAM_CHECK()                                                                          \
    _Static_assert(offsetof(__typeof__(*self), generator) == sizeof(struct ex_frame),              \
                   "the generator is the second member, behind the frame")

/* In a generator: gives the consumer an item. Then `value` is 0; -ECANCELED: it wants no more. */
#define EX_YIELD_ITEM(number)                                                                      \
    do {                                                                                           \
        EX_POSITION(#number);                                                                      \
        EX_STREAM_CHECK();                                                                         \
        ex_stream_of(frame)->item = (number);                                                      \
        frame->at = EX_AT_WORD(__LINE__);                                                          \
        return EX_STREAM_ITEM;                                                                     \
    case EX_AT(__LINE__):;                                                                         \
    } while (0)

/* In a generator: yields all that the initialised generator CALL does; `value` is what it returned,
 * a negative one its error, or -ECANCELED when the consumer wants no more. */
#define EX_YIELD_FROM(call)                                                                        \
    do {                                                                                           \
        EX_POSITION(#call);                                                                        \
        EX_STREAM_CHECK();                                                                         \
        ex_stream_enter(frame, (call));                                                            \
        frame->at = EX_AT_WORD(__LINE__);                                                          \
        return EX_STREAM_DELEGATED;                                                                \
    case EX_AT(__LINE__):;                                                                         \
    } while (0)

#endif
