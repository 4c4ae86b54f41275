/* A channel is closed while some wait to send, some send, and one receives; a sender is cancelled.
 *
 *   senders ──► [ 2 elements ] ──► receiver          closer: close, at any time
 *
 * A send that returned 0 put its element in, and it is received, once and in order; any other left
 * it out.
 */
#include <errno.h>
#include <ex/channel.h>

#include "scenarios/stage.h"

#define WORKERS 3
#define SENDERS 4
#define ELEMENTS 4 /* of each */
#define CAPACITY 2

static struct ex_channel *channel;
static uint32_t sent_count;
static uint32_t received_count;
static uint32_t received_open_count; /* when it had been closed */

struct sender {
    struct ex_frame frame;
    uint32_t index;
    uint32_t number;
    uint32_t element;
    struct ex_channel_send send;
};

EX_RESUME(sender) {
    EX_BEGIN(sender);
    for (self->number = 0; self->number < ELEMENTS; self->number++) {
        self->element = self->index * ELEMENTS + self->number;
        EX_AWAIT(ex_channel_send(&self->send, channel, &self->element));
        if (value == 0) {
            __atomic_add_fetch(&sent_count, 1, __ATOMIC_RELAXED);
            continue;
        }
        STAGE_REQUIRE(value == -EPIPE || (value == -ECANCELED && self->index == 0),
                      "a send returns %lld",
                      (long long)value);
        sim_count(value == -EPIPE ? "sends refused" : "sends canceled", 1);
        break;
    }
    ex_channel_sender_drop(channel);
    sim_count("senders", 1);
    EX_RETURN(value);
    EX_END();
}

struct receiver {
    struct ex_frame frame;
    uint32_t element;
    uint32_t next[SENDERS]; /* each one's number */
    struct ex_channel_recv recv;
};

static void judge(struct receiver *self) {
    const uint32_t sender = self->element / ELEMENTS;
    const uint32_t number = self->element % ELEMENTS;
    STAGE_REQUIRE(sender < SENDERS, "what was never sent is received");
    STAGE_REQUIRE(number == self->next[sender], "an element is lost, doubled or overtaken");
    self->next[sender]++;
    __atomic_add_fetch(&received_count, 1, __ATOMIC_RELAXED);
}

EX_RESUME(receiver) {
    EX_BEGIN(receiver);
    for (;;) {
        EX_AWAIT(ex_channel_recv(&self->recv, channel, &self->element));
        if (value != 0) {
            break;
        }
        judge(self);
    }
    STAGE_REQUIRE(value == -EPIPE, "a receive returns %lld", (long long)value);
    ex_channel_receiver_drop(channel);
    sim_count("receivers", 1);
    EX_END();
}

/* Cancels a sender, then closes the channel. */
struct closer {
    struct ex_frame frame;
    struct ex_task *sender;
    struct ex_sleep sleep;
    struct ex_task_join join;
};

EX_RESUME(closer) {
    EX_BEGIN(closer);
    EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
    ex_task_abort(self->sender);
    EX_AWAIT(ex_task_join(&self->join, self->sender));
    EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
    ex_channel_close(channel);
    received_open_count = __atomic_load_n(&received_count, __ATOMIC_RELAXED);
    ex_channel_sender_drop(channel);
    EX_END();
}

static struct ex_task *spawn_sender(struct ex_scheduler *scheduler, uint32_t index) {
    struct sender *sender = STAGE_NEW(scheduler, sender);
    sender->index = index;
    ex_channel_sender_add(channel);
    return ex_task_spawn(EX_FRAME(sender, sender));
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(WORKERS);
    channel = ex_channel_create(EX_WAIT_SHARED, sizeof(uint32_t), CAPACITY);
    struct closer *closer = STAGE_NEW(scheduler, closer);
    closer->sender = spawn_sender(scheduler, 0);
    for (uint32_t i = 1; i < SENDERS; i++) {
        ex_task_detach(spawn_sender(scheduler, i));
    }
    ex_task_spawn_detached(EX_FRAME(closer, closer));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, receiver), receiver));
    stage_run(scheduler);

    STAGE_REQUIRE(sent_count == received_count,
                  "%u elements were sent and %u received",
                  sent_count,
                  received_count);
    /* What was inside, and what the receiver had in hand. */
    STAGE_REQUIRE(received_count - received_open_count <= CAPACITY + 1,
                  "%u elements come out of a closed channel",
                  received_count - received_open_count);
    if (sent_count == SENDERS * ELEMENTS) {
        sim_count("all sent", 1);
    }
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(1));
    sim_finally(world, "each sender ends", "senders", sim_equal(SENDERS));
    sim_finally(world, "the receiver ends", "receivers", sim_equal(1));
    sim_sometimes(world, "a send is refused", "sends refused", sim_at_least(1));
    sim_sometimes(world, "several sends are refused", "sends refused", sim_at_least(3));
    sim_sometimes(world, "a send is canceled", "sends canceled", sim_at_least(1));
    sim_sometimes(world, "all is sent before the end", "all sent", sim_at_least(1));
}
