#include "tests/suite.h"

#include <ex/channel.h>
#include <ex/fiber.h>
#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/waker.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A local scheduler's own paths execute no locked instruction, nor do those of a worker thread
 * whose tasks stay with it: a thread is single-stepped through them, and each instruction of the
 * program looked at. GNU C, and x86-64 only. */
#if defined(__x86_64__)
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 16          /* of ten resumes: more than two turns */
#define INSTRUCTION_MAX 15 /* bytes */
#define MARK 0xcc          /* int3 */

extern const char __executable_start[], etext[]; /* the linker's */

/* ---- the watching side ---- */

struct steps {
    long count;         /* instructions of the program between the marks */
    long locked;        /* of them */
    unsigned long last; /* the last locked one, from the program's beginning */
};

/* A lock prefix, or an exchange with memory, which needs none. */
static bool is_locked(const unsigned char *code) {
    size_t at = 0;

    while (at < INSTRUCTION_MAX && code[at] != 0 &&
           strchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3", code[at]) != NULL) {
        at++;
    }
    if (code[at] == 0xf0) {
        return true;
    }
    if ((code[at] & 0xf0) == 0x40) {
        at++;
    }
    return (code[at] == 0x86 || code[at] == 0x87) && code[at + 1] < 0xc0;
}

/* How the traced process, or a thread of it, stopped; which one. */
static pid_t wait_for_any(int *status) {
    const pid_t who = waitpid(-1, status, __WALL);

    ck_assert_int_gt(who, 0);
    return who;
}

static void go_on(pid_t who) {
    ck_assert_int_eq(ptrace(PTRACE_CONT, who, NULL, NULL), 0);
}

/* The thread that comes to a mark next. */
static pid_t wait_for_mark(void) {
    for (;;) {
        int status;
        const pid_t who = wait_for_any(&status);
        if (WIFSTOPPED(status) && status >> 8 == SIGTRAP) {
            return who;
        }
        ck_assert_msg(WIFSTOPPED(status) &&
                          (WSTOPSIG(status) == SIGSTOP || status >> 16 == PTRACE_EVENT_CLONE),
                      "status %#x",
                      (unsigned)status);
        go_on(who); /* a thread begins, or began another */
    }
}

static void wait_for_end(pid_t child) {
    int status;

    while (wait_for_any(&status) != child) {
        ck_assert(WIFEXITED(status)); /* a thread */
    }
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EXIT_SUCCESS);
}

static void step(pid_t who) {
    int status;

    ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, who, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(who, &status, __WALL), who);
    ck_assert_msg(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP,
                  "status %#x",
                  (unsigned)status);
}

static void look(pid_t child, unsigned long at, struct steps *steps) {
    long words[2];

    if (at < (unsigned long)__executable_start || at >= (unsigned long)etext) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        words[i] = ptrace(PTRACE_PEEKTEXT, child, at + (unsigned long)i * sizeof words[0], NULL);
    }
    steps->count++;
    if (is_locked((const unsigned char *)words)) {
        steps->locked++;
        steps->last = at - (unsigned long)__executable_start;
    }
}

static void mark(void) {
    __asm__ volatile("int3");
}

/* From one mark to the next, on the thread of both. */
static struct steps follow(void (*program)(void)) {
    struct steps steps = {0};
    struct user_regs_struct registers;
    const pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        mark();
        program();
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(wait_for_mark(), child);
    ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACECLONE), 0);
    go_on(child);
    const pid_t who = wait_for_mark();
    for (;;) {
        ck_assert_int_eq(ptrace(PTRACE_GETREGS, who, NULL, &registers), 0);
        if ((ptrace(PTRACE_PEEKTEXT, who, registers.rip, NULL) & 0xff) == MARK) {
            break;
        }
        look(who, registers.rip, &steps);
        step(who);
    }
    step(who); /* onto the mark, which traps by itself */
    go_on(who);
    wait_for_end(child);
    return steps;
}

/* ---- the watched side ---- */

static struct ex_mutex mutex;
static struct ex_channel channel;
static int ring[1];
static struct ex_waker sleeper_waker;
static bool is_over;
static int woken_count;
static int yield_count;

struct child {
    struct ex_frame frame;
};

EX_RESUME(child) {
    EX_BEGIN(child);
    EX_YIELD();
    EX_RETURN(1);
    EX_END();
}

static struct ex_frame *child(void) {
    struct child *const self = ex_task_new(NULL, sizeof *self);

    return EX_FRAME(self, child);
}

/* Waits to be woken, again and again. */
struct sleeper {
    struct ex_frame frame;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    while (!is_over) {
        sleeper_waker = ex_waker_of(strand);
        EX_SUSPEND();
        woken_count++;
    }
    EX_END();
}

static int64_t yield_always(void *argument) {
    (void)argument;
    while (!is_over) {
        ex_fiber_yield();
        yield_count++;
    }
    return 0;
}

/* All that a local task may do, between two marks, when each has been done once. */
struct everything {
    struct ex_frame frame;
    int left;
    int element;
    union {
        struct ex_task_join join;
        struct ex_mutex_lock lock;
        struct ex_channel_send send;
        struct ex_channel_recv recv;
    } call;
};

