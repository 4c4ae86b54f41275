#include <ex/oneshot.h>

#include "executor/element.h"
#include "executor/leaf.h"
#include "executor/wait.h"

#ifndef EX_SMALL
#include <stdlib.h>
#endif

static inline bool is(const struct ex_oneshot *oneshot, uint32_t flags) {
    return (oneshot->state & flags) != 0;
}

static inline void set(struct ex_oneshot *oneshot, uint32_t flags, bool are_set) {
    oneshot->state = are_set ? oneshot->state | flags : oneshot->state & ~flags;
}

/* ---- life ---- */

void ex_oneshot_init_mem(struct ex_oneshot *oneshot,
                         enum ex_wait_kind kind,
                         size_t element_size,
                         void *memory) {
    EX_REQUIRE(memory != NULL || element_size == 0, "ex_oneshot_init_mem: the memory is NULL");
    oneshot->element = memory;
    oneshot->element_size = element_size;
    oneshot->receiver = NULL;
    oneshot->state = EX_ONESHOT_SENDER | EX_ONESHOT_RECEIVER;
    ex_wait_guard_init(&oneshot->guard, kind);
}

void ex_oneshot_deinit(struct ex_oneshot *oneshot) {
    EX_REQUIRE(!is(oneshot, EX_ONESHOT_CREATED),
               "ex_oneshot_deinit: it is of ex_oneshot_create; drop both sides instead");
    ex_wait_enter(&oneshot->guard);
    EX_REQUIRE(!is(oneshot, EX_ONESHOT_RECEIVING),
               "ex_oneshot_deinit: somebody waits for it; end that first");
    ex_wait_leave(&oneshot->guard);
    ex_wait_guard_deinit(&oneshot->guard);
}

#ifndef EX_SMALL
struct ex_oneshot *ex_oneshot_create(enum ex_wait_kind kind, size_t element_size) {
    if (element_size > SIZE_MAX - sizeof(struct ex_oneshot)) {
        return NULL;
    }
    struct ex_oneshot *const oneshot = malloc(sizeof *oneshot + element_size);
    if (oneshot != NULL) {
        ex_oneshot_init_mem(oneshot, kind, element_size, oneshot + 1);
        set(oneshot, EX_ONESHOT_CREATED, true);
    }
    return oneshot;
}
#endif

/* Ends the use of it, and frees it after the last. */
static inline void leave(struct ex_oneshot *oneshot) {
    const bool is_last =
        is(oneshot, EX_ONESHOT_CREATED) && !is(oneshot, EX_ONESHOT_SENDER | EX_ONESHOT_RECEIVER);

    ex_wait_leave(&oneshot->guard);
#ifndef EX_SMALL
    if (is_last) {
        ex_wait_guard_deinit(&oneshot->guard);
        free(oneshot);
    }
#else
    (void)is_last;
#endif
}

/* ---- with the guard held ---- */

static inline void end_sender(struct ex_oneshot *oneshot) {
    struct ex_strand *const receiver = oneshot->receiver;

    EX_REQUIRE(is(oneshot, EX_ONESHOT_SENDER),
               "ex_oneshot_send, ex_oneshot_sender_drop: it has sent, or was dropped, before");
    set(oneshot, EX_ONESHOT_SENDER, false);
    if (receiver != NULL) {
        oneshot->receiver = NULL;
        ex_wait_wake(&oneshot->guard, receiver);
    }
}

static inline int take(struct ex_oneshot *oneshot, void *element) {
    EX_REQUIRE(is(oneshot, EX_ONESHOT_RECEIVER),
               "ex_oneshot_recv: the receiver was dropped before");
    if (is(oneshot, EX_ONESHOT_SENT)) {
        set(oneshot, EX_ONESHOT_SENT, false);
        ex_element_copy(element, oneshot->element, oneshot->element_size);
        return 0;
    }
    return is(oneshot, EX_ONESHOT_SENDER) && !is(oneshot, EX_ONESHOT_CLOSED) ? -EAGAIN : -EPIPE;
}

/* ---- operations ---- */

static __attribute__((noinline)) int send_long(struct ex_oneshot *oneshot, const void *element) {
    int status = -EPIPE;

    ex_wait_enter(&oneshot->guard);
    if (!is(oneshot, EX_ONESHOT_CLOSED)) {
        ex_element_copy(oneshot->element, element, oneshot->element_size);
        set(oneshot, EX_ONESHOT_SENT, true);
        status = 0;
    }
    end_sender(oneshot);
    leave(oneshot);
    return status;
}

/* Whether what follows may be done at once: with a word, on a local one in this state. */
static inline bool is_plain(const struct ex_oneshot *oneshot, uint32_t flags, uint32_t state) {
    return __builtin_expect(oneshot->guard.thread == ex_wait_thread() &&
                                oneshot->element_size == sizeof(void *) &&
                                (oneshot->state & flags) == state,
                            1);
}

int ex_oneshot_send(struct ex_oneshot *oneshot, const void *element) {
    if (!is_plain(oneshot, EX_ONESHOT_SENDER | EX_ONESHOT_CLOSED, EX_ONESHOT_SENDER)) {
        return send_long(oneshot, element);
    }
    struct ex_strand *const receiver = oneshot->receiver;
    memcpy(oneshot->element, element, sizeof(void *));
    oneshot->state ^= EX_ONESHOT_SENDER | EX_ONESHOT_SENT;
    if (receiver != NULL) {
        oneshot->receiver = NULL;
        ex_waker_wake_strand(receiver);
    }
    return 0;
}

