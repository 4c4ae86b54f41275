#include <ex/channel.h>

#include "executor/element.h"
#include "executor/leaf.h"
#include "executor/ready.h"
#include "executor/wait.h"

#ifndef EX_SMALL
#include <stdlib.h>

enum { BLOCK_COUNT = 32 }; /* elements in a block of an unbounded channel */

struct ex_channel_block {
    struct ex_channel_block *next;
    unsigned char elements[];
};
#endif

/* ---- room, with the guard held ---- */

#ifndef EX_SMALL
static struct ex_channel_block *allocate_block(size_t element_size) {
    if (element_size > (SIZE_MAX - sizeof(struct ex_channel_block)) / BLOCK_COUNT) {
        return NULL;
    }
    return malloc(sizeof(struct ex_channel_block) + BLOCK_COUNT * element_size);
}

static unsigned char *block_end(const struct ex_channel *channel, struct ex_channel_block *block) {
    return block->elements + BLOCK_COUNT * channel->element_size;
}

static void begin_blocks(struct ex_channel *channel, struct ex_channel_block *block) {
    block->next = NULL;
    channel->first = block;
    channel->last = block;
    channel->ring.read = channel->ring.write = block->elements;
    channel->ring.read_end = channel->ring.write_end = block_end(channel, block);
}

/* `write` stands at its end. False: out of memory. */
static bool append_block(struct ex_channel *channel) {
    struct ex_channel_block *block = channel->spare;

    if (channel->ring.count == 0) {
        begin_blocks(channel, channel->first); /* all of it was read: there is only one */
        return true;
    }
    channel->spare = NULL;
    if (block == NULL) {
        block = allocate_block(channel->element_size);
    }
    if (block == NULL) {
        return false;
    }
    block->next = NULL;
    channel->last->next = block;
    channel->last = block;
    channel->ring.write = block->elements;
    channel->ring.write_end = block_end(channel, block);
    return true;
}

/* `read` stands at its end, and there are elements. */
static void release_first_block(struct ex_channel *channel) {
    struct ex_channel_block *const block = channel->first;

    EX_ASSERT(block->next != NULL);
    channel->first = block->next;
    channel->ring.read = channel->first->elements;
    channel->ring.read_end = block_end(channel, channel->first);
    if (channel->spare == NULL) {
        channel->spare = block;
    } else {
        free(block);
    }
}
#endif

/* ---- elements, with the guard held ---- */

/* A ring wraps at once, blocks when the next element comes. */
static inline void advance_write(struct ex_channel *channel, size_t element_size) {
    channel->ring.write += element_size;
    channel->ring.count++;
    if (channel->ring.write == channel->ring.write_end && channel->ring.begin != NULL) {
        channel->ring.write = channel->ring.begin;
    }
}

static inline void advance_read(struct ex_channel *channel, size_t element_size) {
    channel->ring.read += element_size;
    channel->ring.count--;
    if (channel->ring.read == channel->ring.read_end && channel->ring.begin != NULL) {
        channel->ring.read = channel->ring.begin;
    }
}

/* After whatever changed it: whose words pass in line. Those who wait come first, and who sends to
 * a receiver that waits has to wake it. */
static inline void settle(struct ex_channel *channel) {
    if (channel->word_thread == 0) {
        return; /* other threads may look at what never changes */
    }
    const bool can_put = channel->receiver == NULL && !channel->is_closed;
    const bool can_take = channel->senders.first == NULL && channel->receiving == NULL;

    channel->ring.put_thread = can_put ? channel->word_thread : 0;
    channel->ring.take_thread = can_take ? channel->word_thread : 0;
}

static inline void wake_receiver(struct ex_channel *channel) {
    struct ex_strand *const receiver = channel->receiver;

    if (receiver != NULL) {
        channel->receiver = NULL;
        ex_wait_wake(&channel->guard, receiver);
    }
}

