/* Calls on files that wait: who is woken, in every order, and what is given back afterwards. What
 * calls answer without waiting is compared with the kernel in test_calls.c. */
#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>

#include "tests/kernel_fixture.h"
#include "tests/suite.h"

#define SEEDS SUITE_SHARE(200)
#define STREAM_SIZE 20000u
#define PART_MAX 3000u
#define TICKETS 40u
#define LONG_NS UINT64_C(1000000000)

static struct random dice;
static int ends[2];
static int64_t numbers[4];
static uint64_t results[5];
static uint32_t returned;

static void pipe_make(uint64_t capacity) {
    ck_assert_int_eq(pipe_open(&node.pipes, 0, KERNEL_FIXTURE_NUMBERS, ends), 0);
    const uint32_t file = descriptor_file(&node.descriptors, ends[1]);
    ck_assert_int_eq(pipe_capacity_set(&node.pipes, file, capacity), (int64_t)capacity);
}

/* Thread 1 has made what the others use, before they look for it. */
static void await_start(const int64_t *number) {
    while (*number == 0) {
        kernel_fixture_sleep(1000);
    }
}

static void node_end(void) {
    descriptor_node_end(&node.descriptors, KERNEL_FIXTURE_NODE);
    kernel_fixture_expect_nothing_left();
}

static void reset(uint64_t seed) {
    random_init(&dice, seed);
    memset(ends, 0, sizeof ends);
    memset(numbers, 0, sizeof numbers);
    memset(results, 0, sizeof results);
    returned = 0;
}

/* ---- pipes ---- */

static void stream_write(void) {
    unsigned char bytes[PART_MAX];
    pipe_make(4096);
    numbers[0] = 1;
    for (uint32_t at = 0; at < STREAM_SIZE;) {
        const uint32_t wanted = 1 + (uint32_t)random_below(&dice, PART_MAX);
        const uint32_t size = wanted < STREAM_SIZE - at ? wanted : STREAM_SIZE - at;
        for (uint32_t i = 0; i < size; i++) {
            bytes[i] = (unsigned char)((at + i) % 251);
        }
        ck_assert_int_eq(kernel_fixture_write(ends[1], bytes, size), size);
        at += size;
    }
    ck_assert_int_eq(kernel_fixture_close(ends[1]), 0);
}

static void stream_read(void) {
    unsigned char bytes[PART_MAX];
    uint32_t at = 0;
    await_start(&numbers[0]);
    for (;;) {
        const int64_t got =
            kernel_fixture_read(ends[0], bytes, 1 + (size_t)random_below(&dice, PART_MAX));
        ck_assert_int_ge(got, 0);
        if (got == 0) {
            break;
        }
        for (int64_t i = 0; i < got; i++, at++) {
            ck_assert_uint_eq(bytes[i], at % 251);
        }
    }
    ck_assert_uint_eq(at, STREAM_SIZE);
    ck_assert_int_eq(kernel_fixture_close(ends[0]), 0);
    node_end();
}

static void stream(uint32_t thread) {
    if (thread == 1) {
        stream_write();
    } else {
        stream_read();
    }
}

START_TEST(a_pipe_hands_over_every_byte_in_order_while_both_ends_wait) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 2, stream), VERDICT_PASS);
    }
}
END_TEST

/* 2 reads, and 1 closes the number meanwhile: the end stays open until the read is over. */
static void close_under_reader(uint32_t thread) {
    char byte = 'x';
    if (thread == 2) {
        await_start(&numbers[0]);
        ck_assert_int_eq(kernel_fixture_read(ends[0], &byte, 1), 1);
        ck_assert_int_eq(byte, 'y');
        ck_assert_int_eq(kernel_fixture_write(ends[1], &byte, 1), -EPIPE);
        ck_assert_int_eq(kernel_fixture_read(ends[0], &byte, 1), -EBADF);
        node_end();
        return;
    }
    pipe_make(4096);
    numbers[0] = 1;
    const uint32_t object =
        file_at(node.files, descriptor_file(&node.descriptors, ends[0]))->object;
    while (!thread_fixture_waits(POINT_READ, object)) {
        kernel_fixture_sleep(1000);
    }
    ck_assert_int_eq(kernel_fixture_close(ends[0]), 0);
    ck_assert_int_eq(kernel_fixture_close(ends[0]), -EBADF);
    ck_assert_int_eq(kernel_fixture_write(ends[1], "y", 1), 1);
}

START_TEST(a_file_stays_open_for_a_call_that_waits_on_it) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 2, close_under_reader), VERDICT_PASS);
    }
}
END_TEST

/* ---- eventfd ---- */

