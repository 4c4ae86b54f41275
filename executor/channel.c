#include <ex/channel.h>

#include "executor/leaf.h"
#include "executor/ring.h"
#include "executor/wait.h"

#ifndef EX_SMALL
#include <stdlib.h>
#endif

/* ---- elements, with the guard held ---- */

/* After whatever changed it: whose words pass in line. Those who wait come first. */
static inline void settle(struct ex_channel *channel) {
    struct ex_ring *const ring = &channel->ring;

    if (channel->word_thread == 0) {
        return; /* other threads may look at what never changes */
    }
    const bool can_take = channel->senders.first == NULL &&
                          (ring->receiving == NULL || ring->receiver != NULL) &&
                          !ex_ring_is_full(ring);

    ring->put_thread = channel->is_closed ? 0 : channel->word_thread + (ring->receiver != NULL);
    ring->take_thread = can_take ? channel->word_thread : 0;
}

static inline void wake_receiver(struct ex_channel *channel) {
    struct ex_strand *const receiver = channel->ring.receiver;

    if (receiver != NULL) {
        channel->ring.receiver = NULL;
        ex_wait_wake(&channel->guard, receiver);
    }
}

static inline int put(struct ex_channel *channel, const void *element) {
    if (__builtin_expect(channel->is_closed, 0)) {
        return -EPIPE;
    }
    const int status = ex_ring_make_room(&channel->ring);
    if (status == 0) {
        ex_ring_insert(&channel->ring, element);
        wake_receiver(channel);
    }
    return status;
}

/* There is room for one: the first that waits to send has sent. */
static __attribute__((noinline)) void admit(struct ex_channel *channel) {
    struct ex_channel_send *const send =
        (struct ex_channel_send *)(void *)((unsigned char *)channel->senders.first -
                                           offsetof(struct ex_channel_send, node));
    const int status = ex_ring_make_room(&channel->ring);

    EX_ASSERT(status == 0);
    ex_ring_insert(&channel->ring, send->element);
    ex_wait_end(&channel->guard, &channel->senders, &send->node, 0);
}

static inline int take(struct ex_channel *channel, void *element) {
    if (!ex_ring_find_element(&channel->ring)) {
        return channel->is_closed ? -EPIPE : -EAGAIN;
    }
    ex_ring_remove(&channel->ring, element);
    if (channel->senders.first != NULL) {
        admit(channel);
    }
    return 0;
}

/* ---- life ---- */

/* But for its ring. */
static void init(struct ex_channel *channel, enum ex_wait_kind kind, size_t element_size) {
    *channel = (struct ex_channel){.sender_count = 1, .has_receiver = true};
    ex_wait_guard_init(&channel->guard, kind);
    channel->word_thread = element_size == sizeof(void *) ? channel->guard.thread : 0;
    settle(channel);
}

void ex_channel_init_mem(struct ex_channel *channel,
                         enum ex_wait_kind kind,
                         size_t element_size,
                         void *memory,
                         size_t memory_size) {
    EX_REQUIRE(memory != NULL, "ex_channel_init_mem: the memory is NULL");
    EX_REQUIRE(element_size > 0, "ex_channel_init_mem: elements of no bytes");
    init(channel, kind, element_size);
    ex_ring_init(&channel->ring, memory, memory_size / element_size, element_size);
}

static void require_nobody_waits(struct ex_channel *channel) {
    EX_REQUIRE(channel->ring.receiving == NULL && channel->senders.first == NULL,
               "ex_channel_*: its end while somebody waits to send or receive; end those first");
}

void ex_channel_deinit(struct ex_channel *channel) {
    EX_REQUIRE(!channel->is_created,
               "ex_channel_deinit: it is of ex_channel_create; drop its sides");
    ex_wait_enter(&channel->guard);
    require_nobody_waits(channel);
    ex_wait_leave(&channel->guard);
    channel->word_thread = channel->ring.put_thread = channel->ring.take_thread = 0;
    ex_wait_guard_deinit(&channel->guard);
}

