/* Memory ends at each place where the library asks for some, one after the other: whoever asked is
 * told, everybody else goes on, and nothing is leaked. The calls are wrapped by the linker. */
#include "tests/suite.h"

#include <errno.h>
#include <ex/blocking.h>
#include <ex/call.h>
#include <ex/channel.h>
#include <ex/fiber.h>
#include <ex/future.h>
#include <ex/io.h>
#include <ex/scheduler.h>
#include <ex/scope.h>
#include <ex/timer.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

/* ---- what gives memory ---- */

static uint64_t fail_from, fail_to; /* of the calls that are counted; neither: none */
static uint64_t call_count;
static uint64_t failed_count;
/* Of them were for what there may be a substitute: a thread, for another may do its work; several
 * pages at once, for fewer may do. */
static uint64_t replaceable_count;
static int64_t live_count; /* allocations, mappings */

static bool fails(void) {
    const uint64_t call = __atomic_add_fetch(&call_count, 1, __ATOMIC_SEQ_CST);
    const bool is = call >= fail_from && call < fail_to;

    __atomic_add_fetch(&failed_count, is, __ATOMIC_SEQ_CST);
    return is;
}

static void *count(void *memory) {
    __atomic_add_fetch(&live_count, memory != NULL, __ATOMIC_SEQ_CST);
    return memory;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return fails() ? NULL : count(__real_malloc(size));
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    if (fails()) {
        __atomic_add_fetch(&replaceable_count, size > alignment, __ATOMIC_SEQ_CST);
        return NULL;
    }
    return count(__real_aligned_alloc(alignment, size));
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory) {
    __atomic_sub_fetch(&live_count, memory != NULL, __ATOMIC_SEQ_CST);
    __real_free(memory);
}

void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *const memory = __real_mmap(at, size, protection, flags, file, offset);
    __atomic_add_fetch(&live_count, memory != MAP_FAILED, __ATOMIC_SEQ_CST);
    return memory;
}

int __real_munmap(void *memory, size_t size);
int __wrap_munmap(void *memory, size_t size);
int __wrap_munmap(void *memory, size_t size) {
    __atomic_sub_fetch(&live_count, 1, __ATOMIC_SEQ_CST);
    return __real_munmap(memory, size);
}

/* Of a guard, below a stack. */
int __real_mprotect(void *memory, size_t size, int protection);
int __wrap_mprotect(void *memory, size_t size, int protection);
int __wrap_mprotect(void *memory, size_t size, int protection) {
    if (fails()) {
        errno = ENOMEM;
        return -1;
    }
    return __real_mprotect(memory, size, protection);
}

/* Kernels of some age do not know the guards that cost no mapping; here none does, so that the
 * number of calls is the same everywhere. */
int __real_madvise(void *memory, size_t size, int advice);
int __wrap_madvise(void *memory, size_t size, int advice);
int __wrap_madvise(void *memory, size_t size, int advice) {
    if (advice == 102) {
        errno = EINVAL;
        return -1;
    }
    return __real_madvise(memory, size, advice);
}

int __real_pthread_create(pthread_t *thread,
                          const pthread_attr_t *attributes,
                          void *(*function)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread,
                          const pthread_attr_t *attributes,
                          void *(*function)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread,
                          const pthread_attr_t *attributes,
                          void *(*function)(void *),
                          void *argument) {
    if (fails()) {
        __atomic_add_fetch(&replaceable_count, 1, __ATOMIC_SEQ_CST);
        return EAGAIN;
    }
    return __real_pthread_create(thread, attributes, function, argument);
}

/* ---- what asks for memory ---- */

enum { ELEMENTS = 400, CHILDREN = 3, WORKS = 3, BIG = 200000, CALLS_MIN = 30 };

static struct ex_scheduler *scheduler;
static enum ex_wait_kind kind;
static int64_t told_count; /* how often somebody was told that there is no memory */
static int64_t wrong_count;

static void tell(bool is_told) {
    __atomic_add_fetch(&told_count, is_told, __ATOMIC_SEQ_CST);
}

static void require(bool is_so) {
    __atomic_add_fetch(&wrong_count, !is_so, __ATOMIC_SEQ_CST);
}

/* A result that is 0, unless memory ended. */
static void judge(int64_t result) {
    tell(result == -ENOMEM);
    require(result == 0 || result == -ENOMEM);
}

struct child {
    struct ex_frame frame;
    struct ex_sleep sleep;
    int *borrowed;
};

