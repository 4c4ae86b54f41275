#include "tests/suite.h"

#include <ex/channel.h>
#include <ex/fiber.h>
#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/waker.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A local scheduler's own paths execute no locked instruction: a process is single-stepped through
 * them, and each instruction of the program looked at. GNU C, and x86-64 only. */
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

static bool wait_for_trap(pid_t child) {
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        ck_assert_int_eq(WEXITSTATUS(status), EXIT_SUCCESS);
        return false;
    }
    ck_assert_msg(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP,
                  "status %#x",
                  (unsigned)status);
    return true;
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

/* From one mark to the next. */
static struct steps follow(void (*program)(void)) {
    struct steps steps = {0};
    struct user_regs_struct registers;
    const pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        program();
        _exit(EXIT_SUCCESS);
    }
    ck_assert(wait_for_trap(child)); /* the first mark */
    for (;;) {
        ck_assert_int_eq(ptrace(PTRACE_GETREGS, child, NULL, &registers), 0);
        if ((ptrace(PTRACE_PEEKTEXT, child, registers.rip, NULL) & 0xff) == MARK) {
            break;
        }
        look(child, registers.rip, &steps);
        ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
        ck_assert(wait_for_trap(child));
    }
    ck_assert_int_eq(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
    ck_assert(wait_for_trap(child));
    ck_assert_int_eq(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
    ck_assert(!wait_for_trap(child));
    return steps;
}

/* ---- the watched side ---- */

static void mark(void) {
    __asm__ volatile("int3");
}

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

START_TEST(a_local_scheduler_executes_no_locked_instruction) {
    const struct steps steps = follow(do_everything);

    ck_assert_msg(steps.locked == 0,
                  "%ld locked instructions, the last one at +%#lx",
                  steps.locked,
                  steps.last);
    ck_assert_int_gt(steps.count, 300L * ROUNDS);
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
    SUITE_TEST(locked_instructions_are_seen);
#else
    (void)tcase;
#endif
}