#ifndef EX_SMALL
struct ex_channel *ex_channel_create(enum ex_wait_kind kind, size_t element_size, size_t capacity) {
    const bool is_bounded = capacity != EX_CHANNEL_UNBOUNDED;
    size_t size = 0;

    EX_REQUIRE(element_size > 0, "ex_channel_create: elements of no bytes");
    if ((is_bounded && __builtin_mul_overflow(element_size, capacity, &size)) ||
        __builtin_add_overflow(size, sizeof(struct ex_channel), &size)) {
        return NULL;
    }
    struct ex_channel *const channel = malloc(size);
    if (channel == NULL) {
        return NULL;
    }
    init(channel, kind, element_size);
    channel->is_created = true;
    if (is_bounded) {
        ex_ring_init(&channel->ring, (unsigned char *)(channel + 1), capacity, element_size);
    } else if (!ex_ring_init_blocks(&channel->ring, element_size)) {
        ex_wait_guard_deinit(&channel->guard);
        free(channel);
        return NULL;
    }
    return channel;
}
#endif

/* Nobody uses it any more. */
static void release(struct ex_channel *channel) {
    require_nobody_waits(channel);
#ifndef EX_SMALL
    if (!channel->is_created) {
        return;
    }
    ex_wait_guard_deinit(&channel->guard);
    ex_ring_deinit(&channel->ring);
    free(channel);
#endif
}

/* With the guard held. */
static void close_it(struct ex_channel *channel) {
    channel->is_closed = true;
    ex_wait_end_all(&channel->guard, &channel->senders, -EPIPE);
    wake_receiver(channel);
    settle(channel);
}

void ex_channel_close(struct ex_channel *channel) {
    ex_wait_enter(&channel->guard);
    close_it(channel);
    ex_wait_leave(&channel->guard);
}

void ex_channel_sender_add(struct ex_channel *channel) {
    ex_wait_enter(&channel->guard);
    EX_REQUIRE(channel->sender_count > 0 && channel->sender_count < UINT32_MAX,
               "ex_channel_sender_add: the last sender was dropped; add while there is one");
    channel->sender_count++;
    ex_wait_leave(&channel->guard);
}

void ex_channel_sender_drop(struct ex_channel *channel) {
    ex_wait_enter(&channel->guard);
    EX_REQUIRE(channel->sender_count > 0, "ex_channel_sender_drop: more than there are senders");
    channel->sender_count--;
    if (channel->sender_count == 0) {
        EX_REQUIRE(
            channel->senders.first == NULL,
            "ex_channel_sender_drop: the last sender, but somebody sends; drop it after the send");
        close_it(channel);
    }
    const bool is_last = channel->sender_count == 0 && !channel->has_receiver;
    ex_wait_leave(&channel->guard);
    if (is_last) {
        release(channel);
    }
}

void ex_channel_receiver_drop(struct ex_channel *channel) {
    ex_wait_enter(&channel->guard);
    EX_REQUIRE(channel->has_receiver, "ex_channel_receiver_drop: it was dropped before");
    EX_REQUIRE(channel->ring.receiving == NULL, "ex_channel_receiver_drop: somebody receives");
    channel->has_receiver = false;
    close_it(channel);
    const bool is_last = channel->sender_count == 0;
    ex_wait_leave(&channel->guard);
    if (is_last) {
        release(channel);
    }
}

/* ---- operations ---- */

static inline int64_t begin_send(struct ex_channel_send *self, struct ex_strand *strand) {
    struct ex_channel *const channel = self->channel;

    ex_wait_enter(&channel->guard);
    int64_t value = put(channel, self->element);
    if (value == -EAGAIN) {
        ex_wait_push(&channel->senders, &self->node, strand);
        value = EX_PENDING;
    }
    settle(channel);
    ex_wait_leave(&channel->guard);
    return value;
}