/* 1 and 2 give tickets away, 3 and 4 take them, the first two and the last two together as many. */
static void tickets(uint32_t thread) {
    if (thread == 1) {
        numbers[0] = counter_open_event(&node.counters, 0, EFD_SEMAPHORE, KERNEL_FIXTURE_NUMBERS);
    }
    await_start(&numbers[0]);
    for (uint32_t i = 0; i < TICKETS; i++) {
        uint64_t value = 1;
        const int64_t moved = thread <= 2 ? kernel_fixture_write(numbers[0], &value, sizeof value)
                                          : kernel_fixture_read(numbers[0], &value, sizeof value);
        ck_assert_int_eq(moved, sizeof value);
        results[thread] += value;
        ck_assert_uint_le(results[3] + results[4], results[1] + results[2] + 2);
    }
}

START_TEST(each_ticket_of_an_eventfd_is_taken_once) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 4, tickets), VERDICT_PASS);
        ck_assert_uint_eq(results[3] + results[4], (uint64_t)2 * TICKETS);
    }
}
END_TEST

static void full_counter(uint32_t thread) {
    uint64_t value = UINT64_MAX - 1;
    if (thread == 1) {
        numbers[0] = counter_open_event(&node.counters, 1, 0, KERNEL_FIXTURE_NUMBERS);
        ck_assert_int_eq(kernel_fixture_write(numbers[0], &value, sizeof value), sizeof value);
        returned = 1;
        return;
    }
    await_start(&numbers[0]);
    ck_assert_uint_eq(returned, 0);
    ck_assert_int_eq(kernel_fixture_read(numbers[0], &value, sizeof value), sizeof value);
    ck_assert(value == 1 || value == UINT64_MAX - 1);
}

START_TEST(a_write_waits_until_an_eventfd_has_room) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 2, full_counter), VERDICT_PASS);
        ck_assert_uint_eq(returned, 1);
    }
}
END_TEST

/* ---- timerfd ---- */

static void periods(uint32_t thread) {
    (void)thread;
    const struct counter_setting setting = {.due_ns = 5000, .interval_ns = 7000};
    const int64_t timer =
        counter_open_timer(&node.counters, CLOCK_MONOTONIC, 0, KERNEL_FIXTURE_NUMBERS);
    counter_set(&node.counters, descriptor_file(&node.descriptors, timer), &setting);
    uint64_t seen = 0;
    for (unsigned i = 0; i < 20; i++) {
        uint64_t value;
        kernel_fixture_sleep(1 + random_below(&dice, 40000));
        ck_assert_int_eq(kernel_fixture_read(timer, &value, sizeof value), sizeof value);
        seen += value;
        ck_assert_uint_gt(value, 0);
        ck_assert_uint_eq(seen, (thread_fixture_now_ns() - 5000) / 7000 + 1);
    }
    node_end();
}

START_TEST(a_timer_counts_the_periods_that_nobody_saw) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 1, periods), VERDICT_PASS);
    }
}
END_TEST

/* ---- epoll and poll ---- */

static uint32_t flags;   /* of the items */
static bool one_for_all; /* one instance, in which all wait */
static bool ends_it;     /* what happens is the end of the pipe, and not a byte */

static bool all_wait(void) {
    uint32_t waiting = 0;
    for (uint32_t agent = 1; agent <= fixture.schedule.agents.pool.count; agent++) {
        const struct agent *found = schedule_agent(&fixture.schedule, agent);
        waiting += found->state == AGENT_WAITING && found->cause.kind == POINT_EPOLL_WAIT;
    }
    return waiting == 3;
}

static void watch(uint32_t thread) {
    struct epoll_event event;
    if (thread != 4) {
        await_start(&numbers[0]);
        const int64_t epoll =
            one_for_all ? numbers[0] : kernel_fixture_epoll(ends[0], flags | EPOLLIN);
        ck_assert_int_eq(kernel_fixture_epoll_wait(epoll, &event, 1, AGENDA_NEVER), 1);
        ck_assert_uint_eq(event.events, ends_it ? EPOLLHUP : EPOLLIN);
        ck_assert_uint_eq(event.data.u64, (uint64_t)ends[0]);
        returned++;
        return;
    }
    pipe_make(4096);
    numbers[0] = kernel_fixture_epoll(ends[0], flags | EPOLLIN);
    while (!all_wait()) {
        kernel_fixture_sleep(1000);
    }
    if (ends_it) {
        ck_assert_int_eq(kernel_fixture_close(ends[1]), 0);
    } else {
        ck_assert_int_eq(kernel_fixture_write(ends[1], "x", 1), 1);
    }
}

struct told {
    uint32_t flags;
    bool one_for_all, ends_it;
    uint32_t woken;
};

static const struct told told[] = {
    {0, true, false, 3}, /* still ready: the next one is woken too */
    {EPOLLET, true, false, 1},
    {EPOLLONESHOT, true, false, 1},
    {0, false, false, 3},
    {EPOLLET, false, false, 3},
    {EPOLLEXCLUSIVE, false, false, 1},
    {EPOLLEXCLUSIVE, false, true, 3},
    {EPOLLET, true, true, 1},
};

