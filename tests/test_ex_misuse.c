#include "tests/misuse.h"

#include <ex/dump.h>
#include <ex/future.h>
#include <ex/waker.h>
#include <sys/mman.h>

static struct ex_scheduler *other;

/* ---- handles ---- */

static void detach_null(void) {
    ex_task_detach(NULL);
}

static void abort_null(void) {
    ex_task_abort(NULL);
}

static void is_done_null(void) {
    ex_task_is_done(NULL);
}

static void take_null(void) {
    ex_task_take(NULL);
}

static struct ex_frame *join(struct misuse *self, struct ex_strand *strand) {
    (void)strand;
    return ex_task_join(&self->as.join, self->argument);
}

static void join_null(void) {
    misuse_poll(join, NULL);
}

static struct ex_frame *join_itself(struct misuse *self, struct ex_strand *strand) {
    (void)strand;
    return ex_task_join(&self->as.join, ex_task_current());
}

static struct ex_task_join *joining;

static struct ex_frame *join_openly(struct misuse *self, struct ex_strand *strand) {
    joining = &self->as.join;
    return join(self, strand);
}

static void overwrite_a_join(void) {
    struct ex_task *const task = misuse_poll(join_openly, misuse_poll(misuse_sleep, NULL));

    joining->frame.at = 12345;
    ex_task_abort(task);
    ex_scheduler_poll(scheduler);
}

static void wait_for_itself(void) {
    misuse_spawn(join_itself, NULL);
    ex_scheduler_run(scheduler);
}

static struct ex_frame *join_itself_in_a_branch(struct misuse *self, struct ex_strand *strand) {
    ex_branch_init(&self->branches[0], join_itself(self, strand));
    return ex_join_all(&self->all, self->branches, 1);
}

static void wait_for_itself_in_a_branch(void) {
    misuse_spawn(join_itself_in_a_branch, NULL);
    ex_scheduler_run(scheduler);
}

static int64_t join_itself_on_a_stack(void *argument) {
    struct ex_task_join self;
    (void)argument;
    return ex_fiber_await(ex_task_join(&self, ex_task_current()));
}

static void wait_for_itself_in_a_fiber(void) {
    ex_fiber_spawn(scheduler, join_itself_on_a_stack, NULL);
    ex_scheduler_run(scheduler);
}

static void wait_for_itself_on_a_worker(void) {
    const struct ex_scheduler_options options = {.worker_count = 1};

    ex_scheduler_create(&scheduler, &options);
    misuse_spawn(join_itself, NULL);
    ex_scheduler_run(scheduler);
}

static struct ex_task *detached(void) {
    struct ex_task *const task = misuse_poll(misuse_sleep, NULL);

    ex_task_detach(task);
    return task;
}

static void join_detached(void) {
    misuse_spawn(join, detached());
    ex_scheduler_run(scheduler);
}

static void detach_twice(void) {
    ex_task_detach(detached());
}

static void abort_detached(void) {
    ex_task_abort(detached());
}

static void is_done_detached(void) {
    ex_task_is_done(detached());
}

static void take_detached(void) {
    ex_task_take(detached());
}

static void take_before_it_ended(void) {
    ex_task_take(misuse_poll(misuse_sleep, NULL));
}

static struct ex_frame *take_itself(struct misuse *self, struct ex_strand *strand) {
    (void)self;
    (void)strand;
    ex_task_take(ex_task_current());
    return NULL;
}

static void take_inside(void) {
    misuse_poll(take_itself, NULL);
}

static void take_twice(void) {
    struct ex_task *const task = misuse_poll(misuse_nothing, NULL);

    ex_task_take(task);
    ex_task_take(task);
}

static void detach_awaited(void) {
    struct ex_task *const task = misuse_poll(misuse_sleep, NULL);

    misuse_poll(join, task);
    ex_task_detach(task);
}

/* ---- memory of tasks ---- */

static void new_outside(void) {
    ex_task_new(NULL, sizeof(struct misuse));
}

static void new_tiny(void) {
    ex_task_new(scheduler, 0);
}

static void discard_null(void) {
    ex_task_discard(NULL);
}

static void discard_twice(void) {
    void *const frame = ex_task_new(scheduler, sizeof(struct misuse));

    ex_task_discard(frame);
    ex_task_discard(frame);
}

static struct ex_frame *discard_another_twice(struct misuse *self, struct ex_strand *strand) {
    (void)self;
    (void)strand;
    discard_twice();
    return NULL;
}

static void discard_twice_inside(void) {
    misuse_poll(discard_another_twice, NULL);
}

