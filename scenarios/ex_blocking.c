/* Functions that block on the threads of a pool, and who does not want them any more.
 *
 *   node "crew"    submitters on several workers ──► two threads: deadlines and aborts meet what is
 *                  queued, what runs, and what has returned; files and names go the same way
 *   node "alone"   one worker, which waits for descriptors: functions that wait for each other;
 *                  calls about when the pool's threads have idled for too long; its end while some
 *                  are queued and some run
 *
 * A function runs once, or, if whoever awaits it was told before, never; while it runs, the frame
 * that awaits it is lent to it. Its result comes once, and then the next await is told.
 */
#include <errno.h>
#include <ex/counter.h>
#include <ex/file.h>
#include <ex/resolve.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/stage.h"

#define THREADS_MAX 2

static struct ex_scheduler *open_pool(uint32_t worker_count) {
    struct ex_scheduler *scheduler = NULL;
    const struct ex_scheduler_options options = {.worker_count = worker_count,
                                                 .blocking_thread_count_max = THREADS_MAX};
    const int status = ex_scheduler_create(&scheduler, &options);
    STAGE_REQUIRE(status == 0, "the scheduler was not created: %d", status);
    return scheduler;
}

/* ---- functions ---- */

static int running_count; /* of this node */

/* Part of a frame whose call is looked after. */
struct order {
    uint32_t ticket;    /* of the call that is awaited; 0: none is */
    uint32_t run_count; /* how often its function has begun */
    uint32_t block_us;
};

static void begin_run(void) {
    static _Thread_local bool is_known;
    const int count = __atomic_add_fetch(&running_count, 1, __ATOMIC_RELAXED);

    STAGE_REQUIRE(count <= THREADS_MAX, "%d functions run at one time", count);
    if (!is_known) {
        is_known = true;
        sim_count("threads", 1);
    }
}

static void end_run(void) {
    __atomic_sub_fetch(&running_count, 1, __ATOMIC_RELAXED);
}

static int64_t work(void *argument) {
    struct order *const order = argument;
    const uint32_t ticket = order->ticket;

    STAGE_REQUIRE(ticket != 0, "a function runs that nobody awaits");
    STAGE_REQUIRE(order->run_count == 0, "a function runs twice");
    order->run_count++;
    begin_run();
    stage_block(order->block_us * EX_TIMER_US);
    end_run();
    STAGE_REQUIRE(order->ticket == ticket, "what a function uses is taken from it while it runs");
    return 1000 + ticket;
}

static void begin_order(struct order *order, uint32_t ticket, uint32_t block_us) {
    *order = (struct order){.ticket = ticket, .block_us = block_us};
    if (__atomic_load_n(&running_count, __ATOMIC_RELAXED) == THREADS_MAX) {
        sim_count("every thread is busy", 1);
    }
}

/* What the call returned; true when that is the function's. */
static bool end_order(struct order *order, int64_t value) {
    const uint32_t ticket = order->ticket;

    order->ticket = 0;
    if (value == -ECANCELED || value == -ETIMEDOUT) {
        STAGE_REQUIRE(order->run_count == 0, "a call is told though its function has begun");
        sim_count("told before it ran", 1);
        return false;
    }
    STAGE_REQUIRE(value == 1000 + (int64_t)ticket, "a call returns %lld", (long long)value);
    STAGE_REQUIRE(order->run_count == 1, "a result of a function that did not run");
    sim_count("results", 1);
    return true;
}

/* ---- many submitters ---- */

#define WORKERS 3
#define SUBMITTERS 6
#define ROUNDS 3

struct submitter {
    struct ex_frame frame;
    uint32_t index;
    uint32_t round;
    uint32_t told_count;
    struct order order;
    union {
        struct {
            struct ex_deadline deadline;
            struct ex_blocking_call call;
        } timed;
        struct ex_blocking_call call;
        struct ex_sleep sleep;
    } waits;
};

static struct ex_frame *call_work(struct submitter *self) {
    begin_order(&self->order, 1 + self->index * ROUNDS + self->round, 2 + self->index % 3 * 2);
    if (self->index % 2 == 0) {
        return ex_blocking_call(&self->waits.call, work, &self->order);
    }
    return ex_deadline(&self->waits.timed.deadline,
                       ex_blocking_call(&self->waits.timed.call, work, &self->order),
                       ex_timer_now() + (3 + self->round * 2) * EX_TIMER_US);
}