START_TEST(news_wake_as_many_as_linux_wakes) {
    flags = told[_i].flags;
    one_for_all = told[_i].one_for_all;
    ends_it = told[_i].ends_it;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);

        const enum verdict_kind verdict = kernel_fixture_run(seed, 4, watch);

        ck_assert_int_eq(verdict, told[_i].woken == 3 ? VERDICT_PASS : VERDICT_DEADLOCK);
        ck_assert_uint_eq(returned, told[_i].woken);
    }
}
END_TEST

static void poll_until(uint32_t thread) {
    struct pollfd entries[2] = {{.events = POLLIN}, {.fd = -1}};
    if (thread == 2) {
        await_start(&numbers[0]);
        kernel_fixture_sleep(random_below(&dice, 2) == 0 ? LONG_NS / 2 : 2 * LONG_NS);
        ck_assert_int_eq(kernel_fixture_write(ends[1], "x", 1), 1);
        return;
    }
    pipe_make(4096);
    numbers[0] = 1;
    entries[0].fd = ends[0];
    const struct poll_wait_for what = {.deadline_ns = thread_fixture_now_ns() + LONG_NS};
    const int64_t ready = poll_wait(&node.readiness, entries, 2, &what);
    ck_assert_uint_eq(node.readiness.watches.table.live, 0);
    const uint32_t file = descriptor_file(&node.descriptors, ends[0]);
    ck_assert_uint_eq(file_at(node.files, file)->references, 1);
    ck_assert(ready == 1 ? thread_fixture_now_ns() < what.deadline_ns
                         : ready == 0 && thread_fixture_now_ns() >= what.deadline_ns);
    ck_assert_int_eq(entries[0].revents, ready == 1 ? POLLIN : 0);
    results[ready]++;
}

START_TEST(poll_ends_with_news_or_at_its_deadline) {
    uint64_t outcomes[2] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 2, poll_until), VERDICT_PASS);
        outcomes[0] += results[0];
        outcomes[1] += results[1];
    }
    ck_assert_uint_gt(outcomes[0], SEEDS / 4); /* the runs had both */
    ck_assert_uint_gt(outcomes[1], SEEDS / 4);
}
END_TEST

/* ---- ends ---- */

/* 1 reads, 2 polls, 3 waits for events, and none of them ever comes back. */
static void end_in_calls(uint32_t thread) {
    struct epoll_event event;
    char byte;
    if (thread != 4) {
        await_start(&numbers[0]);
    }
    struct pollfd entry = {.fd = ends[0], .events = POLLIN};
    const struct poll_wait_for what = {.deadline_ns = AGENDA_NEVER};
    switch (thread) {
    case 1:
        kernel_fixture_read(ends[0], &byte, 1);
        break;
    case 2:
        poll_wait(&node.readiness, &entry, 1, &what);
        break;
    case 3:
        kernel_fixture_epoll_wait(numbers[0], &event, 1, AGENDA_NEVER);
        break;
    default:
        pipe_make(4096);
        numbers[0] = kernel_fixture_epoll(ends[0], EPOLLIN);
        kernel_fixture_sleep(random_below(&dice, 5000));
        for (uint32_t agent = 1; agent <= fixture.schedule.agents.pool.count; agent++) {
            const struct agent *found = schedule_agent(&fixture.schedule, agent);
            if (agent != fixture.schedule.running && found->kind == AGENT_THREAD &&
                found->state != AGENT_FREE) {
                schedule_thread_kill(&fixture.schedule, agent);
                fixture.alive--;
            }
        }
        node_end();
        return;
    }
    ck_abort_msg("thread %u came back", (unsigned)thread);
}

START_TEST(a_node_that_ends_gives_back_what_its_calls_held) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        reset(seed);
        ck_assert_int_eq(kernel_fixture_run(seed, 4, end_in_calls), VERDICT_PASS);
    }
}
END_TEST

SUITE(waits) {
    SUITE_TEST(a_pipe_hands_over_every_byte_in_order_while_both_ends_wait);
    SUITE_TEST(a_file_stays_open_for_a_call_that_waits_on_it);
    SUITE_TEST(each_ticket_of_an_eventfd_is_taken_once);
    SUITE_TEST(a_write_waits_until_an_eventfd_has_room);
    SUITE_TEST(a_timer_counts_the_periods_that_nobody_saw);
    SUITE_LOOP(news_wake_as_many_as_linux_wakes, 0, (int)(sizeof told / sizeof told[0]));
    SUITE_TEST(poll_ends_with_news_or_at_its_deadline);
    SUITE_TEST(a_node_that_ends_gives_back_what_its_calls_held);
}
