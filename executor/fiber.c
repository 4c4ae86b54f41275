#include <ex/fiber.h>

#include "executor/context.h"
#include "executor/crew.h"
#include "executor/fiber.h"
#include "executor/overflow.h"

#include <errno.h>

/* `at` of a fiber's frame once it has begun: no position of a state machine. */
#define BEGUN 1

/* What a fiber has while it runs; its stack proper begins below. */
struct ex_fiber_place {
    struct ex_context context; /* valid while it waits */
    struct ex_context home;    /* who resumed it; valid while it runs */
    struct ex_fiber *fiber;
    struct ex_strand *strand;
    struct ex_worker *worker;
    struct ex_stack *stack;
    const struct ex_stack *outer; /* where who resumed it runs; NULL: on the thread's own */
    bool is_hidden;               /* what it awaits, or a scheduler that it runs, calls */
} __attribute__((aligned(16)));

static struct ex_fiber_place *place_on(const struct ex_stack *stack) {
    return (struct ex_fiber_place *)(void *)stack->top - 1;
}

/* The place of the fiber that calls; NULL: none does. */
static inline struct ex_fiber_place *place_here(void) {
    const struct ex_stack *const stack = ex_overflow_stack;

    if (__builtin_expect(stack == NULL, 0)) {
        return NULL;
    }
    struct ex_fiber_place *const place = place_on(stack);
    return place->is_hidden ? NULL : place;
}

bool ex_fiber_hide(void) {
    struct ex_fiber_place *const place = place_here();

    if (place != NULL) {
        place->is_hidden = true;
    }
    return place != NULL;
}

void ex_fiber_unhide(void) {
    place_on(ex_overflow_stack)->is_hidden = false;
}

/* ---- running ------------------------------------------------------------------------------------
 *
 * Both directions end in the switch, as a tail call: it then goes straight to the caller of who
 * left, by its jump. A `ret` in between would be predicted to go where the other stack was called
 * from, which costs more than all the rest. So each side puts in order, before it leaves, what the
 * other one finds; also at a fiber's end, where its stack is given back while its last instructions
 * run on it: nobody takes it before they have. */

static void enter(uintptr_t word) {
    struct ex_fiber_place *const place = place_on(ex_overflow_stack);
    struct ex_fiber *const self = place->fiber;

    (void)word;
    const int64_t value = self->function(self->argument);
    EX_REQUIRE(value != EX_PENDING,
               "ex_fiber_run: the function returned EX_PENDING, which is no result; return another "
               "number");
    self->frame.resume = ex_frame_completed;
    self->place = NULL;
    ex_overflow_stack = place->outer;
    ex_stack_give(&place->worker->stacks, place->stack);
    ex_context_leave(&place->context, &place->home, (uintptr_t)value);
}

/* Readies the thread for fibers; -ENOMEM: not now. */
static int prepare(struct ex_worker *worker) {
    const int status = ex_overflow_watch();

    if (status == 0) {
        ex_stack_init(&worker->stacks, worker->scheduler->fiber_stack_size, false);
    }
    return status;
}

/* Gives the fiber its stack; -ENOMEM: there is none. */
static __attribute__((noinline)) int begin(struct ex_fiber *self, struct ex_strand *strand) {
    struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(worker != NULL,
               "ex_fiber_run: outside of any task; await it in one, or use ex_fiber_spawn");
    EX_REQUIRE(self->function != NULL, "ex_fiber_run, ex_fiber_spawn: the function is NULL");
    if (worker->stacks.size == 0 && prepare(worker) != 0) {
        return -ENOMEM;
    }
    struct ex_stack *const stack = ex_stack_take(&worker->stacks);
    if (stack == NULL) {
        return -ENOMEM;
    }
    struct ex_fiber_place *const place = place_on(stack);
    place->fiber = self;
    place->worker = worker;
    place->stack = stack;
    place->is_hidden = false;
    ex_context_prepare(&place->context, stack->low, place, enter);
    self->place = place;
    self->frame.at = BEGUN;
    ex_strand_set(ex_strand_root(strand), EX_STRAND_PINNED);
    return 0;
}

