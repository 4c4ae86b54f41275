/* Deadlines against completion: an answer comes at about the time when nobody waits for it any
 * more.
 *
 *   node "crew"    asker ──deadline(receive)──► answer or -ETIMEDOUT ◄──send── answerer, elsewhere
 *   node "clock"   sleepers of a local scheduler, at the borders of a wheel's levels: each wakes at
 *                  its time, in order of their times
 *
 * An answer that could be sent is received, once: by the await, or by who looks after its deadline.
 */
#include <errno.h>
#include <ex/oneshot.h>

#include "scenarios/stage.h"

/* ---- answers ---- */

#define WORKERS 3
#define PAIRS 7
#define PATIENT 5 /* from this one on: a deadline far away, and an answer at once */
#define PATIENCE_NS EX_TIMER_S
#define LATE_NS EX_TIMER_MS /* after its time, as long as nobody keeps a worker thread */

/* Receives, and when it is told, takes a while to clean up. */
struct listen {
    struct ex_frame frame;
    struct ex_oneshot *oneshot;
    uint32_t *answer;
    union {
        struct ex_oneshot_recv recv;
        struct ex_sleep sleep;
    } waits;
};

EX_RESUME(listen) {
    EX_BEGIN(listen);
    EX_AWAIT(ex_oneshot_recv(&self->waits.recv, self->oneshot, self->answer));
    if (value == -ECANCELED) {
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, 2 * EX_TIMER_US));
        STAGE_REQUIRE(value == 0, "a clean-up is told: %lld", (long long)value);
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
        STAGE_REQUIRE(value == 0, "a clean-up is told later: %lld", (long long)value);
        EX_RETURN(-ECANCELED);
    }
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *
listen_to(struct listen *self, struct ex_oneshot *oneshot, uint32_t *answer) {
    self->oneshot = oneshot;
    self->answer = answer;
    return EX_FRAME(self, listen);
}

struct asker {
    struct ex_frame frame;
    uint32_t index;
    struct ex_oneshot *oneshot;
    uint64_t due_ns;
    uint32_t answer;
    struct listen listen;
    struct ex_deadline deadline;
};

static void end_late(struct asker *self) {
    STAGE_REQUIRE(self->index < PATIENT, "an answer does not come");
    sim_count("timed out", 1);
    STAGE_REQUIRE(stage_now_ns() >= self->due_ns, "a deadline passes early");
    ex_oneshot_close(self->oneshot);
    if (ex_oneshot_try_recv(self->oneshot, &self->answer) == 0) {
        sim_count("received", 1);
        sim_count("received after the deadline", 1);
    }
}

EX_RESUME(asker) {
    EX_BEGIN(asker);
    self->due_ns =
        stage_now_ns() + (self->index < PATIENT ? (5 + self->index) * EX_TIMER_US : PATIENCE_NS);
    EX_AWAIT(ex_deadline(&self->deadline,
                         listen_to(&self->listen, self->oneshot, &self->answer),
                         self->due_ns));
    if (value == -ETIMEDOUT) {
        end_late(self);
    } else {
        STAGE_REQUIRE(self->index < PATIENT || stage_now_ns() < self->due_ns, "it comes late");
        STAGE_REQUIRE(value == 0, "a receive returns %lld", (long long)value);
        sim_count("received", 1);
        sim_count(self->index >= PATIENT   ? "received at once"
                  : self->deadline.is_told ? "received though told"
                                           : "received in time",
                  1);
    }
    STAGE_REQUIRE(stage_now_ns() <= self->due_ns + LATE_NS, "a deadline passes late");
    STAGE_REQUIRE(self->answer == 0 || self->answer == 100 + self->index, "another one's answer");
    ex_oneshot_receiver_drop(self->oneshot);
    sim_count("asked", 1);
    EX_END();
}

struct answerer {
    struct ex_frame frame;
    uint32_t index;
    struct ex_oneshot *oneshot;
    struct ex_sleep sleep;
};

EX_RESUME(answerer) {
    EX_BEGIN(answerer);
    if (self->index < PATIENT) {
        EX_AWAIT(ex_sleep_for(&self->sleep, (5 + self->index / 2 * 2) * EX_TIMER_US));
    }
    const uint32_t answer = 100 + self->index;
    if (ex_oneshot_send(self->oneshot, &answer) == 0) {
        sim_count("received", -1);
    }
    EX_END();
}

int crew_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(WORKERS);
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct asker *asker = STAGE_NEW(scheduler, asker);
        struct answerer *answerer = STAGE_NEW(scheduler, answerer);
        asker->index = answerer->index = i;
        asker->oneshot = ex_oneshot_create(EX_WAIT_SHARED, sizeof(uint32_t));
        answerer->oneshot = asker->oneshot;
        ex_task_spawn_detached(EX_FRAME(asker, asker));
        ex_task_spawn_detached(EX_FRAME(answerer, answerer));
    }
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}

/* ---- a wheel ---- */

#define SLEEPERS 14

static uint64_t last_due_ns;

struct sleeper {
    struct ex_frame frame;
    uint64_t due_ns;
    struct ex_sleep sleep;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    EX_AWAIT(ex_sleep_until(&self->sleep, self->due_ns));
    const uint64_t now_ns = stage_now_ns();
    STAGE_REQUIRE(value == 0, "a sleep returns %lld", (long long)value);
    STAGE_REQUIRE(now_ns >= self->due_ns, "a sleep ends early");
    STAGE_REQUIRE(now_ns <= self->due_ns + LATE_NS, "a sleep ends late");
    STAGE_REQUIRE(last_due_ns <= self->due_ns, "sleeps end in another order");
    last_due_ns = self->due_ns;
    sim_count("slept", 1);
    EX_END();
}

/* Around a power of two after now, and in an order of their own. */
static uint64_t due_of(uint64_t begin_ns, uint32_t index) {
    const uint32_t turned = index * 5 % SLEEPERS;
    const uint64_t span_ns = UINT64_C(1) << (4 + turned / 2 * 5);
    return ((begin_ns | (span_ns - 1)) + 1) - turned % 2;
}

int clock_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *scheduler = stage_open(0);
    const uint64_t begin_ns = stage_now_ns() + EX_TIMER_MS;
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        struct sleeper *sleeper = STAGE_NEW(scheduler, sleeper);
        sleeper->due_ns = due_of(begin_ns, i);
        ex_task_spawn_detached(EX_FRAME(sleeper, sleeper));
    }
    stage_run(scheduler);
    ex_scheduler_destroy(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "crew", "crew_main", NULL);
    sim_node(world, "clock", "clock_main", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(60));
    sim_finally(world, "what was sent is received", "received", sim_equal(0));
    sim_finally(world, "each asker goes on", "asked", sim_equal(PAIRS));
    sim_finally(world, "each sleeper wakes", "slept", sim_equal(SLEEPERS));
    sim_sometimes(world, "a deadline passes", "timed out", sim_at_least(1));
    sim_sometimes(world, "an answer is in time", "received in time", sim_at_least(1));
    sim_sometimes(world,
                  "an answer comes when the deadline has passed",
                  "received though told",
                  sim_at_least(1));
}