static inline bool insert(struct ex_channel *channel, const void *element) {
#ifndef EX_SMALL
    if (channel->ring.write == channel->ring.write_end && !append_block(channel)) {
        return false;
    }
#endif
    ex_element_copy(channel->ring.write, element, channel->element_size);
    advance_write(channel, channel->element_size);
    return true;
}

static inline int put(struct ex_channel *channel, const void *element) {
    if (__builtin_expect(channel->is_closed, 0)) {
        return -EPIPE;
    }
    if (channel->ring.count == channel->ring.capacity) {
        return -EAGAIN;
    }
    if (!insert(channel, element)) {
        return -ENOMEM;
    }
    wake_receiver(channel);
    return 0;
}

/* There is room for one: the first that waits to send has sent. */
static __attribute__((noinline)) void admit(struct ex_channel *channel) {
    struct ex_channel_send *const send =
        (struct ex_channel_send *)(void *)((unsigned char *)channel->senders.first -
                                           offsetof(struct ex_channel_send, node));
    const bool is_in = insert(channel, send->element);

    EX_ASSERT(is_in);
    ex_wait_end(&channel->guard, &channel->senders, &send->node, 0);
}

static inline int take(struct ex_channel *channel, void *element) {
    if (channel->ring.count == 0) {
        return channel->is_closed ? -EPIPE : -EAGAIN;
    }
#ifndef EX_SMALL
    if (channel->ring.read == channel->ring.read_end) {
        release_first_block(channel);
    }
#endif
    ex_element_copy(element, channel->ring.read, channel->element_size);
    advance_read(channel, channel->element_size);
    if (channel->senders.first != NULL) {
        admit(channel);
    }
    return 0;
}

/* ---- life ---- */

static void init(struct ex_channel *channel, enum ex_wait_kind kind, size_t element_size) {
    EX_REQUIRE(element_size > 0, "ex_channel_init_mem, ex_channel_create: elements of no bytes");
    *channel = (struct ex_channel){.element_size = element_size,
                                   .ring.capacity = EX_CHANNEL_UNBOUNDED,
                                   .sender_count = 1,
                                   .has_receiver = true};
    ex_wait_guard_init(&channel->guard, kind);
}

static void init_ring(struct ex_channel *channel, unsigned char *ring, size_t capacity) {
    unsigned char *const end = ring + capacity * channel->element_size;

    EX_REQUIRE(capacity > 0, "ex_channel_*: room for no element; a capacity is at least 1");
    channel->ring.capacity = capacity;
    channel->ring.begin = ring;
    channel->ring.read = channel->ring.write = ring;
    channel->ring.read_end = channel->ring.write_end = end;
    channel->word_thread = channel->element_size == sizeof(void *) ? channel->guard.thread : 0;
    settle(channel);
}

void ex_channel_init_mem(struct ex_channel *channel,
                         enum ex_wait_kind kind,
                         size_t element_size,
                         void *memory,
                         size_t memory_size) {
    EX_REQUIRE(memory != NULL, "ex_channel_init_mem: the memory is NULL");
    init(channel, kind, element_size);
    init_ring(channel, memory, memory_size / element_size);
}