void ex_oneshot_sender_drop(struct ex_oneshot *oneshot) {
    ex_wait_enter(&oneshot->guard);
    end_sender(oneshot);
    leave(oneshot);
}

static inline int64_t begin(struct ex_oneshot_recv *self, struct ex_strand *strand) {
    struct ex_oneshot *const oneshot = self->oneshot;

    ex_wait_enter(&oneshot->guard);
    EX_REQUIRE(!is(oneshot, EX_ONESHOT_RECEIVING),
               "ex_oneshot_recv: another task receives from it; one at a time may");
    int64_t value = take(oneshot, self->element);
    if (value == -EAGAIN) {
        oneshot->receiver = strand;
        set(oneshot, EX_ONESHOT_RECEIVING, true);
        value = EX_PENDING;
    }
    ex_wait_leave(&oneshot->guard);
    return value;
}

static inline int64_t go_on(struct ex_oneshot_recv *self, struct ex_strand *strand) {
    struct ex_oneshot *const oneshot = self->oneshot;

    ex_wait_enter(&oneshot->guard);
    int64_t value = take(oneshot, self->element);
    if (value == -EAGAIN) {
        value = ex_strand_take_cancel(strand) ? -ECANCELED : EX_PENDING;
    }
    oneshot->receiver = value == EX_PENDING ? strand : NULL;
    set(oneshot, EX_ONESHOT_RECEIVING, value == EX_PENDING);
    ex_wait_leave(&oneshot->guard);
    return value;
}

EX_RESUME(ex_oneshot_recv) {
    EX_BEGIN(ex_oneshot_recv);
    EX_WAIT_BEGIN();
    value = begin(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

static __attribute__((noinline)) int64_t resume_long(struct ex_frame *frame,
                                                     struct ex_strand *strand) {
    return ex_leaf_return(frame, strand, go_on((struct ex_oneshot_recv *)(void *)frame, strand));
}

/* Of one that waits for a word, which has come. */
static int64_t recv_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_oneshot_recv *const self = (struct ex_oneshot_recv *)(void *)frame;
    struct ex_oneshot *const oneshot = self->oneshot;

    (void)value;
    if (!is_plain(oneshot,
                  EX_ONESHOT_SENT | EX_ONESHOT_RECEIVING,
                  EX_ONESHOT_SENT | EX_ONESHOT_RECEIVING)) {
        return resume_long(frame, strand);
    }
    oneshot->state ^= EX_ONESHOT_SENT | EX_ONESHOT_RECEIVING;
    frame->resume = ex_frame_completed;
    memcpy(self->element, oneshot->element, sizeof(void *));
    return 0;
}

int64_t ex_oneshot_recv_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_oneshot_recv *const self = (struct ex_oneshot_recv *)(void *)frame;
    struct ex_oneshot *const oneshot = self->oneshot;

    if (!is_plain(oneshot,
                  ~(uint32_t)EX_ONESHOT_CREATED,
                  EX_ONESHOT_SENDER | EX_ONESHOT_RECEIVER) ||
        !ex_plain_end(frame, strand)) {
        frame->resume = ex_oneshot_recv_resume;
        return ex_oneshot_recv_resume(frame, strand, value);
    }
    oneshot->state |= EX_ONESHOT_RECEIVING;
    oneshot->receiver = strand;
    EX_PLAIN_WAIT(ex_oneshot_recv, recv_resume);
}

int ex_oneshot_try_recv(struct ex_oneshot *oneshot, void *element) {
    ex_wait_enter(&oneshot->guard);
    const int status = take(oneshot, element);
    ex_wait_leave(&oneshot->guard);
    return status;
}

/* With the guard held. A receive that waits is over, too. */
static void close_it(struct ex_oneshot *oneshot) {
    struct ex_strand *const receiver = oneshot->receiver;

    set(oneshot, EX_ONESHOT_CLOSED, true);
    oneshot->receiver = NULL;
    if (receiver != NULL) {
        ex_wait_wake(&oneshot->guard, receiver);
    }
}

void ex_oneshot_close(struct ex_oneshot *oneshot) {
    ex_wait_enter(&oneshot->guard);
    close_it(oneshot);
    ex_wait_leave(&oneshot->guard);
}

void ex_oneshot_receiver_drop(struct ex_oneshot *oneshot) {
    ex_wait_enter(&oneshot->guard);
    EX_REQUIRE(is(oneshot, EX_ONESHOT_RECEIVER), "ex_oneshot_receiver_drop: it was dropped before");
    EX_REQUIRE(!is(oneshot, EX_ONESHOT_RECEIVING),
               "ex_oneshot_receiver_drop: somebody receives; end that first");
    set(oneshot, EX_ONESHOT_RECEIVER, false);
    close_it(oneshot);
    leave(oneshot);
}

bool ex_oneshot_is_closed(struct ex_oneshot *oneshot) {
    ex_wait_enter(&oneshot->guard);
    const bool is_closed = is(oneshot, EX_ONESHOT_CLOSED);
    ex_wait_leave(&oneshot->guard);
    return is_closed;
}

#ifndef EX_SMALL
int ex_oneshot_recv_blocking(struct ex_oneshot *oneshot, void *element) {
    struct ex_oneshot_recv self;

    return (int)ex_wait_block(&oneshot->guard, ex_oneshot_recv(&self, oneshot, element));
}
#endif
