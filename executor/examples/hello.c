/* An async function that waits, in a task. */
#include <ex/scheduler.h>
#include <ex/timer.h>
#include <stdio.h>

struct greet {
    struct ex_frame frame; /* first */
    struct ex_sleep sleep; /* the frame of what it awaits */
    const char *name;
    int count;
};

EX_RESUME(greet) {
    EX_BEGIN(greet);
    for (self->count = 3; self->count > 0; self->count--) {
        printf("%d\n", self->count);
        EX_AWAIT(ex_sleep_for(&self->sleep, 10 * EX_TIMER_MS));
        if (value < 0) {
            EX_RETURN(value);
        }
    }
    printf("hello, %s\n", self->name);
    EX_END();
}

static struct ex_frame *greet(struct greet *self, const char *name) {
    self->name = name;
    return EX_FRAME(self, greet);
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        return 1;
    }
    struct greet *self = ex_task_new(scheduler, sizeof *self);
    if (self == NULL) {
        return 1;
    }
    struct ex_task *task = ex_task_spawn(greet(self, "world"));
    ex_scheduler_run(scheduler);
    printf("it returned %d\n", (int)ex_task_take(task));
    ex_scheduler_destroy(scheduler);
    return 0;
}