EX_RESUME(ex_channel_send) {
    EX_BEGIN(ex_channel_send);
    EX_WAIT_BEGIN();
    value = begin_send(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = ex_wait_go_on(&self->channel->guard, &self->channel->senders, &self->node, strand);
    }
    EX_RETURN(value);
    EX_END();
}

/* A word for which room has to be found in a ring, and that is all. */
static inline bool put_word(struct ex_ring *ring, const void *element) {
    if (ring->put_thread != ex_wait_thread() || ring->begin == NULL ||
        ex_ring_make_room(ring) != 0) {
        return false;
    }
    ex_ring_put(ring, element);
    if (ex_ring_is_full(ring)) {
        ring->write_end = ring->write;
        ring->take_thread = 0;
    }
    return true;
}

/* ---- a word for a receiver that waits -----------------------------------------------------------
 *
 * It is given to the operation, which has then returned 0, and its strand goes on with who awaited
 * that: nobody looks again for what is known. When the strand is cancelled before it runs, its next
 * await is told.
 *
 * That is so while nothing else is due to the strand and nobody looks on. Else the word goes into
 * the ring, and the receiver is woken, and looks.
 */

#define NOBODY ((struct ex_frame *)(uintptr_t)EX_TASK_UP_OUTERMOST)

/* Who awaits the operation that a word can be given to. Bit 0 set: there is none. */
static inline struct ex_frame *taker_of(const struct ex_ring *ring, const struct ex_local *local) {
    if (ring->put_thread != ex_wait_thread() + 1) {
        return NOBODY;
    }
    const struct ex_strand *const receiver = ring->receiver;
    if (__builtin_expect(__atomic_load_n(&receiver->owner, __ATOMIC_ACQUIRE) != local->owner ||
                             ex_strand_is(receiver, EX_STRAND_READY | EX_STRAND_RETURNED) ||
                             receiver == local->running || receiver->leaf != ring->receiving,
                         0)) {
        return NOBODY;
    }
    return __atomic_load_n(&ring->receiving->up, __ATOMIC_RELAXED);
}

static inline bool is_taker(const struct ex_frame *frame) {
    return __builtin_expect(((uintptr_t)frame & 1) == 0, 1);
}

static inline void
give(struct ex_ring *ring, struct ex_local *local, struct ex_frame *taker, const void *element) {
    struct ex_strand *const receiver = ring->receiver;
    struct ex_channel_recv *const recv = (struct ex_channel_recv *)(void *)ring->receiving;

    ring->put_thread = ex_wait_thread();
    ring->receiver = NULL;
    ring->receiving = NULL;
    memcpy(recv->element, element, sizeof(void *));
    recv->frame.resume = ex_frame_completed;
    receiver->leaf = taker;
    ex_strand_set(receiver, EX_STRAND_READY);
    ex_local_push(local, receiver);
}

/* A function of its own: what it calls would cost who gives a word the saving of registers. */
static __attribute__((noinline)) int64_t send_without_taker(struct ex_frame *frame,
                                                            struct ex_strand *strand) {
    struct ex_channel_send *const self = (struct ex_channel_send *)(void *)frame;
    struct ex_ring *const ring = &self->channel->ring;

    if (ring->put_thread == ex_wait_thread() && ex_plain_end(frame, strand)) {
        if (put_word(ring, self->element)) {
            return 0;
        }
        ex_budget_left++;
    }
    frame->resume = ex_channel_send_resume;
    return ex_channel_send_resume(frame, strand, 0);
}

int64_t ex_channel_send_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_channel_send *const self = (struct ex_channel_send *)(void *)frame;
    struct ex_ring *const ring = &self->channel->ring;
    struct ex_local *const local = ex_local_self;
    struct ex_frame *const taker = taker_of(ring, local);

    (void)value;
    if (is_taker(taker) && ex_plain_begin(strand)) {
        give(ring, local, taker, self->element);
        frame->resume = ex_frame_completed;
        return 0;
    }
    return send_without_taker(frame, strand);
}

