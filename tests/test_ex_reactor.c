/* Who waits for events, who is told, and that nobody is
 * forgotten: with real threads, not timed. */
#include "tests/io_fixture.h"

#include "executor/io.h"
#include "executor/reactor.h"

#include <ex/counter.h>
#include <fcntl.h>
#include <sys/socket.h>

static struct ex_scheduler *scheduler;
static uint32_t done_count;

static uint32_t load(const uint32_t *count) {
    return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static void add_one(uint32_t *count) {
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
}

static void start(int worker_count) {
    scheduler = start_workers(worker_count);
    done_count = 0;
}

/* Takes a counter so many times, then counts itself as done. */
struct taker {
    struct ex_frame frame;
    struct ex_counter_take take;
    struct ex_io io;
    int left;
};

EX_RESUME(taker) {
    EX_BEGIN(taker);
    while (self->left-- > 0) {
        EX_AWAIT(ex_counter_take(&self->take, self->io));
        if (value < 0) {
            EX_RETURN(value);
        }
    }
    add_one(&done_count);
    EX_END();
}

static void spawn_taker(struct ex_io io, int count) {
    struct taker *self = ex_task_new(scheduler, sizeof *self);

    *self = (struct taker){.io = io, .left = count};
    ex_task_detach(ex_task_spawn(EX_FRAME(self, taker)));
}

/* Yields for as long as nobody is done. */
struct chatter {
    struct ex_frame frame;
    struct ex_io io;
    int yields;
};

EX_RESUME(chatter) {
    EX_BEGIN(chatter);
    while (load(&done_count) == 0) {
        if (++self->yields == 1000) {
            ck_assert_int_eq(ex_counter_add(self->io, 1), 0);
        }
        EX_YIELD();
    }
    EX_END();
}

START_TEST(ready_tasks_do_not_starve_events) {
    struct ex_io io;
    start(_i);
    ck_assert_int_eq(ex_counter_open(&io, scheduler, 0), 0);
    spawn_taker(io, 1);
    struct chatter *self = ex_task_new(scheduler, sizeof *self);
    *self = (struct chatter){.io = io};
    ex_task_detach(ex_task_spawn(EX_FRAME(self, chatter)));

    run_to_end(scheduler);

    ck_assert_uint_eq(done_count, 1);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Keeps its worker until another one has been told of an event. */
struct hog {
    struct ex_frame frame;
    struct ex_io io;
};

EX_RESUME(hog) {
    EX_BEGIN(hog);
    usleep(2000); /* the others have gone to sleep, most likely */
    ck_assert_int_eq(ex_counter_add(self->io, 1), 0);
    for (int ms = 0; ms < 20000 && load(&done_count) == 0; ms++) {
        usleep(1000);
    }
    EX_RETURN(load(&done_count));
    EX_END();
}

START_TEST(a_task_that_does_not_give_way_does_not_hold_up_events) {
    for (int round = 0; round < 10; round++) {
        struct ex_io io;
        start(_i);
        ck_assert_int_eq(ex_counter_open(&io, scheduler, 0), 0);
        spawn_taker(io, 1);
        usleep(round % 2 == 0 ? 0 : 500);
        struct hog *self = ex_task_new(scheduler, sizeof *self);
        *self = (struct hog){.io = io};
        struct ex_task *task = ex_task_spawn(EX_FRAME(self, hog));

        run_to_end(scheduler);

        ck_assert_int_eq(ex_task_take(task), 1);
        ex_scheduler_destroy(scheduler);
    }
}
END_TEST

/* Is woken by another thread, time and again, while its worker waits for events. */
struct sleeper {
    struct ex_frame frame;
    struct ex_waker waker; /* valid once is_known */
    uint32_t is_known;
    uint32_t told_count;
    uint32_t heard_count;
    uint32_t wanted_count;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    self->waker = ex_waker_of(strand);
    __atomic_store_n(&self->is_known, 1, __ATOMIC_RELEASE);
    while (load(&self->heard_count) < self->wanted_count) {
        __atomic_store_n(&self->heard_count, load(&self->told_count), __ATOMIC_RELEASE);
        if (load(&self->heard_count) < self->wanted_count) {
            EX_SUSPEND();
        }
    }
    add_one(&done_count);
    EX_END();
}

static void *tell_sleeper(void *argument) {
    struct sleeper *self = argument;
    const uint32_t wanted_count = self->wanted_count;

    while (load(&self->is_known) == 0) {
        sched_yield();
    }
    struct ex_waker waker = self->waker;
    for (uint32_t i = 1; i <= wanted_count; i++) {
        __atomic_store_n(&self->told_count, i, __ATOMIC_RELEASE);
        ex_waker_wake(waker);
        while (i < wanted_count && load(&self->heard_count) < i) {
            sched_yield();
        }
    }
    return NULL;
}

START_TEST(no_wake_is_lost_to_whoever_waits_for_events) {
    enum { SLEEPERS = 2 };
    pthread_t threads[SLEEPERS];
    struct ex_io io;
    start(_i);
    ck_assert_int_eq(ex_counter_open(&io, scheduler, 0), 0); /* so that there is a reactor */

    for (int i = 0; i < SLEEPERS; i++) {
        struct sleeper *self = ex_task_new(scheduler, sizeof *self);
        *self = (struct sleeper){.wanted_count = 5000};
        ex_task_detach(ex_task_spawn(EX_FRAME(self, sleeper)));
        ck_assert_int_eq(pthread_create(&threads[i], NULL, tell_sleeper, self), 0);
    }
    run_to_end(scheduler);
    for (int i = 0; i < SLEEPERS; i++) {
        pthread_join(threads[i], NULL);
    }

    ck_assert_uint_eq(done_count, SLEEPERS);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Hands a byte on, round and round. */
enum { RING = 12, RING_ROUNDS = 300 };

struct link {
    struct ex_frame frame;
    union {
        struct ex_io_read_all read;
        struct ex_io_write write;
        struct ex_sleep sleep;
    } child;
    struct ex_io from;
    struct ex_io to;
    int left;
    unsigned char byte;
    bool is_first;
};

EX_RESUME(link) {
    EX_BEGIN(link);
    while (self->left-- > 0) {
        if (!self->is_first) {
            EX_AWAIT(ex_io_read_all(&self->child.read, self->from, &self->byte, 1));
            ck_assert_int_eq(value, 1);
        }
        if (self->left % 64 == 0) {
            EX_AWAIT(ex_sleep_for(&self->child.sleep, 100 * EX_TIMER_US));
        }
        self->byte++;
        EX_AWAIT(ex_io_write(&self->child.write, self->to, &self->byte, 1));
        ck_assert_int_eq(value, 1);
        if (self->is_first) {
            EX_AWAIT(ex_io_read_all(&self->child.read, self->from, &self->byte, 1));
        }
    }
    add_one(&done_count);
    EX_RETURN(self->byte);
    EX_END();
}

START_TEST(a_ring_of_tasks_goes_round_on_any_number_of_workers) {
    struct ex_io pipes[RING][2];
    struct ex_task *first = NULL;
    const int before = descriptor_count();
    start(_i);
    for (int i = 0; i < RING; i++) {
        ck_assert_int_eq(ex_io_pipe(pipes[i], scheduler), 0);
    }

    for (int i = 0; i < RING; i++) {
        struct link *self = ex_task_new(scheduler, sizeof *self);
        *self = (struct link){.from = pipes[i][0],
                              .to = pipes[(i + 1) % RING][1],
                              .left = RING_ROUNDS,
                              .is_first = i == 0};
        struct ex_task *task = ex_task_spawn(EX_FRAME(self, link));
        if (i == 0) {
            first = task;
        } else {
            ex_task_detach(task);
        }
    }
    run_to_end(scheduler);

    ck_assert_uint_eq(done_count, RING);
    ck_assert_int_eq(ex_task_take(first), RING * RING_ROUNDS % 256);
    ex_scheduler_destroy(scheduler);
    ck_assert_int_eq(descriptor_count(), before);
}
END_TEST

/* ---- between a try and the wait ---- */

static struct ex_io ends[2];

static int64_t read_before_an_event(struct ex_io_operation *self, int descriptor) {
    char byte;
    const ssize_t size = read(descriptor, &byte, 1);
    (void)self;

    if (size < 0) {
        ck_assert_int_eq(write(ex_io_descriptor(ends[1]), "x", 1), 1);
        ck_assert(ex_reactor_look(ex_worker_self));
        return EX_SOURCE_WAIT;
    }
    return size;
}

static struct ex_frame *read_late(struct puppet *self) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, read_before_an_event};

    return ex_io_operation((struct ex_io_operation *)(void *)self->leaf, ends[0], &kind);
}

START_TEST(an_event_between_the_try_and_the_wait_is_not_lost) {
    puppets_start(1);
    ck_assert_int_eq(ex_io_pipe(ends, puppets.scheduler), 0);

    puppet_do(0, read_late);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), 1);
    puppets_stop();
}
END_TEST

