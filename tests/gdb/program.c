/* Tasks in all the states that a debugger may meet, at a place to stop at. */
#include <ex/fiber.h>
#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/select.h>
#include <ex/stream.h>
#include <ex/timer.h>
#include <stdlib.h>

static struct ex_scheduler *scheduler;
static struct ex_mutex mutex;

void stop_here(void);
__attribute__((noinline)) void stop_here(void) {
    __asm__ volatile("" ::: "memory");
}

struct nap {
    struct ex_frame frame;
    struct ex_sleep sleep;
    int hours;
};

EX_RESUME(nap) {
    EX_BEGIN(nap);
    EX_AWAIT(ex_sleep_for(&self->sleep, (uint64_t)self->hours * 3600 * EX_TIMER_S));
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *nap(struct nap *self, int hours) {
    self->hours = hours;
    return EX_FRAME(self, nap);
}

/* Naps under a deadline, beside a wait for the mutex. */
struct chooser {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_select select;
    struct ex_deadline deadline;
    struct ex_mutex_lock lock;
    struct nap nap;
};

EX_RESUME(chooser) {
    EX_BEGIN(chooser);
    ex_branch_init(&self->branches[0],
                   ex_deadline(&self->deadline, nap(&self->nap, 17), EX_TIMER_NEVER));
    ex_branch_init(&self->branches[1], ex_mutex_lock(&self->lock, &mutex));
    EX_AWAIT(ex_select(&self->select, self->branches, 2));
    EX_RETURN(value);
    EX_END();
}

/* A generator that naps, one that hands over to it, and who reads them. */
struct slow {
    struct ex_frame frame;
    struct ex_generator generator;
    struct nap nap;
};

EX_RESUME(slow) {
    EX_BEGIN(slow);
    EX_AWAIT(nap(&self->nap, 31));
    EX_END();
}

struct hands_over {
    struct ex_frame frame;
    struct ex_generator generator;
    struct slow slow;
};

EX_RESUME(hands_over) {
    EX_BEGIN(hands_over);
    EX_YIELD_FROM(EX_FRAME(&self->slow, slow));
    EX_END();
}

struct reader {
    struct ex_frame frame;
    struct hands_over generator;
    struct ex_stream stream;
};

EX_RESUME(reader) {
    EX_BEGIN(reader);
    ex_stream_open(&self->stream, EX_FRAME(&self->generator, hands_over));
    EX_AWAIT(ex_stream_next(&self->stream));
    EX_END();
}

static int64_t deep(int depth) {
    struct nap self;
    const int64_t value = depth > 0 ? deep(depth - 1) : ex_fiber_await(nap(&self, 23));

    __asm__ volatile("" ::: "memory"); /* no tail call: each depth stands on the stack */
    return value;
}

static int64_t diver(void *argument) {
    const int64_t value = deep(*(int *)argument);

    __asm__ volatile("" ::: "memory");
    return value;
}

struct quick {
    struct ex_frame frame;
};

EX_RESUME(quick) {
    EX_BEGIN(quick);
    EX_RETURN(5);
    EX_END();
}

struct stopper {
    struct ex_frame frame;
};

EX_RESUME(stopper) {
    EX_BEGIN(stopper);
    EX_YIELD();
    stop_here();
    ex_scheduler_stop(scheduler);
    EX_END();
}

#define NEW(name) ((struct name *)new_frame(sizeof(struct name)))

static void *new_frame(size_t size) {
    void *const memory = ex_task_new(scheduler, size);

    if (memory == NULL) {
        abort();
    }
    return memory;
}

int main(void) {
    static int depth = 2;

    if (ex_scheduler_create(&scheduler, NULL) != 0) {
        return 1;
    }
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);
    if (!ex_mutex_try_lock(&mutex)) {
        return 1;
    }
    struct chooser *const choosing = NEW(chooser);
    ex_task_spawn_detached(EX_FRAME(choosing, chooser));
    if (ex_fiber_spawn(scheduler, diver, &depth) == NULL) {
        return 1;
    }
    struct reader *const reading = NEW(reader);
    ex_task_spawn_detached(EX_FRAME(reading, reader));
    struct quick *const first = NEW(quick);
    ex_task_spawn(EX_FRAME(first, quick));
    struct stopper *const stopping = NEW(stopper);
    ex_task_spawn_detached(EX_FRAME(stopping, stopper));
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    ex_mutex_unlock(&mutex);
    return 0;
}