static void require_nobody_waits(struct ex_channel *channel) {
    EX_REQUIRE(channel->receiving == NULL && channel->senders.first == NULL,
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
    struct ex_channel_block *block = NULL;
    size_t size = sizeof(struct ex_channel);

    EX_REQUIRE(element_size > 0, "ex_channel_create: elements of no bytes");
    if (capacity == EX_CHANNEL_UNBOUNDED) {
        block = allocate_block(element_size);
    } else if (__builtin_mul_overflow(element_size, capacity, &size) ||
               __builtin_add_overflow(size, sizeof(struct ex_channel), &size)) {
        return NULL;
    }
    struct ex_channel *const channel = malloc(size);
    if (channel == NULL || (capacity == EX_CHANNEL_UNBOUNDED && block == NULL)) {
        free(channel);
        free(block);
        return NULL;
    }
    init(channel, kind, element_size);
    channel->is_created = true;
    if (block != NULL) {
        begin_blocks(channel, block);
    } else {
        init_ring(channel, (unsigned char *)(channel + 1), capacity);
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
    for (struct ex_channel_block *block = channel->first; block != NULL;) {
        struct ex_channel_block *const next = block->next;
        free(block);
        block = next;
    }
    free(channel->spare);
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
    EX_REQUIRE(channel->receiving == NULL, "ex_channel_receiver_drop: somebody receives");
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

/* Often a word that a receiver waits for: then there is room, and nobody waits to send. */
int64_t ex_channel_send_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_channel_send *const self = (struct ex_channel_send *)(void *)frame;
    struct ex_channel *const channel = self->channel;

    if (__builtin_expect(channel->word_thread != ex_wait_thread() || channel->receiver == NULL ||
                             !ex_plain_end(frame, strand),
                         0)) {
        frame->resume = ex_channel_send_resume;
        return ex_channel_send_resume(frame, strand, value);
    }
    struct ex_strand *const receiver = channel->receiver;
    channel->ring.put_thread = channel->word_thread;
    channel->receiver = NULL;
    ex_ring_put(&channel->ring, self->element);
    ex_waker_wake_strand(receiver);
    return 0;
}

/* Every wake is a hint to look again: what was sent stays in the channel until it is taken here, so
 * that nothing is on its way to a receiver that is cancelled. */
static inline int64_t begin_recv(struct ex_channel_recv *self, struct ex_strand *strand) {
    struct ex_channel *const channel = self->channel;

    ex_wait_enter(&channel->guard);
    EX_REQUIRE(channel->receiving == NULL, "ex_channel_recv: another task receives from it");
    int64_t value = take(channel, self->element);
    if (value == -EAGAIN) {
        channel->receiver = strand;
        channel->receiving = self;
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
    channel->receiver = value == EX_PENDING ? strand : NULL;
    channel->receiving = value == EX_PENDING ? self : NULL;
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

static __attribute__((noinline)) int64_t resume_long(struct ex_frame *frame,
                                                     struct ex_strand *strand) {
    return ex_leaf_return(frame,
                          strand,
                          go_on_recv((struct ex_channel_recv *)(void *)frame, strand));
}

/* Of one that waits for a word, which has come. */
static int64_t recv_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_channel_recv *const self = (struct ex_channel_recv *)(void *)frame;
    struct ex_channel *const channel = self->channel;

    (void)value;
    if (__builtin_expect(channel->word_thread != ex_wait_thread() || channel->ring.count == 0 ||
                             channel->senders.first != NULL,
                         0)) {
        return resume_long(frame, strand);
    }
    EX_ASSERT(channel->receiving == self);
    channel->receiving = NULL;
    channel->ring.take_thread = channel->word_thread;
    frame->resume = ex_frame_completed;
    ex_ring_take(&channel->ring, self->element);
    return 0;
}

/* Often a word is waited for, and nobody else has to be told. */
int64_t ex_channel_recv_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_channel_recv *const self = (struct ex_channel_recv *)(void *)frame;
    struct ex_channel *const channel = self->channel;

    if (__builtin_expect(channel->word_thread != ex_wait_thread() || channel->ring.count != 0 ||
                             channel->is_closed || channel->receiving != NULL ||
                             !ex_plain_end(frame, strand),
                         0)) {
        frame->resume = ex_channel_recv_resume;
        return ex_channel_recv_resume(frame, strand, value);
    }
    channel->receiver = strand;
    channel->receiving = self;
    channel->ring.put_thread = 0;
    channel->ring.take_thread = 0;
    EX_LEAF_WAIT(ex_channel_recv, recv_resume);
}

int ex_channel_try_send_slowly(struct ex_channel *channel, const void *element) {
    ex_wait_enter(&channel->guard);
    const int status = put(channel, element);
    settle(channel);
    ex_wait_leave(&channel->guard);
    return status;
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
    const size_t count = channel->ring.count;
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
