/* The planted bug: two tasks add to one number, at one time on two threads, without a lock. */
#include <ex/scheduler.h>
#include <stdio.h>

static int met_count;
static long number;

struct adder {
    struct ex_frame frame;
};

EX_RESUME(adder) {
    EX_BEGIN(adder);
    /* Until both run, without ordering anything: one of them has to be stolen meanwhile. */
    __atomic_fetch_add(&met_count, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&met_count, __ATOMIC_RELAXED) < 2) {
    }
    for (int i = 0; i < 1000; i++) {
        number++;
    }
    EX_END();
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, &(struct ex_scheduler_options){.worker_count = 2}) != 0) {
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        struct adder *const self = ex_task_new(scheduler, sizeof *self);
        if (self == NULL) {
            return 1;
        }
        ex_task_spawn_detached(EX_FRAME(self, adder));
    }
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    printf("%ld\n", number);
    return 0;
}
