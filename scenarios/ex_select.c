/* Selects whose losers had been given something: an element, a mutex, a permit.
 *
 *   selector: select { receive · lock · sleep }
 *   senders, rivals for the mutex, on all threads
 *
 * Who is given something keeps it or passes it on: what was sent is received once, in order; the
 * mutex that a loser was given does not stay with it.
 */
#include <errno.h>
#include <ex/channel.h>
#include <ex/mutex.h>
#include <ex/select.h>

#include "scenarios/stage.h"

#define WORKERS 3
#define SELECTORS 2
#define ELEMENTS 6 /* for each selector */
#define RIVALS 2
#define RIVAL_TURNS 4

static struct ex_mutex mutex;
static int inside;

static void enter(void) {
    STAGE_REQUIRE(__atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED) == 1, "two have the mutex");
}

static void leave(void) {
    __atomic_sub_fetch(&inside, 1, __ATOMIC_RELAXED);
    ex_mutex_unlock(&mutex);
}

struct sender {
    struct ex_frame frame;
    struct ex_channel *channel;
    uint32_t element;
    struct ex_channel_send send;
    struct ex_sleep sleep;
};

EX_RESUME(sender) {
    EX_BEGIN(sender);
    for (self->element = 1; self->element <= ELEMENTS; self->element++) {
        EX_AWAIT(ex_channel_send(&self->send, self->channel, &self->element));
        STAGE_REQUIRE(value == 0, "a send returns %lld", (long long)value);
        if (self->element % 3 == 0) {
            EX_AWAIT(ex_sleep_for(&self->sleep, 3 * EX_TIMER_US));
        }
    }
    ex_channel_sender_drop(self->channel);
    EX_END();
}

struct rival {
    struct ex_frame frame;
    uint32_t turn;
    struct ex_mutex_lock lock;
    struct ex_sleep sleep;
};

EX_RESUME(rival) {
    EX_BEGIN(rival);
    for (self->turn = 0; self->turn < RIVAL_TURNS; self->turn++) {
        EX_AWAIT(ex_mutex_lock(&self->lock, &mutex));
        enter();
        EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
        leave();
    }
    sim_count("rivals", 1);
    EX_END();
}

/* Sleeps, and when it is told, takes a while to clean up. */
struct nap {
    struct ex_frame frame;
    struct ex_sleep sleep;
};

EX_RESUME(nap) {
    EX_BEGIN(nap);
    EX_AWAIT(ex_sleep_for(&self->sleep, 2 * EX_TIMER_US));
    if (value == -ECANCELED) {
        EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
        STAGE_REQUIRE(value == 0, "a clean-up is told: %lld", (long long)value);
        sim_count("losers that clean up", 1);
        EX_RETURN(-ECANCELED);
    }
    EX_RETURN(value);
    EX_END();
}

enum { RECEIVE, LOCK, SLEEP, BRANCHES };

struct selector {
    struct ex_frame frame;
    struct ex_channel *channel;
    uint32_t element;
    uint32_t expected;
    struct ex_branch branches[BRANCHES];
    struct ex_select select;
    struct ex_channel_recv recv;
    struct ex_mutex_lock lock;
    struct nap nap;
    bool is_over;
};

static struct ex_frame *select_any(struct selector *self) {
    ex_branch_init(&self->branches[RECEIVE],
                   ex_channel_recv(&self->recv, self->channel, &self->element));
    ex_branch_init(&self->branches[LOCK], ex_mutex_lock(&self->lock, &mutex));
    ex_branch_init(&self->branches[SLEEP], EX_FRAME(&self->nap, nap));
    return ex_select(&self->select, self->branches, BRANCHES);
}

static bool has(const struct selector *self, int branch) {
    return ex_branch_began(&self->branches[branch]) && self->branches[branch].result == 0;
}

/* Each branch has returned, and says what it has. */
static void look(struct selector *self, int64_t winner) {
    if (has(self, LOCK)) {
        enter();
        leave();
        sim_count("locks lost", winner != LOCK);
    }
    if (has(self, RECEIVE)) {
        STAGE_REQUIRE(self->element == self->expected, "an element is lost or doubled");
        self->expected++;
        sim_count("received", 1);
        sim_count("elements lost", winner != RECEIVE);
    }
    self->is_over =
        ex_branch_began(&self->branches[RECEIVE]) && self->branches[RECEIVE].result == -EPIPE;
    sim_count("slept", winner == SLEEP);
}

EX_RESUME(selector) {
    EX_BEGIN(selector);
    self->expected = 1;
    while (!self->is_over) {
        EX_AWAIT(select_any(self));
        STAGE_REQUIRE(value >= 0 && value < BRANCHES, "a select returns %lld", (long long)value);
        look(self, value);
    }
    ex_channel_receiver_drop(self->channel);
    sim_count("selectors", 1);
    EX_END();
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(WORKERS);
    ex_mutex_init(&mutex, EX_WAIT_SHARED);
    for (uint32_t i = 0; i < SELECTORS; i++) {
        struct selector *selector = STAGE_NEW(scheduler, selector);
        struct sender *sender = STAGE_NEW(scheduler, sender);
        selector->channel = ex_channel_create(EX_WAIT_SHARED, sizeof(uint32_t), 2);
        sender->channel = selector->channel;
        ex_task_spawn_detached(EX_FRAME(selector, selector));
        ex_task_spawn_detached(EX_FRAME(sender, sender));
    }
    for (uint32_t i = 0; i < RIVALS; i++) {
        ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, rival), rival));
    }
    stage_run(scheduler);
    STAGE_REQUIRE(ex_mutex_try_lock(&mutex), "the mutex stays with somebody who is gone");
    ex_mutex_unlock(&mutex);
    ex_mutex_deinit(&mutex);
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(1));
    sim_finally(world,
                "each element is received once",
                "received",
                sim_equal(SELECTORS * ELEMENTS));
    sim_finally(world, "each selector ends", "selectors", sim_equal(SELECTORS));
    sim_finally(world, "each rival has its turns", "rivals", sim_equal(RIVALS));
    sim_sometimes(world, "a loser has the mutex", "locks lost", sim_at_least(1));
    sim_sometimes(world, "a loser has an element", "elements lost", sim_at_least(1));
    sim_sometimes(world, "a loser cleans up", "losers that clean up", sim_at_least(1));
    sim_sometimes(world, "nobody else wins", "slept", sim_at_least(1));
}
