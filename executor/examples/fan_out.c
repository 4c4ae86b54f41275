/* Several at one time: branches of one task that are joined, one that wins, and tasks of a scope on
 * two threads. */
#include <errno.h>
#include <ex/join.h>
#include <ex/scheduler.h>
#include <ex/scope.h>
#include <ex/select.h>
#include <ex/timer.h>
#include <stdio.h>

/* Stands for a request to somebody: the answer takes a while, and the square is what it is. */
struct ask {
    struct ex_frame frame;
    struct ex_sleep sleep;
    int number;
    int64_t *answer;
};

EX_RESUME(ask) {
    EX_BEGIN(ask);
    EX_TRY(ex_sleep_for(&self->sleep, (uint64_t)self->number * EX_TIMER_MS));
    if (self->number == 13) {
        EX_RETURN(-EPROTO);
    }
    *self->answer = (int64_t)self->number * self->number;
    EX_END();
}

static struct ex_frame *ask(struct ask *self, int number, int64_t *answer) {
    self->number = number;
    self->answer = answer;
    return EX_FRAME(self, ask);
}

struct both {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_join join;
    struct ask left, right;
    int64_t answers[2];
};

EX_RESUME(both) {
    EX_BEGIN(both);
    ex_branch_init(&self->branches[0], ask(&self->left, 3, &self->answers[0]));
    ex_branch_init(&self->branches[1], ask(&self->right, 4, &self->answers[1]));
    EX_TRY(ex_join_try(&self->join, self->branches, 2));
    EX_RETURN(self->answers[0] + self->answers[1]);
    EX_END();
}

struct first {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_select select;
    struct ask ask;
    struct ex_sleep sleep;
    int64_t answer;
};

EX_RESUME(first) {
    EX_BEGIN(first);
    ex_branch_init(&self->branches[0], ask(&self->ask, 5, &self->answer));
    ex_branch_init(&self->branches[1], ex_sleep_for(&self->sleep, EX_TIMER_S));
    EX_TRY(ex_select(&self->select, self->branches, 2));
    EX_RETURN(value == 0 ? self->answer : -ETIMEDOUT);
    EX_END();
}

#define MANY 12

struct all {
    struct ex_frame frame;
    struct ex_scope scope;
    int64_t answers[MANY];
    int first, total;
};

EX_RESUME(all) {
    EX_BEGIN(all);
    ex_scope_open(&self->scope, strand, EX_SCOPE_END_ON_ERROR);
    for (int i = 0; i < MANY; i++) {
        struct ask *child = ex_scope_new(&self->scope, sizeof *child);
        if (child == NULL) {
            ex_scope_cancel(&self->scope);
            break;
        }
        ex_scope_spawn(&self->scope, ask(child, self->first + i, &self->answers[i]));
    }
    EX_TRY(ex_scope_leave(&self->scope));
    for (int i = 0; i < MANY; i++) {
        self->total += (int)self->answers[i];
    }
    EX_RETURN(self->total);
    EX_END();
}

static struct ex_frame *all(struct all *self, int first) {
    *self = (struct all){.first = first};
    return EX_FRAME(self, all);
}

struct everything {
    struct ex_frame frame;
    union { /* they never live at one time */
        struct both both;
        struct first first;
        struct all all;
    };
};

EX_RESUME(everything) {
    EX_BEGIN(everything);
    EX_AWAIT(EX_FRAME(&self->both, both));
    printf("both: %d\n", (int)value);
    EX_AWAIT(EX_FRAME(&self->first, first));
    printf("the first: %d\n", (int)value);
    EX_AWAIT(all(&self->all, 0));
    printf("all: %d\n", (int)value);
    EX_AWAIT(all(&self->all, 5));
    printf("all, and one that fails: %s\n", value == -EPROTO ? "EPROTO" : "?");
    EX_END();
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, &(struct ex_scheduler_options){.worker_count = 2}) < 0) {
        return 1;
    }
    struct everything *self = ex_task_new(scheduler, sizeof *self);
    if (self == NULL) {
        return 1;
    }
    ex_task_spawn_detached(EX_FRAME(self, everything));
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    return 0;
}