EX_RESUME(child) {
    EX_BEGIN(child);
    EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_US));
    require(value == 0 && *self->borrowed == 42);
    EX_END();
}

static struct ex_frame *child(struct child *self, int *borrowed) {
    self->borrowed = borrowed;
    return EX_FRAME(self, child);
}

/* At any depth of calls, with a stack that is used. */
static int64_t fiber(void *argument) {
    struct child self;

    ex_fiber_yield();
    return ex_fiber_await(child(&self, argument));
}

/* A method that is called through an interface. */
struct method {
    struct ex_frame frame;
    int argument;
};

EX_RESUME(method) {
    EX_BEGIN(method);
    EX_YIELD();
    EX_RETURN(self->argument - 42);
    EX_END();
}

static struct ex_future method(struct ex_recycler *recycler, int argument) {
    struct method *const self = ex_recycler_take(recycler, sizeof *self);

    if (self == NULL) {
        return ex_future_of_error(-ENOMEM);
    }
    self->argument = argument;
    return ex_future_of_block(EX_FRAME(self, method));
}

/* What blocks, on a thread of the pool. */
static int64_t block(void *argument) {
    return *(int *)argument - 42;
}

/* What needs more of the system than memory. */
struct outside {
    struct ex_frame frame;
    struct ex_io ends[2];
    struct ex_io_read read;
    struct ex_io_write write;
    struct ex_blocking_call blocking;
    int *answer;
    int status;
    char byte;
};

EX_RESUME(outside) {
    EX_BEGIN(outside);
    EX_CALL(sizeof(struct child), child(callee, self->answer));
    judge(value);

    self->status = ex_io_pipe(self->ends, NULL);
    judge(self->status);
    if (self->status == 0) {
        EX_AWAIT(ex_io_write(&self->write, self->ends[1], "x", 1));
        require(value == 1);
        EX_AWAIT(ex_io_read(&self->read, self->ends[0], &self->byte, 1));
        require(value == 1 && self->byte == 'x');
        require(ex_io_close(self->ends[0]) == 0 && ex_io_close(self->ends[1]) == 0);
    }

    EX_AWAIT(ex_blocking_call(&self->blocking, block, self->answer));
    judge(value == -EAGAIN ? -ENOMEM : value); /* no thread */
    EX_END();
}

static struct ex_frame *outside(struct outside *self, int *answer) {
    self->answer = answer;
    return EX_FRAME(self, outside);
}

struct work {
    struct ex_frame frame;
    struct outside outside;
    struct ex_scope scope;
    struct ex_fiber fiber;
    struct ex_channel *channel;
    struct ex_channel_send send;
    struct ex_recycler recycler;
    struct ex_future future;
    struct ex_task_join join;
    struct ex_task *task;
    int64_t sent, next;
    int answer;
};

static void drain(struct work *self) {
    int64_t number;

    while (ex_channel_try_recv(self->channel, &number) == 0) {
        require(number == self->next++);
    }
    require(self->next == self->sent);
}

EX_RESUME(work) {
    EX_BEGIN(work);
    self->answer = 42;
    ex_scope_open(&self->scope, strand, 0);
    for (int i = 0; i < CHILDREN; i++) {
        struct child *const memory = ex_scope_new(&self->scope, sizeof *memory);
        tell(memory == NULL);
        if (memory != NULL) {
            ex_scope_spawn(&self->scope, child(memory, &self->answer));
        }
    }
    EX_AWAIT(ex_scope_leave(&self->scope));
    require(value == 0);

    self->channel = ex_channel_create(kind, sizeof self->sent, EX_CHANNEL_UNBOUNDED);
    tell(self->channel == NULL);
    if (self->channel != NULL) {
        for (self->sent = 0; self->sent < ELEMENTS; self->sent++) {
            EX_AWAIT(ex_channel_send(&self->send, self->channel, &self->sent));
            if (value < 0) {
                break;
            }
        }
        judge(value);
        drain(self);
        ex_channel_receiver_drop(self->channel);
        ex_channel_sender_drop(self->channel);
    }

    ex_recycler_init(&self->recycler);
    EX_AWAIT_FUTURE(self->future, method(&self->recycler, self->answer));
    judge(value);
    EX_AWAIT_FUTURE(self->future, method(&self->recycler, self->answer));
    judge(value);
    ex_recycler_deinit(&self->recycler);

    EX_AWAIT(ex_fiber_run(&self->fiber, fiber, &self->answer));
    judge(value);
    self->task = ex_fiber_spawn(NULL, fiber, &self->answer);
    tell(self->task == NULL);
    if (self->task != NULL) {
        EX_AWAIT(ex_task_join(&self->join, self->task));
        judge(value);
    }

    EX_AWAIT(outside(&self->outside, &self->answer));

    struct child *const big = ex_task_new(NULL, BIG);
    tell(big == NULL);
    if (big != NULL) {
        memset(big, 1, BIG);
        self->task = ex_task_spawn(child(big, &self->answer));
        EX_AWAIT(ex_task_join(&self->join, self->task));
        require(value == 0);
    }
    EX_END();
}

