/* What waits inside branches of one task: of a select that another branch wins, and of a join whose
 * objects other threads serve. */
#include "tests/puppets.h"

#include <errno.h>
#include <ex/channel.h>
#include <ex/event.h>
#include <ex/join.h>
#include <ex/mutex.h>
#include <ex/select.h>

static struct ex_mutex mutex;
static struct ex_event event;

/* RFD 609 of Oxide: one branch queues for the lock, the other wins, and what the winner does next
 * is to take the same lock. */
struct contender {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_mutex_lock lock;
    struct ex_event_wait wait;
    struct ex_select select;
    struct ex_mutex_lock after;
    bool was_given; /* the loser had the lock already when it was told to end */
    bool is_done;
};

EX_RESUME(contender) {
    EX_BEGIN(contender);
    ex_branch_init(&self->branches[0], ex_event_wait(&self->wait, &event));
    ex_branch_init(&self->branches[1], ex_mutex_lock(&self->lock, &mutex));
    EX_AWAIT(ex_select(&self->select, self->branches, 2));
    ck_assert_int_eq(value, 0);
    self->was_given = self->branches[1].result == 0;
    if (self->was_given) {
        ex_mutex_unlock(&mutex);
    } else {
        ck_assert_int_eq(self->branches[1].result, -ECANCELED);
    }
    EX_AWAIT(ex_mutex_lock(&self->after, &mutex));
    ck_assert_int_eq(value, 0);
    ex_mutex_unlock(&mutex);
    self->is_done = true;
    EX_END();
}

static struct ex_scheduler *scheduler;

static struct contender *start(int kind) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, NULL), 0);
    ex_mutex_init(&mutex, (enum ex_wait_kind)kind);
    ex_event_init(&event, (enum ex_wait_kind)kind);
    ck_assert(ex_mutex_try_lock(&mutex));
    struct contender *self = ex_task_new(scheduler, sizeof *self);
    self->is_done = false;
    ex_task_spawn(EX_FRAME(self, contender));
    ex_scheduler_poll(scheduler);
    return self;
}

static void stop(void) {
    ex_mutex_deinit(&mutex);
    ex_event_deinit(&event);
    ex_scheduler_destroy(scheduler);
}

START_TEST(who_loses_a_select_leaves_the_queue_before_the_winner_goes_on) {
    struct contender *self = start(_i);

    ex_event_set(&event);
    ex_scheduler_poll(scheduler);
    ck_assert_ptr_eq(mutex.queue.first, &self->after.node);
    ck_assert_ptr_eq(mutex.queue.last, &self->after.node);
    ex_mutex_unlock(&mutex);
    ex_scheduler_poll(scheduler);

    ck_assert(self->is_done);
    ck_assert(!self->was_given);
    stop();
}
END_TEST

START_TEST(who_loses_a_select_with_the_lock_in_hand_says_so) {
    struct contender *self = start(_i);

    ex_event_set(&event);
    ex_mutex_unlock(&mutex); /* to the branch that will have lost */
    ex_scheduler_poll(scheduler);

    ck_assert(self->is_done);
    ck_assert(self->was_given);
    stop();
}
END_TEST

/* ---- branches that wait for other threads ---------------------------------------------------- */

enum { BRANCHES = 3, COUNT = 3000, RECEIVER = 0 };

static struct ex_channel *channels[BRANCHES];

struct drain {
    struct ex_frame frame;
    struct ex_channel *channel;
    int64_t element;
    int64_t sum;
    struct ex_channel_recv recv;
};

EX_RESUME(drain) {
    EX_BEGIN(drain);
    self->sum = 0;
    for (;;) {
        EX_AWAIT(ex_channel_recv(&self->recv, self->channel, &self->element));
        if (value < 0) {
            ck_assert_int_eq(value, -EPIPE);
            EX_RETURN(self->sum);
        }
        self->sum += self->element;
    }
    EX_END();
}

static struct ex_frame *drain(struct drain *self, struct ex_channel *channel) {
    self->channel = channel;
    return EX_FRAME(self, drain);
}

static int64_t sums[BRANCHES];

struct drain_all {
    struct ex_frame frame;
    struct ex_branch branches[BRANCHES];
    struct drain drains[BRANCHES];
    struct ex_join join;
};

EX_RESUME(drain_all) {
    EX_BEGIN(drain_all);
    for (int i = 0; i < BRANCHES; i++) {
        ex_branch_init(&self->branches[i], drain(&self->drains[i], channels[i]));
    }
    EX_AWAIT(ex_join_all(&self->join, self->branches, BRANCHES));
    for (int i = 0; i < BRANCHES; i++) {
        sums[i] = self->branches[i].result;
        ex_channel_receiver_drop(channels[i]);
    }
    EX_END();
}

static struct ex_frame *make_drain_all(void *frame, int number) {
    struct drain_all *self = frame;
    (void)number;
    return EX_FRAME(self, drain_all);
}

static bool is_local; /* the scheduler */

static void *drain_or_send(void *number) {
    const int role = *(int *)number;

    if (role == RECEIVER) {
        puppets_crowd(is_local, 1, sizeof(struct drain_all), make_drain_all);
        return NULL;
    }
    for (int64_t i = 1; i <= COUNT; i++) {
        ck_assert_int_eq(ex_channel_send_blocking(channels[role - 1], &i), 0);
    }
    ex_channel_sender_drop(channels[role - 1]);
    return NULL;
}

START_TEST(each_branch_is_woken_by_its_own_thread) {
    is_local = _i == 1;
    for (int i = 0; i < BRANCHES; i++) {
        channels[i] = ex_channel_create(EX_WAIT_SHARED, sizeof(int64_t), 1 + (size_t)i);
    }

    puppets_threads(1 + BRANCHES, drain_or_send);

    for (int i = 0; i < BRANCHES; i++) {
        ck_assert_int_eq(sums[i], (int64_t)COUNT * (COUNT + 1) / 2);
    }
}
END_TEST

SUITE(ex_wait) {
    SUITE_LOOP(who_loses_a_select_leaves_the_queue_before_the_winner_goes_on, 0, 2);
    SUITE_LOOP(who_loses_a_select_with_the_lock_in_hand_says_so, 0, 2);
    SUITE_LOOP(each_branch_is_woken_by_its_own_thread, 0, 2);
}