/* Calls nothing that comes back, so that nothing has to be saved for it. */
static int64_t
ex_fiber_begun_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_fiber_place *const place = ((struct ex_fiber *)(void *)frame)->place;
    EX_REQUIRE(place->worker == ex_worker_self,
               "ex_fiber_run: the fiber is resumed on another thread than it began on; one task "
               "alone may await it");
    place->strand = strand;
    place->outer = ex_overflow_stack;
    ex_overflow_stack = place->stack;
#if defined(EX_CONTEXT_SANITIZED)
    const int64_t result =
        (int64_t)ex_context_switch(&place->home, &place->context, (uintptr_t)value);
    if (result != EX_PENDING) {
        ex_context_retire(&place->context);
    }
    return result;
#else
    return (int64_t)ex_context_switch(&place->home, &place->context, (uintptr_t)value);
#endif
}

/* The first time; from then on the other. */
static int64_t ex_fiber_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    const int status = begin((struct ex_fiber *)(void *)frame, strand);

    if (status != 0) {
        frame->resume = ex_frame_completed;
        return status;
    }
    frame->resume = ex_fiber_begun_resume;
    return ex_fiber_begun_resume(frame, strand, value);
}

struct ex_frame *ex_fiber_run(struct ex_fiber *self, ex_fiber_function *function, void *argument) {
    self->function = function;
    self->argument = argument;
    self->place = NULL;
    return EX_FRAME(self, ex_fiber);
}

struct ex_task *
ex_fiber_spawn(struct ex_scheduler *scheduler, ex_fiber_function *function, void *argument) {
    struct ex_fiber *const self = ex_task_new(scheduler, sizeof *self);

    return self == NULL ? NULL : ex_task_spawn(ex_fiber_run(self, function, argument));
}

/* ---- from the fiber ---- */

/* Until it is resumed again; the value that it is called with. */
static inline int64_t leave(struct ex_fiber_place *place) {
    ex_overflow_stack = place->outer;
    return (int64_t)ex_context_switch(&place->context, &place->home, (uintptr_t)EX_PENDING);
}

int64_t ex_fiber_await(struct ex_frame *frame) {
    struct ex_fiber_place *const place = place_here();

    EX_REQUIRE(place != NULL,
               "ex_fiber_await: outside of a fiber, or in a state machine, which uses EX_AWAIT");
    place->is_hidden = true;
    const int64_t value = frame->resume(frame, place->strand, 0);
    place->is_hidden = false;
    if (value != EX_PENDING) {
        return value;
    }
    frame->up = &place->fiber->frame;
    return leave(place);
}

void ex_fiber_suspend(void) {
    struct ex_fiber_place *const place = place_here();

    EX_REQUIRE(
        place != NULL,
        "ex_fiber_suspend: outside of a fiber, or in a state machine, which uses EX_SUSPEND");
    place->strand->leaf = &place->fiber->frame;
    leave(place);
}

void ex_fiber_yield(void) {
    struct ex_fiber_place *const place = place_here();

    EX_REQUIRE(place != NULL,
               "ex_fiber_yield: outside of a fiber, or in a state machine, which uses EX_YIELD");
    ex_strand_set(place->strand, EX_STRAND_READY);
    place->strand->leaf = &place->fiber->frame;
    leave(place);
}

struct ex_fiber *ex_fiber_current(void) {
    const struct ex_fiber_place *const place = place_here();

    return place == NULL ? NULL : place->fiber;
}

struct ex_strand *ex_fiber_strand(void) {
    const struct ex_fiber_place *const place = place_here();

    EX_REQUIRE(place != NULL,
               "ex_fiber_strand: outside of a fiber, or in a state machine, which has `strand`");
    return place->strand;
}

size_t ex_fiber_trim(size_t keep) {
    struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(worker != NULL, "ex_fiber_trim: outside of a task; call it in one of the thread's");
    return ex_stack_trim(&worker->stacks, keep);
}
