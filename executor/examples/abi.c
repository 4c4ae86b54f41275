/* What a compiler emits for two async functions; none of the macros of ex/async.h is used. */
#include <errno.h>
#include <ex/scheduler.h>
#include <ex/waker.h>
#include <stdio.h>

_Static_assert(offsetof(struct ex_frame, resume) == 0, "");
_Static_assert(offsetof(struct ex_frame, up) == sizeof(void *), "");
_Static_assert(offsetof(struct ex_frame, at) == 2 * sizeof(void *), "");
_Static_assert(offsetof(struct ex_strand, leaf) == 0, "");
_Static_assert(offsetof(struct ex_strand, state) == 3 * sizeof(void *), "");

/* async wait_for(door): waits until the door is open. A leaf. */
struct door {
    bool is_open;
    struct ex_waker waker;
};

struct wait_for {
    struct ex_frame frame;
    struct door *door;
};

static int64_t wait_for_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct wait_for *self = (struct wait_for *)(void *)frame;

    (void)value;
    if (self->door->is_open) { /* each time that it is resumed, for a wake is a hint */
        frame->resume = ex_frame_completed;
        return 0;
    }
    if (ex_strand_take_cancel(strand)) {
        frame->resume = ex_frame_completed;
        return -ECANCELED;
    }
    self->door->waker = ex_waker_of(strand);
    strand->leaf = frame;
    frame->at = EX_AT_WORD(__LINE__);
    return EX_PENDING;
}

/* async pass(a, b): awaits one door, then the other; 2 when both were open. */
struct pass {
    struct ex_frame frame;
    struct door *doors[2];
    struct wait_for callee; /* of both awaits: they are not at one time */
};

enum { FIRST = 101, SECOND = 102 }; /* its positions: lines, for debuggers */

static struct ex_frame *call(struct wait_for *callee, struct door *door) {
    callee->door = door;
    callee->frame.at = 0;
    callee->frame.resume = wait_for_resume;
    return &callee->frame;
}

static int64_t pass_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct pass *self = (struct pass *)(void *)frame;

    if (frame->at == FIRST) {
        goto first;
    }
    if (frame->at == SECOND) {
        goto second;
    }
    value = wait_for_resume(call(&self->callee, self->doors[0]), strand, 0);
    if (value == EX_PENDING) {
        self->callee.frame.up = frame;
        frame->at = FIRST;
        return EX_PENDING;
    }
first: /* here `value` is the callee's result, whether it had to wait or not */
    if (value < 0) {
        goto end;
    }
    value = wait_for_resume(call(&self->callee, self->doors[1]), strand, 0);
    if (value == EX_PENDING) {
        self->callee.frame.up = frame;
        frame->at = SECOND;
        return EX_PENDING;
    }
second:
    value = value < 0 ? value : 2;
end:
    frame->resume = ex_frame_completed;
    return value;
}

int main(void) {
    struct ex_scheduler *scheduler;
    struct door doors[2] = {{.is_open = true}, {.is_open = false}};

    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        return 1;
    }
    struct pass *self = ex_task_new(scheduler, sizeof *self);
    if (self == NULL) {
        return 1;
    }
    self->doors[0] = &doors[0];
    self->doors[1] = &doors[1];
    self->frame.resume = pass_resume;
    self->frame.at = 0;
    struct ex_task *task = ex_task_spawn(&self->frame);
    printf("%d waits\n", (int)ex_scheduler_poll(scheduler));
    doors[1].is_open = true;
    ex_waker_wake(doors[1].waker);
    ex_scheduler_run(scheduler);
    printf("it returned %d\n", (int)ex_task_take(task));
    ex_scheduler_destroy(scheduler);
    return 0;
}
