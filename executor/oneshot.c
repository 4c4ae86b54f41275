#include <ex/oneshot.h>

#include "executor/element.h"
#include "executor/wait.h"

#ifndef EX_SMALL
#include <stdlib.h>
#endif

/* ---- life ---- */

void ex_oneshot_init_mem(struct ex_oneshot *oneshot,
                         enum ex_wait_kind kind,
                         size_t element_size,
                         void *memory) {
    *oneshot = (struct ex_oneshot){.element = memory,
                                   .element_size = element_size,
                                   .has_sender = true,
                                   .has_receiver = true};
    ex_wait_guard_init(&oneshot->guard, kind);
}

void ex_oneshot_deinit(struct ex_oneshot *oneshot) {
    EX_REQUIRE(!oneshot->is_created, "a oneshot that frees itself is destroyed");
    ex_wait_enter(&oneshot->guard);
    EX_REQUIRE(!oneshot->is_receiving, "a oneshot is destroyed while somebody waits");
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
        oneshot->is_created = true;
    }
    return oneshot;
}
#endif

/* Ends the use of it, and frees it after the last. */
static inline void leave(struct ex_oneshot *oneshot) {
    const bool is_last = oneshot->is_created && !oneshot->has_sender && !oneshot->has_receiver;

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

    EX_REQUIRE(oneshot->has_sender, "the sender of a oneshot is used after it sent or was dropped");
    oneshot->has_sender = false;
    if (receiver != NULL) {
        oneshot->receiver = NULL;
        ex_wait_wake(&oneshot->guard, receiver);
    }
}

static inline int take(struct ex_oneshot *oneshot, void *element) {
    EX_REQUIRE(oneshot->has_receiver, "the receiver of a oneshot is used after it was dropped");
    if (oneshot->is_sent) {
        oneshot->is_sent = false;
        ex_element_copy(element, oneshot->element, oneshot->element_size);
        return 0;
    }
    return oneshot->has_sender && !oneshot->is_closed ? -EAGAIN : -EPIPE;
}

/* ---- operations ---- */

int ex_oneshot_send(struct ex_oneshot *oneshot, const void *element) {
    int status = -EPIPE;

    ex_wait_enter(&oneshot->guard);
    if (!oneshot->is_closed) {
        ex_element_copy(oneshot->element, element, oneshot->element_size);
        oneshot->is_sent = true;
        status = 0;
    }
    end_sender(oneshot);
    leave(oneshot);
    return status;
}

void ex_oneshot_sender_drop(struct ex_oneshot *oneshot) {
    ex_wait_enter(&oneshot->guard);
    end_sender(oneshot);
    leave(oneshot);
}

static inline int64_t begin(struct ex_oneshot_recv *self, struct ex_strand *strand) {
    struct ex_oneshot *const oneshot = self->oneshot;

    ex_wait_enter(&oneshot->guard);
    EX_REQUIRE(!oneshot->is_receiving, "two receive from one oneshot");
    int64_t value = take(oneshot, self->element);
    if (value == -EAGAIN) {
        oneshot->receiver = strand;
        oneshot->is_receiving = true;
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
    oneshot->is_receiving = value == EX_PENDING;
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

struct ex_frame *
ex_oneshot_recv(struct ex_oneshot_recv *self, struct ex_oneshot *oneshot, void *element) {
    self->oneshot = oneshot;
    self->element = element;
    return EX_FRAME(self, ex_oneshot_recv);
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

    oneshot->is_closed = true;
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
    EX_REQUIRE(oneshot->has_receiver, "the receiver of a oneshot is dropped twice");
    EX_REQUIRE(!oneshot->is_receiving, "the receiver of a oneshot is dropped while it receives");
    oneshot->has_receiver = false;
    close_it(oneshot);
    leave(oneshot);
}

bool ex_oneshot_is_closed(struct ex_oneshot *oneshot) {
    ex_wait_enter(&oneshot->guard);
    const bool is_closed = oneshot->is_closed;
    ex_wait_leave(&oneshot->guard);
    return is_closed;
}

#ifndef EX_SMALL
int ex_oneshot_recv_blocking(struct ex_oneshot *oneshot, void *element) {
    struct ex_oneshot_recv self;

    return (int)ex_wait_block(&oneshot->guard, ex_oneshot_recv(&self, oneshot, element));
}
#endif
