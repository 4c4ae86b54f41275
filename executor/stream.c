#include "executor/stream.h"

#include <errno.h>

void ex_stream_open(struct ex_stream *self, struct ex_frame *generator) {
    EX_REQUIRE(generator != NULL, "ex_stream_open: the generator is NULL");
    self->frame.resume = ex_frame_completed;
    self->frame.at = 0;
    self->inner = generator;
    self->result = 0;
    self->is_closing = false;
    generator->up = &self->frame;
    ex_stream_generator(generator)->outer = NULL;
}

/* The innermost generator gave `value`: goes on until there is something to say. EX_PENDING, 1 for
 * an item, or 0 at the end. */
static inline int64_t go_on(struct ex_stream *self, struct ex_strand *strand, int64_t value) {
    for (;;) {
        if (value == EX_STREAM_ITEM) {
            EX_REQUIRE(!self->is_closing,
                       "EX_YIELD_ITEM: the last yield gave -ECANCELED, nobody wants items; clean "
                       "up and return");
            return 1;
        }
        if (value == EX_PENDING) {
            return EX_PENDING;
        }
        if (value == EX_STREAM_DELEGATED) {
            value = 0; /* the new innermost one begins */
        } else {
            self->inner = ex_stream_generator(self->inner)->outer;
            if (self->inner == NULL) {
                self->result = value;
                return 0;
            }
        }
        value = self->inner->resume(self->inner, strand, value);
    }
}

/* Resumes the innermost generator where it stands. */
static inline int64_t go_in(struct ex_stream *self, struct ex_strand *strand) {
    const int64_t value = self->is_closing ? -ECANCELED : 0;

    if (self->inner == NULL) {
        return 0;
    }
    return go_on(self, strand, self->inner->resume(self->inner, strand, value));
}

/* What next and close return, when the generators had 1 or 0 to say. */
static inline int64_t outcome(const struct ex_stream *self, int64_t value) {
    if (value != 0 || self->result >= 0 || (self->is_closing && self->result == -ECANCELED)) {
        return value;
    }
    return self->result;
}

/* Waits for what the innermost generator awaits: that is the leaf, and returns to here. */
#define WAIT_FOR_INNERMOST()                                                                       \
    do {                                                                                           \
        EX_POSITION("a generator");                                                                \
        frame->at = EX_AT_WORD(__LINE__);                                                          \
        return EX_PENDING;                                                                         \
    case EX_AT(__LINE__):;                                                                         \
    } while (0)

EX_RESUME(ex_stream) {
    EX_BEGIN(ex_stream);
    value = go_in(self, strand);
    while (value == EX_PENDING) {
        WAIT_FOR_INNERMOST();
        value = go_on(self, strand, value);
    }
    EX_RETURN(outcome(self, value));
    EX_END();
}

static struct ex_frame *await(struct ex_stream *self) {
    EX_REQUIRE(self->frame.at == 0 || self->frame.resume == ex_frame_completed,
               "ex_stream_next, ex_stream_close: the stream is being awaited; one at a time may");
    return EX_FRAME(self, ex_stream);
}

struct ex_frame *ex_stream_next(struct ex_stream *self) {
    EX_REQUIRE(!self->is_closing,
               "ex_stream_next: the stream was closed; call ex_stream_open to begin anew");
    return await(self);
}

struct ex_frame *ex_stream_close(struct ex_stream *self) {
    self->is_closing = true;
    if (self->inner != NULL && self->inner->at == 0) {
        self->inner = NULL; /* it has not begun */
        self->result = 0;
    } else if (self->inner == NULL) {
        self->result = 0; /* next has told of its error */
    }
    return await(self);
}

const struct ex_frame *ex_stream_outer(const struct ex_frame *frame) {
    const struct ex_frame *const up = __atomic_load_n(&frame->up, __ATOMIC_RELAXED);
    const bool is_outermost = ((uintptr_t)up & 1) != 0;

    if (is_outermost || up->resume != ex_stream_resume || ex_stream_of(frame)->inner != frame) {
        return NULL;
    }
    return ex_stream_generator((struct ex_frame *)(uintptr_t)frame)->outer;
}

/* ---- outside of tasks ---- */

static int64_t run(struct ex_frame *frame) {
    struct ex_strand nobody = {.owner = EX_STRAND_OWNER_NONE};
    const int64_t value = frame->resume(frame, &nobody, 0);

    EX_REQUIRE(value != EX_PENDING,
               "ex_stream_pull, ex_stream_shut: the generator waits; use ex_stream_next in a task");
    return value;
}

int64_t ex_stream_pull(struct ex_stream *self) {
    return run(ex_stream_next(self));
}

int64_t ex_stream_shut(struct ex_stream *self) {
    return run(ex_stream_close(self));
}