static struct ex_frame *work(struct work *self) {
    *self = (struct work){.answer = 0};
    return EX_FRAME(self, work);
}

/* The whole life of a scheduler. */
static void *live(void *argument) {
    struct ex_task *tasks[WORKS];
    const uint32_t worker_count = *(const uint32_t *)argument;

    kind = worker_count == 0 ? EX_WAIT_LOCAL : EX_WAIT_SHARED;
    const int status =
        ex_scheduler_create(&scheduler,
                            &(struct ex_scheduler_options){.worker_count = worker_count});
    tell(status != 0);
    require(status == 0 || status == -ENOMEM || (status == -EAGAIN && worker_count > 0));
    if (status != 0) {
        return NULL;
    }
    for (int i = 0; i < WORKS; i++) {
        struct work *const self = ex_task_new(scheduler, sizeof *self);
        tell(self == NULL);
        tasks[i] = self == NULL ? NULL : ex_task_spawn(work(self));
    }
    require(ex_scheduler_run(scheduler) == 0);
    for (int i = 0; i < WORKS; i++) {
        require(tasks[i] == NULL || ex_task_take(tasks[i]) == 0);
    }
    require(ex_scheduler_live_count(scheduler) == 0);
    ex_scheduler_destroy(scheduler);
    return NULL;
}

static uint64_t asked_count; /* the calls of a whole life */

/* In a thread of its own: what a thread keeps for its fibers until it ends is counted too. */
static uint64_t live_with_failures(uint32_t worker_count, uint64_t from, uint64_t to) {
    pthread_t thread; /* whose creation is not one of the calls */

    call_count = failed_count = replaceable_count = 0;
    told_count = wrong_count = live_count = 0;
    fail_from = from;
    fail_to = to;
    const int status = __real_pthread_create(&thread, NULL, live, &worker_count);
    if (status == 0) {
        pthread_join(thread, NULL);
    }
    fail_from = fail_to = 0;
    const int64_t leaked_count = live_count; /* assertions allocate, too */
    const uint64_t failed = failed_count;
    asked_count = call_count;
    ck_assert_int_eq(status, 0);
    ck_assert_msg(wrong_count == 0, "from call %d on: %d wrong", (int)from, (int)wrong_count);
    ck_assert_msg(leaked_count == 0, "from call %d on: %d leaked", (int)from, (int)leaked_count);
    return failed;
}

/* Of two threads, how many calls there are depends on who is first: it ends where none failed. */
static uint64_t sweep(uint32_t worker_count, bool is_for_good) {
    for (uint64_t n = 1;; n++) {
        const uint64_t failed =
            live_with_failures(worker_count, n, is_for_good ? UINT64_MAX : n + 1);
        if (failed == 0) {
            return n - 1;
        }
        ck_assert_msg(told_count > 0 || (replaceable_count > 0 && !is_for_good),
                      "call %d failed, and nobody was told",
                      (int)n);
    }
}

START_TEST(with_memory_nobody_is_told) {
    ck_assert_uint_eq(live_with_failures((uint32_t)_i, 0, 0), 0);

    ck_assert_int_eq(told_count, 0);
    ck_assert_uint_ge(asked_count, CALLS_MIN);
}
END_TEST

START_TEST(one_call_fails_at_any_place_and_the_others_go_on) {
    ck_assert_uint_ge(sweep((uint32_t)_i, false), CALLS_MIN);
}
END_TEST

START_TEST(memory_ends_at_any_place_for_good) {
    ck_assert_uint_ge(sweep((uint32_t)_i, true), CALLS_MIN);
}
END_TEST

SUITE(ex_memory) {
    SUITE_LOOP(with_memory_nobody_is_told, 0, 3);
    SUITE_LOOP(one_call_fails_at_any_place_and_the_others_go_on, 0, 3);
    SUITE_LOOP(memory_ends_at_any_place_for_good, 0, 3);
}