/* Every wake is a hint to look again: what was put into the channel stays there until it is taken
 * here, so that nothing is on its way to a receiver that is cancelled. */
static inline int64_t begin_recv(struct ex_channel_recv *self, struct ex_strand *strand) {
    struct ex_channel *const channel = self->channel;

    ex_wait_enter(&channel->guard);
    EX_REQUIRE(channel->ring.receiving == NULL,
               "ex_channel_recv: another task receives from it; one at a time may");
    int64_t value = take(channel, self->element);
    if (value == -EAGAIN) {
        channel->ring.receiver = strand;
        channel->ring.receiving = &self->frame;
        value = EX_PENDING;
    }
    settle(channel);
    ex_wait_leave(&channel->guard);
    return value;
}

static inline int64_t go_on_recv(struct ex_channel_recv *self, struct ex_strand *strand) {
    struct ex_channel *const channel = self->channel;

    ex_wait_enter(&channel->guard);
    int64_t value = take(channel, self->element);
    if (value == -EAGAIN) {
        value = ex_strand_take_cancel(strand) ? -ECANCELED : EX_PENDING;
    }
    channel->ring.receiver = value == EX_PENDING ? strand : NULL;
    channel->ring.receiving = value == EX_PENDING ? &self->frame : NULL;
    settle(channel);
    ex_wait_leave(&channel->guard);
    return value;
}

EX_RESUME(ex_channel_recv) {
    EX_BEGIN(ex_channel_recv);
    EX_WAIT_BEGIN();
    value = begin_recv(self, strand);
    while (value == EX_PENDING) {
        EX_SUSPEND();
        value = go_on_recv(self, strand);
    }
    EX_RETURN(value);
    EX_END();
}

int64_t ex_channel_recv_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    frame->resume = ex_channel_recv_resume;
    return ex_channel_recv_resume(frame, strand, value);
}

int64_t ex_channel_recv_go_on(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    (void)value;
    return ex_leaf_return(frame,
                          strand,
                          go_on_recv((struct ex_channel_recv *)(void *)frame, strand));
}

static __attribute__((noinline)) int try_send(struct ex_channel *channel, const void *element) {
    ex_wait_enter(&channel->guard);
    const int status = put(channel, element);
    settle(channel);
    ex_wait_leave(&channel->guard);
    return status;
}

int ex_channel_try_send_slowly(struct ex_channel *channel, const void *element) {
    struct ex_ring *const ring = &channel->ring;

    if (put_word(ring, element)) {
        return 0;
    }
    struct ex_local *const local = ex_local_self;
    struct ex_frame *const taker = taker_of(ring, local);
    if (is_taker(taker)) {
        give(ring, local, taker, element);
        return 0;
    }
    return try_send(channel, element);
}

int ex_channel_try_recv_slowly(struct ex_channel *channel, void *element) {
    ex_wait_enter(&channel->guard);
    const int status = take(channel, element);
    settle(channel);
    ex_wait_leave(&channel->guard);
    return status;
}

size_t ex_channel_count(struct ex_channel *channel) {
    ex_wait_enter(&channel->guard);
    const size_t count = ex_ring_count(&channel->ring);
    ex_wait_leave(&channel->guard);
    return count;
}

#ifndef EX_SMALL
int ex_channel_send_blocking(struct ex_channel *channel, const void *element) {
    struct ex_channel_send self;

    return (int)ex_wait_block(&channel->guard, ex_channel_send(&self, channel, element));
}

int ex_channel_recv_blocking(struct ex_channel *channel, void *element) {
    struct ex_channel_recv self;

    return (int)ex_wait_block(&channel->guard, ex_channel_recv(&self, channel, element));
}
#endif