EX_RESUME(submitter) {
    EX_BEGIN(submitter);
    for (self->round = 0; self->round < ROUNDS; self->round++) {
        EX_AWAIT(call_work(self));
        if (end_order(&self->order, value)) {
            if (self->index % 2 != 0 && self->waits.timed.deadline.is_told) {
                sim_count("a deadline passes while it runs", 1);
            }
        }
        self->told_count += value == -ECANCELED;
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, EX_TIMER_US));
        if (value == -ECANCELED) {
            self->told_count++;
            sim_count("told after it ran", 1);
        }
        STAGE_REQUIRE(self->told_count <= 1, "a task is told twice");
    }
    sim_count("submitters", 1);
    EX_END();
}

struct aborter {
    struct ex_frame frame;
    uint32_t index;
    struct ex_task *tasks[SUBMITTERS];
    union {
        struct ex_sleep sleep;
        struct ex_task_join join;
    } waits;
};

EX_RESUME(aborter) {
    EX_BEGIN(aborter);
    for (self->index = 0; self->index < SUBMITTERS; self->index++) {
        EX_AWAIT(ex_sleep_for(&self->waits.sleep, 3 * EX_TIMER_US));
        if (self->index % 3 != 2) {
            ex_task_abort(self->tasks[self->index]);
        }
    }
    for (self->index = 0; self->index < SUBMITTERS; self->index++) {
        EX_AWAIT(ex_task_join(&self->waits.join, self->tasks[self->index]));
        STAGE_REQUIRE(value == 0, "a submitter returns %lld", (long long)value);
    }
    EX_END();
}

/* Writes a file and reads it, and looks for itself; a number that comes late is closed. */
struct scribe {
    struct ex_frame frame;
    int file;
    struct ex_deadline deadline;
    union {
        struct ex_file_open open;
        struct ex_file_write write;
        struct ex_file_read read;
        struct ex_file_sync sync;
        struct ex_resolve_host resolve;
    } waits;
    struct ex_address address;
    char bytes[8];
};

EX_RESUME(scribe) {
    EX_BEGIN(scribe);
    do {
        EX_AWAIT(ex_deadline(&self->deadline,
                             ex_file_open(&self->waits.open, "/tmp/notes", O_CREAT | O_RDWR, 0600),
                             ex_timer_now() + 2 * EX_TIMER_US));
        sim_count(value == -ETIMEDOUT ? "an open is told" : "opens", 1);
    } while (value == -ETIMEDOUT);
    STAGE_REQUIRE(value >= 0, "an open returns %lld", (long long)value);
    self->file = (int)value;
    EX_AWAIT(ex_file_write(&self->waits.write, self->file, "abcdefg", 8, EX_FILE_HERE));
    STAGE_REQUIRE(value == 8, "a write returns %lld", (long long)value);
    EX_AWAIT(ex_file_sync(&self->waits.sync, self->file));
    STAGE_REQUIRE(value == 0, "a sync returns %lld", (long long)value);
    EX_AWAIT(ex_file_read(&self->waits.read, self->file, self->bytes, 8, 0));
    STAGE_REQUIRE(value == 8 && memcmp(self->bytes, "abcdefg", 8) == 0, "another text is read");
    close(self->file);
    EX_AWAIT(ex_resolve_host(&self->waits.resolve, "alone", 80, &self->address, 1));
    STAGE_REQUIRE(value >= 1 && ex_address_port(&self->address) == 80, "a node is not found");
    sim_count("scribes", 1);
    EX_END();
}

int crew_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *const scheduler = open_pool(WORKERS);
    struct aborter *const aborter = STAGE_NEW(scheduler, aborter);
    for (uint32_t i = 0; i < SUBMITTERS; i++) {
        struct submitter *const submitter = STAGE_NEW(scheduler, submitter);
        submitter->index = i;
        aborter->tasks[i] = ex_task_spawn(EX_FRAME(submitter, submitter));
    }
    ex_task_spawn_detached(EX_FRAME(aborter, aborter));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, scribe), scribe));
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}

/* ---- one worker ---- */

#define MEETINGS 3
#define LATE_CALLS 4
#define IDLE_NS (10 * EX_TIMER_S) /* of the pool threads */

static pthread_mutex_t meeting = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t met = PTHREAD_COND_INITIALIZER;
static uint32_t arrived_count;

/* Returns when two have come. */
static int64_t meet(void *argument) {
    (void)argument;
    begin_run();
    pthread_mutex_lock(&meeting);
    const uint32_t number = arrived_count++ / 2;
    pthread_cond_broadcast(&met);
    while (arrived_count / 2 == number) {
        pthread_cond_wait(&met, &meeting);
    }
    pthread_mutex_unlock(&meeting);
    end_run();
    return 1;
}

