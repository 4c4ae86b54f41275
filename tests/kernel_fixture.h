/* Files of one node without a machine: threads of tests/thread_fixture.h make calls on them, which
 * may wait.
 *
 *   kernel_fixture_run(seed, 4, body) ─► body(1) … body(4) interleave ─► the run's verdict
 */
#ifndef TESTS_KERNEL_FIXTURE_H
#define TESTS_KERNEL_FIXTURE_H

#include <errno.h>
#include <fcntl.h>

#include "sim/bytes.h"
#include "sim/counter.h"
#include "sim/descriptor.h"
#include "sim/file.h"
#include "sim/pipe.h"
#include "sim/poll.h"
#include "sim/readiness.h"
#include "tests/thread_fixture.h"

#define KERNEL_FIXTURE_NODE 1u /* that the fixture's threads are of */
#define KERNEL_FIXTURE_NUMBERS 64u

struct kernel_fixture {
    struct arena arena;
    struct files *files;
    struct descriptors descriptors;
    struct readiness readiness;
    struct counters counters;
    struct bytes bytes;
    struct pipes pipes;
};

static struct kernel_fixture node;

static inline void kernel_fixture_open(void) {
    static const struct file_operations standard = {0};
    const size_t size = file_arena_size(KERNEL_FIXTURE_NODE) +
                        descriptor_arena_size(KERNEL_FIXTURE_NODE) + readiness_arena_size() +
                        counter_arena_size() + bytes_arena_size() + pipe_arena_size() + 4096;
    void *memory = mmap(NULL,
                        size,
                        PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1,
                        0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    thread_fixture_open();
    arena_init(&node.arena, memory, size);
    node.files = file_init(&node.arena, &fixture.schedule, KERNEL_FIXTURE_NODE);
    descriptor_init(&node.descriptors, &node.arena, node.files, KERNEL_FIXTURE_NODE);
    readiness_init(&node.readiness, &node.arena, &node.descriptors);
    counter_init(&node.counters, &node.arena, &node.readiness);
    bytes_init(&node.bytes, &node.arena, &fixture.schedule);
    pipe_init(&node.pipes, &node.arena, &node.readiness, &node.bytes);
    file_kind_add(node.files, FILE_STANDARD, &standard, NULL);
}

static inline enum verdict_kind
kernel_fixture_run(uint64_t seed, uint32_t count, void (*body)(uint32_t thread)) {
    if (node.files == NULL) {
        kernel_fixture_open();
    }
    file_begin(node.files);
    descriptor_begin(&node.descriptors);
    readiness_begin(&node.readiness);
    counter_begin(&node.counters);
    bytes_begin(&node.bytes);
    pipe_begin(&node.pipes);
    return thread_fixture_run(seed, count, body);
}

/* ---- calls, as hooks make them ---- */

static inline int64_t
kernel_fixture_move(int64_t number, void *bytes, size_t size, enum point_kind kind) {
    const struct iovec part = {.iov_base = bytes, .iov_len = size};
    const uint32_t file = descriptor_enter(&node.descriptors, number, kind, NULL);
    int64_t result = -EBADF;
    if (file != 0) {
        const bool nonblocking = (file_at(node.files, file)->status & O_NONBLOCK) != 0;
        const struct file_call call = {.parts = &part, .part_count = 1, .nonblocking = nonblocking};
        result = kind == POINT_READ ? file_read(node.files, file, &call)
                                    : file_write(node.files, file, &call);
    }
    return descriptor_leave(&node.descriptors, file, kind, result, NULL);
}

static inline int64_t kernel_fixture_read(int64_t number, void *bytes, size_t size) {
    return kernel_fixture_move(number, bytes, size, POINT_READ);
}

static inline int64_t kernel_fixture_write(int64_t number, const void *bytes, size_t size) {
    return kernel_fixture_move(number, (void *)(uintptr_t)bytes, size, POINT_WRITE);
}

static inline int64_t kernel_fixture_close(int64_t number) {
    const uint32_t file = descriptor_enter(&node.descriptors, number, POINT_CLOSE, NULL);
    const int64_t result = file == 0 ? -EBADF : descriptor_close(&node.descriptors, number);
    return descriptor_leave(&node.descriptors, file, POINT_CLOSE, result, NULL);
}

static inline int64_t
kernel_fixture_epoll_wait(int64_t epoll, struct epoll_event *events, int count, uint64_t due_ns) {
    const uint32_t file = descriptor_enter(&node.descriptors, epoll, POINT_EPOLL_WAIT, NULL);
    ck_assert_uint_ne(file, 0);
    const int64_t result = readiness_wait(&node.readiness, file, events, count, due_ns, NULL);
    return descriptor_leave(&node.descriptors, file, POINT_EPOLL_WAIT, result, NULL);
}

static inline int64_t kernel_fixture_epoll(int64_t number, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)number};
    const int64_t epoll = readiness_open(&node.readiness, KERNEL_FIXTURE_NUMBERS, false);
    ck_assert_int_ge(epoll, 0);
    ck_assert_int_eq(readiness_control(&node.readiness,
                                       descriptor_file(&node.descriptors, epoll),
                                       EPOLL_CTL_ADD,
                                       (int32_t)number,
                                       descriptor_file(&node.descriptors, number),
                                       &event),
                     0);
    return epoll;
}

/* Lets time pass, and the others run. */
static inline void kernel_fixture_sleep(uint64_t ns) {
    static const struct wait_cause cause = {.kind = POINT_SLEEP};
    schedule_wait(&fixture.schedule, NULL, thread_fixture_now_ns() + ns, &cause);
}

/* Everything was given back but what stands in the node's table. */
static inline void kernel_fixture_expect_nothing_left(void) {
    ck_assert_uint_eq(node.files->table.live, 0);
    ck_assert_uint_eq(node.readiness.watches.table.live, 0);
    ck_assert_uint_eq(node.readiness.instances.live, 0);
    ck_assert_uint_eq(node.counters.table.live, 0);
    ck_assert_uint_eq(node.pipes.table.live, 0);
    ck_assert_uint_eq(node.bytes.chunks.live, 0);
}

#endif
