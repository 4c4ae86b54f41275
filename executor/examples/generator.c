/* A generator that hands over to another, and a consumer that has enough at some point. */
#include <ex/scheduler.h>
#include <ex/stream.h>
#include <ex/timer.h>
#include <stdio.h>

/* first, first + 1, … for ever; slowly. */
struct count {
    struct ex_frame frame;
    struct ex_generator generator; /* second */
    struct ex_sleep sleep;
    int64_t next;
};

EX_RESUME(count) {
    EX_BEGIN(count);
    for (;; self->next++) {
        EX_TRY(ex_sleep_for(&self->sleep, EX_TIMER_MS));
        EX_YIELD_ITEM(self->next);
        if (value < 0) {
            puts("the counter ends");
            EX_RETURN(value);
        }
    }
    EX_END();
}

static struct ex_frame *count(struct count *self, int64_t first) {
    self->next = first;
    return EX_FRAME(self, count);
}

struct from_zero {
    struct ex_frame frame;
    struct ex_generator generator;
    struct count count;
};

EX_RESUME(from_zero) {
    EX_BEGIN(from_zero);
    EX_YIELD_ITEM(0);
    if (value == 0) {
        EX_YIELD_FROM(count(&self->count, 10));
    }
    EX_RETURN(value);
    EX_END();
}

struct show {
    struct ex_frame frame;
    struct ex_stream stream;
    struct from_zero from_zero;
};

EX_RESUME(show) {
    EX_BEGIN(show);
    ex_stream_open(&self->stream, EX_FRAME(&self->from_zero, from_zero));
    for (;;) {
        EX_AWAIT(ex_stream_next(&self->stream));
        if (value <= 0 || self->stream.item > 12) {
            break;
        }
        printf("%d\n", (int)self->stream.item);
    }
    EX_AWAIT(ex_stream_close(&self->stream));
    EX_RETURN(value);
    EX_END();
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        return 1;
    }
    struct show *self = ex_task_new(scheduler, sizeof *self);
    if (self == NULL) {
        return 1;
    }
    ex_task_spawn_detached(EX_FRAME(self, show));
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    return 0;
}