EX_RESUME(everything) {
    EX_BEGIN(everything);
    for (self->left = ROUNDS; self->left >= 0; self->left--) {
        if (self->left == ROUNDS - 1) {
            mark();
        }
        EX_YIELD();
        EX_AWAIT(ex_task_join(&self->call.join, ex_task_spawn(child())));
        ex_task_spawn_detached(child());
        ex_task_detach(ex_task_spawn(child()));
        EX_AWAIT(ex_mutex_lock(&self->call.lock, &mutex));
        ex_mutex_unlock(&mutex);
        EX_AWAIT(ex_channel_send(&self->call.send, &channel, &self->element));
        EX_AWAIT(ex_channel_recv(&self->call.recv, &channel, &self->element));
        ex_waker_wake(sleeper_waker);
        EX_YIELD();
    }
    mark();
    is_over = true;
    ex_waker_wake(sleeper_waker);
    EX_END();
}

static void expect(bool holds) {
    if (!holds) {
        _exit(EXIT_FAILURE);
    }
}

static void do_everything(void) {
    struct ex_scheduler *scheduler;

    expect(ex_scheduler_create(&scheduler, NULL) == 0);
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);
    ex_channel_init_mem(&channel, EX_WAIT_LOCAL, sizeof(int), ring, sizeof ring);
    struct sleeper *const sleeper = ex_task_new(scheduler, sizeof *sleeper);
    ex_task_spawn_detached(EX_FRAME(sleeper, sleeper));
    ex_task_detach(ex_fiber_spawn(scheduler, yield_always, NULL));
    struct everything *const everything = ex_task_new(scheduler, sizeof *everything);
    ex_task_spawn_detached(EX_FRAME(everything, everything));
    expect(ex_scheduler_run(scheduler) == 0);
    expect(woken_count > ROUNDS && yield_count > ROUNDS);
    ex_scheduler_destroy(scheduler);
}

static void expect_none_locked(void (*function)(void)) {
    const struct steps steps = follow(function);

    ck_assert_msg(steps.locked == 0,
                  "%ld locked instructions, the last one at +%#lx",
                  steps.locked,
                  steps.last);
    ck_assert_int_gt(steps.count, 300L * ROUNDS);
}

START_TEST(a_local_scheduler_executes_no_locked_instruction) {
    expect_none_locked(do_everything);
}
END_TEST

/* ---- a worker thread ---- */

/* What costs no locked instruction if no other thread takes part. */
struct mine {
    struct ex_frame frame;
    int left;
    struct ex_task *children[3];
    int at;
    struct ex_task_join join;
};

EX_RESUME(mine) {
    EX_BEGIN(mine);
    for (self->left = ROUNDS; self->left >= 0; self->left--) {
        if (self->left == ROUNDS - 1) {
            mark();
        }
        EX_YIELD();
        for (self->at = 0; self->at < 3; self->at++) {
            self->children[self->at] = ex_task_spawn(child());
        }
        for (self->at = 0; self->at < 3; self->at++) {
            EX_AWAIT(ex_task_join(&self->join, self->children[self->at]));
            woken_count++;
        }
        ex_task_spawn_detached(child());
        ex_task_detach(ex_task_spawn(child()));
    }
    mark();
    EX_END();
}

static void do_mine(void) {
    struct ex_scheduler *scheduler;

    expect(ex_scheduler_create(&scheduler, &(struct ex_scheduler_options){.worker_count = 1}) == 0);
    struct mine *const mine = ex_task_new(scheduler, sizeof *mine);
    ex_task_spawn_detached(EX_FRAME(mine, mine));
    expect(ex_scheduler_run(scheduler) == 0);
    expect(woken_count == 3 * (ROUNDS + 1));
    ex_scheduler_destroy(scheduler);
}

START_TEST(a_worker_thread_executes_none_for_tasks_that_stay_with_it) {
    expect_none_locked(do_mine);
}
END_TEST

/* ---- what it must catch ---- */

static int word;

static void add_locked(void) {
    mark();
    __atomic_fetch_add(&word, 1, __ATOMIC_RELAXED);
    mark();
}

static void exchange(void) {
    mark();
    word = __atomic_exchange_n(&word, 2, __ATOMIC_RELAXED);
    mark();
}

static void exchange_short(void) {
    static uint16_t half;

    mark();
    half = __atomic_exchange_n(&half, 3, __ATOMIC_RELAXED);
    mark();
}

static void add_plainly(void) {
    mark();
    __atomic_store_n(&word, __atomic_load_n(&word, __ATOMIC_RELAXED) + 1, __ATOMIC_RELEASE);
    mark();
}

START_TEST(locked_instructions_are_seen) {
    ck_assert_int_eq(follow(add_locked).locked, 1);
    ck_assert_int_eq(follow(exchange).locked, 1);
    ck_assert_int_eq(follow(exchange_short).locked, 1);
    ck_assert_int_eq(follow(add_plainly).locked, 0);
}
END_TEST
#endif

SUITE(ex_locked) {
#if defined(__x86_64__)
    SUITE_TEST(a_local_scheduler_executes_no_locked_instruction);
    SUITE_TEST(a_worker_thread_executes_none_for_tasks_that_stay_with_it);
    SUITE_TEST(locked_instructions_are_seen);
#else
    (void)tcase;
#endif
}