static void discard_the_middle(void) {
    char *const frame = ex_task_new(scheduler, sizeof(struct misuse));

    ex_task_discard(frame + 16);
}

static void discard_spawned(void) {
    struct misuse *const self = ex_task_new(scheduler, sizeof *self);

    self->begin = misuse_sleep;
    ex_task_spawn(EX_FRAME(self, misuse));
    ex_task_discard(self);
}

static void *memory_of_ones_own(void) {
    enum { SIZE = 1 << 20 };
    char *const memory =
        mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory + SIZE / 2 + 1024;
}

static struct ex_frame *spawn_it(struct misuse *self, struct ex_strand *strand) {
    struct misuse *const spawned = memory_of_ones_own();
    (void)self;
    (void)strand;
    ex_task_spawn(EX_FRAME(spawned, misuse));
    return NULL;
}

static void spawn_memory_of_ones_own(void) {
    misuse_poll(spawn_it, NULL);
}

static void discard_memory_of_ones_own(void) {
    ex_task_discard(memory_of_ones_own());
}

/* ---- schedulers ---- */

static void create_nowhere(void) {
    ex_scheduler_create(NULL, NULL);
}

static void run_null(void) {
    ex_scheduler_run(NULL);
}

static void destroy_null(void) {
    ex_scheduler_destroy(NULL);
}

static void run(void) {
    ex_scheduler_run(scheduler);
}

static void poll_it(void) {
    ex_scheduler_poll(scheduler);
}

static void abort_all(void) {
    ex_scheduler_abort(scheduler);
}

static void destroy(void) {
    ex_scheduler_destroy(scheduler);
}

static void run_elsewhere(void) {
    misuse_elsewhere(run);
}

static void poll_elsewhere(void) {
    misuse_elsewhere(poll_it);
}

static void abort_elsewhere(void) {
    misuse_elsewhere(abort_all);
}

static void destroy_elsewhere(void) {
    misuse_elsewhere(destroy);
}

static struct ex_frame *call(struct misuse *self, struct ex_strand *strand) {
    void (*const *const act)(void) = self->argument;
    (void)strand;
    (*act)();
    return NULL;
}

static void inside(void (*act)(void)) {
    misuse_spawn(call, (void *)&act);
    ex_scheduler_run(scheduler);
}

static void run_inside(void) {
    inside(run);
}

static void poll_inside(void) {
    inside(poll_it);
}

static void destroy_inside(void) {
    inside(destroy);
}

static void run_the_inner(void) {
    struct ex_scheduler *const outer = scheduler;

    scheduler = other;
    inside(run_inside);
    scheduler = outer;
}

/* Another's task runs a scheduler whose task runs the first one again. */
static void run_the_outer(void) {
    struct ex_scheduler *const inner = scheduler;

    scheduler = other;
    (void)inner;
    ex_scheduler_run(scheduler);
}

static void run_between(void) {
    struct ex_scheduler *const first = other;

    other = scheduler;
    scheduler = first;
    inside(run_the_outer);
}

static void run_around(void) {
    ex_scheduler_create(&other, NULL);
    inside(run_between);
    run_the_inner();
}

static void poll_workers(void) {
    const struct ex_scheduler_options options = {.worker_count = 1};

    ex_scheduler_create(&scheduler, &options);
    ex_scheduler_poll(scheduler);
}

/* In memory of its user's, which may be read when the scheduler is gone. */
static void destroy_one_in_memory(void) {
    enum { SIZE = 1 << 20 };
    const struct ex_scheduler_options options = {
        .memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        .memory_size = SIZE,
    };

    if (ex_scheduler_create(&scheduler, &options) == 0) {
        ex_scheduler_destroy(scheduler);
    }
}

static void destroy_twice(void) {
    destroy_one_in_memory();
    ex_scheduler_destroy(scheduler);
}

static void run_destroyed(void) {
    destroy_one_in_memory();
    ex_scheduler_run(scheduler);
}

static void spawn_on_destroyed(void) {
    destroy_one_in_memory();
    ex_task_new(scheduler, sizeof(struct misuse));
}

static void open_on_destroyed(void) {
    struct ex_io ends[2];

    destroy_one_in_memory();
    ex_io_pipe(ends, scheduler);
}

static void dump_null(void) {
    ex_dump_print(NULL);
}

static void dump(void) {
    ex_dump_print(scheduler);
}

static void dump_elsewhere(void) {
    misuse_elsewhere(dump);
}

static void dump_what_runs(void) {
    inside(dump_elsewhere);
}

