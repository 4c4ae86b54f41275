/* TASKS tasks of the executor, in C, that give way YIELDS times in all: what tools/bench_tasks puts
 * beside tasks in Lua. */
#include <ex/scheduler.h>

#include "sim/scenario.h"

#define YIELDS 10000000

struct spin {
    struct ex_frame frame;
    int count;
};

EX_RESUME(spin) {
    EX_BEGIN(spin);
    for (self->count = 0; self->count < YIELDS / TASKS; self->count++) {
        EX_YIELD();
    }
    EX_END();
}

int program(int argc, char **argv) {
    struct ex_scheduler *scheduler;

    (void)argc;
    (void)argv;
    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        sim_fail("there is no scheduler");
    }
    for (int i = 0; i < TASKS; i++) {
        struct spin *const self = ex_task_new(scheduler, sizeof *self);
        if (self == NULL) {
            sim_fail("there is no memory for a task");
        }
        ex_task_spawn_detached(EX_FRAME(self, spin));
    }
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
