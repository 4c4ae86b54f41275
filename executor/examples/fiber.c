/* Ordinary code that waits: libc's qsort, whose comparison takes its time. */
#include <ex/fiber.h>
#include <ex/scheduler.h>
#include <ex/timer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A state machine, as any other. */
struct weigh {
    struct ex_frame frame;
    struct ex_sleep sleep;
    const char *left, *right;
};

EX_RESUME(weigh) {
    EX_BEGIN(weigh);
    EX_TRY(ex_sleep_for(&self->sleep, EX_TIMER_MS));
    EX_RETURN(strcmp(self->left, self->right) > 0);
    EX_END();
}

static struct ex_frame *weigh(struct weigh *self, const char *left, const char *right) {
    self->left = left;
    self->right = right;
    return EX_FRAME(self, weigh);
}

/* Called by qsort, which the fiber called: it waits here, and other tasks run. */
static int compare(const void *left, const void *right) {
    struct weigh self;
    const int64_t value = ex_fiber_await(weigh(&self, *(char *const *)left, *(char *const *)right));

    return value < 0 ? 0 : value == 1 ? 1 : -1; /* no two are equal; an error: it is cancelled */
}

static int64_t sort(void *argument) {
    const char **words = argument;

    qsort(words, 4, sizeof *words, compare);
    for (int i = 0; i < 4; i++) {
        puts(words[i]);
    }
    return 4;
}

int main(void) {
    static const char *words[] = {"wait", "anywhere", "may", "fibers"};
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        return 1;
    }
    struct ex_task *task = ex_fiber_spawn(scheduler, sort, words);
    if (task == NULL) {
        return 1;
    }
    ex_scheduler_run(scheduler);
    printf("%d words\n", (int)ex_task_take(task));
    ex_scheduler_destroy(scheduler);
    return 0;
}