#define HANDLE_NULL "ex_task_*: the handle is NULL"
#define HANDLE_DETACHED "ex_task_*: the handle was detached before"
#define SELF_JOIN "ex_task_join: a task waits for itself"
#define OTHER_THREAD "ex_scheduler_run, _poll, _abort or _destroy: on another thread"
#define RUN_TWICE "ex_scheduler_run or _poll: inside one of its own tasks"
#define GONE "ex_scheduler_*: the scheduler was destroyed"

static const struct misuse_row rows[] = {
    {"detach NULL", detach_null, HANDLE_NULL},
    {"abort NULL", abort_null, HANDLE_NULL},
    {"is_done NULL", is_done_null, HANDLE_NULL},
    {"take NULL", take_null, HANDLE_NULL},
    {"join NULL", join_null, HANDLE_NULL},
    {"join itself", wait_for_itself, SELF_JOIN},
    {"join itself in a branch", wait_for_itself_in_a_branch, SELF_JOIN},
    {"join itself in a fiber", wait_for_itself_in_a_fiber, SELF_JOIN},
    {"join itself on a worker thread", wait_for_itself_on_a_worker, SELF_JOIN},
    {"join what is detached", join_detached, "ex_task_join: another waits for the task, or it was"},
    {"detach twice",
     detach_twice,
     "ex_task_detach: somebody waits for the task, or it was detached"},
    {"abort what is detached", abort_detached, HANDLE_DETACHED},
    {"is_done of what is detached", is_done_detached, HANDLE_DETACHED},
    {"take what is detached", take_detached, HANDLE_DETACHED},
    {"take before it ended", take_before_it_ended, "ex_task_take: it has not returned"},
    {"take itself", take_inside, "ex_task_take: it has not returned"},
    {"take twice", take_twice, "the handle was joined, taken or detached before"},
    {"detach what is awaited", detach_awaited, "ex_task_detach: somebody waits for the task, or"},
    {"new outside of any task", new_outside, "ex_task_new: a NULL scheduler outside of any task"},
    {"new of no bytes", new_tiny, "ex_task_new: a size smaller than a struct ex_frame"},
    {"discard NULL", discard_null, "ex_task_discard: the frame is not of ex_task_new, or was"},
    {"discard twice", discard_twice, "ex_task_discard: the frame is not of ex_task_new, or was"},
    {"discard twice in a task",
     discard_twice_inside,
     "ex_task_discard: the frame is not of ex_task_new, or was"},
    {"discard the middle",
     discard_the_middle,
     "ex_task_discard: the frame is not of ex_task_new, or was"},
    {"discard what is spawned", discard_spawned, "ex_task_discard: it was spawned"},
    {"spawn other memory",
     spawn_memory_of_ones_own,
     "ex_task_spawn: the frame is not of ex_task_new"},
    {"discard other memory",
     discard_memory_of_ones_own,
     "ex_task_discard: the frame is not of ex_task_new, or was"},
    {"overwrite a join",
     overwrite_a_join,
     "an async function is resumed at no position of its own"},
    {"create nowhere", create_nowhere, "ex_scheduler_create: NULL where it is to write"},
    {"run NULL", run_null, "ex_scheduler_*: NULL"},
    {"destroy NULL", destroy_null, "ex_scheduler_*: NULL"},
    {"run elsewhere", run_elsewhere, OTHER_THREAD},
    {"poll elsewhere", poll_elsewhere, OTHER_THREAD},
    {"abort elsewhere", abort_elsewhere, OTHER_THREAD},
    {"destroy elsewhere", destroy_elsewhere, OTHER_THREAD},
    {"run in a task", run_inside, RUN_TWICE},
    {"poll in a task", poll_inside, RUN_TWICE},
    {"run in another's task in a task", run_around, RUN_TWICE},
    {"destroy in a task", destroy_inside, "ex_scheduler_destroy: inside a task"},
    {"poll one with workers", poll_workers, "ex_scheduler_poll: the scheduler has worker threads"},
    {"destroy twice", destroy_twice, GONE},
    {"run what is destroyed", run_destroyed, GONE},
    {"spawn on what is destroyed", spawn_on_destroyed, "ex_task_new: the scheduler was destroyed"},
    {"open on what is destroyed", open_on_destroyed, "ex_io_open or the like: the scheduler was"},
    {"dump NULL", dump_null, "ex_dump: NULL"},
    {"dump what runs elsewhere", dump_what_runs, "ex_dump: a local scheduler, by another thread"},
};

START_TEST(the_panic_says_what_was_wrong) {
    misuse_try(&rows[_i]);
}
END_TEST

SUITE(ex_misuse) {
    SUITE_LOOP(the_panic_says_what_was_wrong, 0, (int)(sizeof rows / sizeof rows[0]));
}
