/* A producer that would go on for ever, and a consumer that ends it. */
#include <errno.h>
#include <ex/channel.h>
#include <ex/scheduler.h>
#include <stdio.h>
#include <stdlib.h>

struct produce {
    struct ex_frame frame;
    struct ex_channel *channel;
    struct ex_channel_send send;
    char *buffer;
    int number;
    int64_t status;
};

EX_RESUME(produce) {
    EX_BEGIN(produce);
    self->buffer = malloc(1000);
    if (self->buffer == NULL) {
        EX_RETURN(-ENOMEM);
    }
    for (self->number = 1;; self->number++) {
        EX_AWAIT(ex_channel_send(&self->send, self->channel, &self->number));
        if (value < 0) { /* -ECANCELED: told to end; -EPIPE: nobody receives any more */
            break;
        }
    }
    self->status = value;
    free(self->buffer);
    self->number = 0; /* the last element; this await is not told again */
    EX_AWAIT(ex_channel_send(&self->send, self->channel, &self->number));
    ex_channel_sender_drop(self->channel);
    EX_RETURN(self->status);
    EX_END();
}

static struct ex_frame *produce(struct produce *self, struct ex_channel *channel) {
    self->channel = channel;
    return EX_FRAME(self, produce);
}

struct consume {
    struct ex_frame frame;
    struct ex_channel *channel;
    struct ex_task *producer;
    union {
        struct ex_channel_recv recv;
        struct ex_task_join join;
    };
    int number;
};

EX_RESUME(consume) {
    EX_BEGIN(consume);
    for (;;) {
        EX_AWAIT(ex_channel_recv(&self->recv, self->channel, &self->number));
        if (value < 0) { /* -EPIPE: drained, and the producer has dropped it */
            break;
        }
        printf("%d\n", self->number);
        if (self->number == 3) {
            ex_task_abort(self->producer);
        }
    }
    EX_AWAIT(ex_task_join(&self->join, self->producer));
    printf("the producer was %s\n", value == -ECANCELED ? "cancelled" : "not cancelled");
    ex_channel_receiver_drop(self->channel);
    EX_END();
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        return 1;
    }
    struct ex_channel *channel = ex_channel_create(EX_WAIT_LOCAL, sizeof(int), 1);
    struct produce *producer = ex_task_new(scheduler, sizeof *producer);
    struct consume *consumer = ex_task_new(scheduler, sizeof *consumer);
    if (channel == NULL || producer == NULL || consumer == NULL) {
        return 1;
    }
    consumer->channel = channel;
    consumer->producer = ex_task_spawn(produce(producer, channel));
    ex_task_spawn_detached(EX_FRAME(consumer, consume));
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    return 0;
}
