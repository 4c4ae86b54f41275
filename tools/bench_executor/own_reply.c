#include <ex/oneshot.h>
#include <ex/scheduler.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static struct ex_oneshot there, back;
static uint64_t element_there, element_back;
static uint64_t spent;

static void make(struct ex_oneshot *oneshot, uint64_t *element) {
    ex_oneshot_init_mem(oneshot, EX_WAIT_LOCAL, sizeof *element, element);
}

struct ask {
    struct ex_frame frame;
    struct ex_oneshot_recv recv;
    uint64_t left;
    uint64_t element;
    uint64_t before;
};

EX_RESUME(ask) {
    EX_BEGIN(ask);
    self->before = row_cpu_ns();
    while (self->left != 0) {
        make(&back, &element_back);
        ex_oneshot_send(&there, &self->element);
        EX_AWAIT(ex_oneshot_recv(&self->recv, &back, &self->element));
        ex_oneshot_deinit(&back);
        self->left -= self->element;
    }
    spent = row_cpu_ns() - self->before;
    EX_END();
}

struct answer {
    struct ex_frame frame;
    struct ex_oneshot_recv recv;
    uint64_t left;
    uint64_t element;
};

EX_RESUME(answer) {
    EX_BEGIN(answer);
    for (; self->left != 0; self->left--) {
        EX_AWAIT(ex_oneshot_recv(&self->recv, &there, &self->element));
        ex_oneshot_deinit(&there);
        make(&there, &element_there);
        ex_oneshot_send(&back, &self->element);
    }
    EX_END();
}

uint64_t own_oneshot_round(uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    struct ask *asker = ex_task_new(scheduler, sizeof *asker);
    struct answer *answerer = ex_task_new(scheduler, sizeof *answerer);

    row_expect(asker != NULL && answerer != NULL, "there is memory for two tasks");
    make(&there, &element_there);
    asker->left = answerer->left = count;
    asker->element = 1;
    ex_task_detach(ex_task_spawn(EX_FRAME(answerer, answer)));
    ex_task_detach(ex_task_spawn(EX_FRAME(asker, ask)));
    own_end(scheduler);
    ex_oneshot_deinit(&there);
    return spent;
}