struct guest {
    struct ex_frame frame;
    uint32_t index;
    uint32_t round;
    union {
        struct ex_blocking_call call;
        struct ex_sleep sleep;
    } waits;
};

EX_RESUME(guest) {
    EX_BEGIN(guest);
    for (self->round = 0; self->round < MEETINGS; self->round++) {
        EX_AWAIT(ex_blocking_call(&self->waits.call, meet, NULL));
        STAGE_REQUIRE(value == 1, "a meeting returns %lld", (long long)value);
        sim_count("meetings", 1);
        if (self->round == 0) { /* about as long as the pool's threads stay */
            EX_AWAIT(ex_sleep_for(&self->waits.sleep,
                                  IDLE_NS - 4 * EX_TIMER_US + self->index * 3 * EX_TIMER_US));
        }
    }
    EX_END();
}

/* Calls until it is told, whatever is told when. */
struct late {
    struct ex_frame frame;
    uint32_t index;
    struct order order;
    struct ex_blocking_call call;
};

EX_RESUME(late) {
    EX_BEGIN(late);
    do {
        begin_order(&self->order, 1 + self->index, 3 + self->index);
        EX_AWAIT(ex_blocking_call(&self->call, work, &self->order));
    } while (end_order(&self->order, value) && !ex_strand_is(strand, EX_STRAND_CANCEL));
    sim_count(value == -ECANCELED ? "told at the end" : "ran at the end", 1);
    sim_count("late", 1);
    EX_END();
}

/* Makes the worker wait for descriptors, and lets it run for a while. */
struct watch {
    struct ex_frame frame;
    struct ex_io counter;
    struct ex_sleep sleep;
};

EX_RESUME(watch) {
    EX_BEGIN(watch);
    const int status = ex_counter_open(&self->counter, NULL, 0);
    STAGE_REQUIRE(status == 0, "a counter is not opened: %d", status);
    EX_AWAIT(ex_sleep_for(&self->sleep, IDLE_NS + EX_TIMER_S)); /* all have met by then */
    ex_scheduler_stop(ex_scheduler_current());
    EX_END();
}

int alone_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct ex_scheduler *const scheduler = open_pool(0);
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, watch), watch));
    for (uint32_t i = 0; i < 2; i++) {
        struct guest *const guest = STAGE_NEW(scheduler, guest);
        guest->index = i;
        ex_task_spawn_detached(EX_FRAME(guest, guest));
    }
    ex_scheduler_run(scheduler);
    for (uint32_t i = 0; i < LATE_CALLS; i++) {
        struct late *const late = STAGE_NEW(scheduler, late);
        late->index = i;
        ex_task_spawn_detached(EX_FRAME(late, late));
    }
    ex_scheduler_poll(scheduler);
    stage_block(4 * EX_TIMER_US);
    stage_close(scheduler);
    STAGE_REQUIRE(running_count == 0, "a function runs when its scheduler is gone");
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "crew", "crew_main", NULL);
    sim_node(world, "alone", "alone_main", NULL);
    sim_forbid_leaks(world);
    sim_limit_time(world, SIM_S(60));
    sim_finally(world, "each submitter ends", "submitters", sim_equal(SUBMITTERS));
    sim_finally(world, "the file is written", "scribes", sim_equal(1));
    sim_finally(world, "who waits for another one meets it", "meetings", sim_equal(2 * MEETINGS));
    sim_finally(world, "each late call ends", "late", sim_equal(LATE_CALLS));
    sim_sometimes(world, "a call is told before it ran", "told before it ran", sim_at_least(1));
    sim_sometimes(world, "a task is told after it ran", "told after it ran", sim_at_least(1));
    sim_sometimes(world,
                  "a deadline passes while it runs",
                  "a deadline passes while it runs",
                  sim_at_least(1));
    sim_sometimes(world, "an open is told", "an open is told", sim_at_least(1));
    sim_sometimes(world, "a call finds every thread busy", "every thread is busy", sim_at_least(1));
    sim_sometimes(world,
                  "threads end, and others are started",
                  "threads",
                  sim_at_least(2 * THREADS_MAX + 1));
    sim_sometimes(world, "a queued call is told at the end", "told at the end", sim_at_least(1));
    sim_sometimes(world, "a running call ends at the end", "ran at the end", sim_at_least(1));
}