static int64_t close_and_use(struct ex_io_operation *self, int descriptor) {
    ck_assert_int_eq(ex_io_close(self->io), 0);
    ck_assert_int_eq(ex_io_descriptor(self->io), -EBADF);
    ck_assert_int_ge(fcntl(descriptor, F_GETFD), 0);
    return descriptor;
}

static struct ex_frame *use_what_is_closed(struct puppet *self) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, close_and_use};

    return ex_io_operation((struct ex_io_operation *)(void *)self->leaf, ends[0], &kind);
}

START_TEST(a_number_is_given_back_once_nobody_tries_it) {
    puppets_start(1);
    ck_assert_int_eq(ex_io_pipe(ends, puppets.scheduler), 0);

    puppet_do(0, use_what_is_closed);
    puppets_run();

    ck_assert_int_ge(puppet_result(0), 0);
    ck_assert_int_eq(fcntl((int)puppet_result(0), F_GETFD), -1);
    puppets_stop();
}
END_TEST

/* Both sides use one connection as fast as they can, until somebody else closes it. */
struct user {
    struct ex_frame frame;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
    } child;
    struct ex_io io;
    bool is_reader;
    char bytes[128];
};

EX_RESUME(user) {
    EX_BEGIN(user);
    do {
        if (self->is_reader) {
            EX_AWAIT(ex_io_read(&self->child.read, self->io, self->bytes, sizeof self->bytes));
        } else {
            EX_AWAIT(ex_io_write(&self->child.write, self->io, self->bytes, sizeof self->bytes));
        }
    } while (value > 0);
    add_one(&done_count);
    EX_RETURN(value);
    EX_END();
}

