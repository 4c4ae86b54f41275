/* A machine without malloc, threads and clock: tasks in memory of the program's own, and what an
 * interrupt handler leaves for them. Built with EX_SMALL. */
#include <errno.h>
#include <ex/channel.h>
#include <ex/mutex.h>
#include <ex/scheduler.h>
#include <ex/waker.h>

int puts(const char *text);

static _Alignas(4096) unsigned char memory[5 * 4096];

/* A bus that one task at a time may use. */
static struct ex_mutex bus;

static unsigned char ring[4 * sizeof(int)];
static struct ex_channel readings;

/* What the interrupt handler writes: it does nothing else, for it may come at any time. */
static volatile int sensor_value;
static volatile int sensor_is_ready;

static struct ex_waker sensor_waker;

struct sense {
    struct ex_frame frame;
    struct ex_mutex_lock lock;
    struct ex_channel_send send;
    int count;
    int reading;
};

EX_RESUME(sense) {
    EX_BEGIN(sense);
    for (self->count = 0; self->count < 3; self->count++) {
        EX_AWAIT(ex_mutex_lock(&self->lock, &bus));
        if (value < 0) {
            break;
        }
        sensor_waker = ex_waker_of(strand);
        while (!sensor_is_ready) {
            if (ex_strand_take_cancel(strand)) {
                ex_mutex_unlock(&bus);
                EX_RETURN(-ECANCELED);
            }
            EX_SUSPEND();
        }
        self->reading = sensor_value;
        sensor_is_ready = 0;
        ex_mutex_unlock(&bus);
        EX_AWAIT(ex_channel_send(&self->send, &readings, &self->reading));
        if (value < 0) {
            break;
        }
    }
    ex_channel_close(&readings);
    EX_RETURN(self->count);
    EX_END();
}

struct report {
    struct ex_frame frame;
    struct ex_task_join join;
    struct ex_task *sensor;
    struct ex_channel_recv recv;
    int reading;
    int sum;
};

EX_RESUME(report) {
    EX_BEGIN(report);
    for (self->sum = 0;; self->sum += self->reading) {
        EX_AWAIT(ex_channel_recv(&self->recv, &readings, &self->reading));
        if (value < 0) {
            break; /* -EPIPE: the sensor has closed it */
        }
        puts(self->reading > 20 ? "hot" : "cold");
    }
    EX_AWAIT(ex_task_join(&self->join, self->sensor));
    puts(value == 3 && self->sum == 60 ? "three readings" : "readings are missing");
    EX_END();
}

static void interrupt(int value) {
    sensor_value = value;
    sensor_is_ready = 1;
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(
            &scheduler,
            &(struct ex_scheduler_options){.memory = memory, .memory_size = sizeof memory}) < 0) {
        return 1;
    }
    ex_mutex_init(&bus, EX_WAIT_LOCAL);
    ex_channel_init_mem(&readings, EX_WAIT_LOCAL, sizeof(int), ring, sizeof ring);
    struct sense *sense = ex_task_new(scheduler, sizeof *sense);
    struct report *report = ex_task_new(scheduler, sizeof *report);
    if (sense == NULL || report == NULL) {
        return 1;
    }
    report->sensor = ex_task_spawn(EX_FRAME(sense, sense));
    ex_task_spawn_detached(EX_FRAME(report, report));
    for (int i = 1; ex_scheduler_poll(scheduler) > 0; i++) {
        interrupt(10 * i); /* else the processor sleeps until one comes */
        if (sensor_is_ready) {
            ex_waker_wake(sensor_waker);
        }
    }
    ex_scheduler_destroy(scheduler);
    return 0;
}