struct closer {
    struct ex_frame frame;
    struct ex_sleep sleep;
    struct ex_io io[2];
    uint64_t after_ns;
};

EX_RESUME(closer) {
    EX_BEGIN(closer);
    EX_AWAIT(ex_sleep_for(&self->sleep, self->after_ns));
    ck_assert_int_eq(ex_io_close(self->io[0]), 0);
    ck_assert_int_eq(ex_io_close(self->io[1]), 0);
    EX_END();
}

static void use_and_close(uint64_t after_ns) {
    int pair[2];
    struct closer *closer = ex_task_new(scheduler, sizeof *closer);

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ex_io_open(&closer->io[i], scheduler, pair[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        struct user *user = ex_task_new(scheduler, sizeof *user);
        *user = (struct user){.io = closer->io[i % 2], .is_reader = i < 2};
        ex_task_detach(ex_task_spawn(EX_FRAME(user, user)));
    }
    closer->after_ns = after_ns;
    ex_task_detach(ex_task_spawn(EX_FRAME(closer, closer)));
}

START_TEST(a_close_at_any_time_ends_what_is_under_way) {
    enum { ROUNDS = 40, PAIRS = 4 };
    const int before = descriptor_count();
    start(_i);

    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < PAIRS; i++) {
            use_and_close((round * 7 + i * 13) % 40 * 10 * EX_TIMER_US);
        }
        run_to_end(scheduler);
        ck_assert_int_eq(descriptor_count(), before + 2); /* epoll and the bell */
    }

    ck_assert_uint_eq(done_count, 4 * ROUNDS * PAIRS);
    ex_scheduler_destroy(scheduler);
}
END_TEST

SUITE(reactor) {
    SUITE_LOOP(ready_tasks_do_not_starve_events, 0, 4);
    SUITE_LOOP(a_task_that_does_not_give_way_does_not_hold_up_events, 2, 5);
    SUITE_LOOP(no_wake_is_lost_to_whoever_waits_for_events, 0, 5);
    SUITE_LOOP(a_ring_of_tasks_goes_round_on_any_number_of_workers, 0, 5);
    SUITE_TEST(an_event_between_the_try_and_the_wait_is_not_lost);
    SUITE_TEST(a_number_is_given_back_once_nobody_tries_it);
    SUITE_LOOP(a_close_at_any_time_ends_what_is_under_way, 0, 5);
}
