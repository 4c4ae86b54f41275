#include "sim/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "sim/panic.h"

#define EVENT_MAX (UINT64_MAX - 1)

struct counter {
    uint64_t count;
    struct wait_queue readers, writers;
    uint32_t file;
    bool semaphore;
    /* timers */
    int32_t clock;
    uint32_t node;
    bool expired;   /* a periodic timer waits for somebody to look */
    bool wall;      /* due_ns is of the wall clock, else of the node's own */
    bool cancels;   /* somebody wants to know when that clock is set */
    bool cancelled; /* it was set, and nobody has been told */
    uint64_t handle;
    uint64_t due_ns;
    uint64_t interval_ns;
};

static struct counter *counter_at(const struct counters *counters, uint32_t index) {
    return (struct counter *)pool_at(&counters->table, index);
}

static struct counter *counter_of(const struct counters *counters, uint32_t file) {
    return counter_at(counters, file_at(counters->files, file)->subject);
}

/* Waits for a change. 0 or -EINTR. */
static int counter_wait(struct counters *counters,
                        struct wait_queue *queue,
                        uint32_t file,
                        enum point_kind kind,
                        const void *site) {
    const struct wait_cause cause = {.kind = (uint16_t)kind,
                                     .object = file_at(counters->files, file)->object,
                                     .site = site};
    return schedule_wait(counters->schedule, queue, AGENDA_NEVER, &cause) == WAKE_INTERRUPTED
               ? -EINTR
               : 0;
}

static void changed(struct counters *counters, struct counter *counter, uint32_t events) {
    struct wait_queue *queue = (events & EPOLLIN) != 0 ? &counter->readers : &counter->writers;
    schedule_wake(counters->schedule, queue, UINT32_MAX);
    readiness_notify(counters->readiness, counter->file, events);
}

/* The value goes through the call's parts, which may split it. */
static void value_store(const struct file_call *call, uint64_t value) {
    const unsigned char *from = (const unsigned char *)&value;
    size_t left = sizeof value;
    for (uint32_t i = 0; left > 0; i++) {
        const size_t part = call->parts[i].iov_len < left ? call->parts[i].iov_len : left;
        memcpy(call->parts[i].iov_base, from, part);
        from += part;
        left -= part;
    }
}

static uint64_t value_load(const struct file_call *call) {
    uint64_t value;
    unsigned char *to = (unsigned char *)&value;
    size_t left = sizeof value;
    for (uint32_t i = 0; left > 0; i++) {
        const size_t part = call->parts[i].iov_len < left ? call->parts[i].iov_len : left;
        memcpy(to, call->parts[i].iov_base, part);
        to += part;
        left -= part;
    }
    return value;
}

/* Waits until there is something to read. 0, -EINVAL, -EAGAIN, -EINTR. */
static int count_await(struct counters *counters, uint32_t file, const struct file_call *call) {
    struct counter *counter = counter_of(counters, file);
    if (file_call_size(call) < sizeof counter->count) {
        return -EINVAL;
    }
    while (counter->count == 0) {
        if (call->nonblocking) {
            return -EAGAIN;
        }
        if (counter_wait(counters, &counter->readers, file, POINT_READ, call->site) != 0) {
            return -EINTR;
        }
    }
    return 0;
}

/* ---- eventfd ---- */

static int64_t event_read(void *context, uint32_t file, const struct file_call *call) {
    struct counters *counters = context;
    struct counter *counter = counter_of(counters, file);
    const int refusal = count_await(counters, file, call);
    if (refusal != 0) {
        return refusal;
    }
    const uint64_t value = counter->semaphore ? 1 : counter->count;
    counter->count -= value;
    changed(counters, counter, EPOLLOUT);
    value_store(call, value);
    return sizeof value;
}

static int64_t event_write(void *context, uint32_t file, const struct file_call *call) {
    struct counters *counters = context;
    struct counter *counter = counter_of(counters, file);
    if (file_call_size(call) < sizeof counter->count) {
        return -EINVAL;
    }
    const uint64_t value = value_load(call);
    if (value > EVENT_MAX) {
        return -EINVAL;
    }
    while (value > EVENT_MAX - counter->count) {
        if (call->nonblocking) {
            return -EAGAIN;
        }
        if (counter_wait(counters, &counter->writers, file, POINT_WRITE, call->site) != 0) {
            return -EINTR;
        }
    }
    counter->count += value;
    changed(counters, counter, EPOLLIN);
    return sizeof value;
}

static uint32_t event_events(void *context, uint32_t file) {
    const uint64_t count = counter_of(context, file)->count;
    return (uint32_t)((count > 0 ? EPOLLIN : 0) | (count < EVENT_MAX ? EPOLLOUT : 0));
}

static void event_close(void *context, uint32_t file) {
    struct counters *counters = context;
    pool_give(&counters->table, file_at(counters->files, file)->subject);
}

/* ---- timerfd ---- */

static uint64_t timer_now(const struct counters *counters, const struct counter *counter) {
    const struct vclock *clock = &counters->schedule->clock;
    return counter->wall ? vclock_wall_exact_ns(clock, counter->node)
                         : vclock_own_ns(clock, counter->node);
}

static void timer_start(struct counters *counters, struct counter *counter, uint64_t due_ns) {
    const struct vclock *clock = &counters->schedule->clock;
    const uint32_t subject = file_at(counters->files, counter->file)->subject;
    const uint64_t when = counter->wall ? vclock_wall_due_ns(clock, counter->node, due_ns)
                                        : vclock_due_ns(clock, counter->node, due_ns);
    counter->due_ns = due_ns;
    counter->expired = false;
    counter->handle = schedule_timer_start(counters->schedule,
                                           when > clock->now_ns ? when : clock->now_ns,
                                           counters->handler,
                                           subject,
                                           0);
}

static bool timer_fact(void *context, const struct agenda_item *item, struct occasion *fact) {
    const struct counters *counters = context;
    const struct counter *counter = counter_at(counters, item->subject);
    *fact = (struct occasion){.instant = OCCASION_EXPIRES,
                              .node = file_at(counters->files, counter->file)->node};
    return true;
}

static void timer_expire(void *context, const struct agenda_item *item) {
    struct counters *counters = context;
    struct counter *counter = counter_at(counters, item->subject);
    counter->handle = 0;
    counter->expired = true;
    counter->count++;
    changed(counters, counter, EPOLLIN);
}

/* Counts the periods that passed since the expiry nobody looked at, and starts the next one. */
static void timer_forward(struct counters *counters, struct counter *counter) {
    if (!counter->expired || counter->interval_ns == 0) {
        return;
    }
    const uint64_t now = timer_now(counters, counter);
    if (now < counter->due_ns) { /* the clock was set back: as if it had not expired */
        counter->count--;
        timer_start(counters, counter, counter->due_ns);
        return;
    }
    const uint64_t periods = (now - counter->due_ns) / counter->interval_ns;
    counter->count += periods;
    timer_start(counters, counter, counter->due_ns + (periods + 1) * counter->interval_ns);
}

static int64_t timer_read(void *context, uint32_t file, const struct file_call *call) {
    struct counters *counters = context;
    struct counter *counter = counter_of(counters, file);
    const int refusal = count_await(counters, file, call);
    if (refusal != 0) {
        return refusal;
    }
    if (counter->cancels && counter->cancelled) { /* what expired is dropped, no period begins */
        counter->cancelled = counter->expired = false;
        counter->count = 0;
        return -ECANCELED;
    }
    timer_forward(counters, counter);
    const uint64_t value = counter->count;
    counter->count = 0;
    if (value == 0) { /* timerfd_create(2): a clock that was set back */
        return call->nonblocking ? -EAGAIN : 0;
    }
    value_store(call, value);
    return sizeof value;
}

static uint32_t timer_events(void *context, uint32_t file) {
    return counter_of(context, file)->count > 0 ? EPOLLIN : 0;
}

static void timer_stop(struct counters *counters, struct counter *counter) {
    if (counter->handle != 0) {
        schedule_timer_cancel(counters->schedule, counter->handle);
        counter->handle = 0;
    }
}

static void timer_close(void *context, uint32_t file) {
    counter_of(context, file)->cancels = false;
    timer_stop(context, counter_of(context, file));
    event_close(context, file);
}

struct counter_setting counter_get(struct counters *counters, uint32_t file) {
    struct counter *counter = counter_of(counters, file);
    timer_forward(counters, counter);
    return (struct counter_setting){.due_ns = counter->handle != 0 ? counter->due_ns : 0,
                                    .interval_ns = counter->interval_ns,
                                    .wall = counter->wall};
}

int counter_set(struct counters *counters, uint32_t file, const struct counter_setting *setting) {
    struct counter *counter = counter_of(counters, file);
    if (setting->due_ns != 0) {
        schedule_comes(counters->schedule, OCCASION_ARMED);
    }
    timer_stop(counters, counter);
    counter->count = 0;
    counter->expired = false;
    counter->interval_ns = setting->interval_ns;
    counter->wall = setting->wall;
    counter->cancels = setting->cancels;
    if (setting->due_ns != 0) {
        timer_start(counters, counter, setting->due_ns);
    }
    const bool told = counter->cancels && counter->cancelled && setting->due_ns != 0;
    counter->cancelled = counter->cancelled && !told;
    return told ? -ECANCELED : 0;
}

uint64_t counter_now_ns(const struct counters *counters, uint32_t file, bool wall) {
    const struct vclock *clock = &counters->schedule->clock;
    const uint32_t node = counter_of(counters, file)->node;
    return wall ? vclock_wall_exact_ns(clock, node) : vclock_own_ns(clock, node);
}

/* fs/timerfd.c, timerfd_clock_was_set() */
void counter_clock_set(void *context, uint32_t node) {
    struct counters *counters = context;
    for (uint32_t i = 1; i <= counters->table.count; i++) {
        struct counter *counter = counter_at(counters, i);
        if (counter->node == node && counter->handle != 0 && counter->wall) {
            timer_stop(counters, counter);
            timer_start(counters, counter, counter->due_ns);
        }
        if (counter->node == node && counter->cancels) {
            counter->cancelled = true;
            counter->count++;
            changed(counters, counter, EPOLLIN);
        }
    }
}

int counter_clock(const struct counters *counters, uint32_t file) {
    return counter_of(counters, file)->clock;
}

/* ---- set-up ---- */

static const struct file_operations event_operations = {.read = event_read,
                                                        .write = event_write,
                                                        .events = event_events,
                                                        .close = event_close};
static const struct file_operations timer_operations = {.read = timer_read,
                                                        .events = timer_events,
                                                        .close = timer_close};

uint64_t counter_arena_size(void) {
    return ((uint64_t)COUNTERS_MAX + 1) * sizeof(struct counter) + 64;
}

void counter_init(struct counters *counters, struct arena *arena, struct readiness *readiness) {
    *counters = (struct counters){.readiness = readiness,
                                  .files = readiness->files,
                                  .schedule = readiness->schedule};
    pool_init(&counters->table, arena, sizeof(struct counter), COUNTERS_MAX);
    counters->handler = schedule_handler_add(counters->schedule, timer_expire, counters);
    schedule_handler_describe(counters->schedule, counters->handler, timer_fact);
    file_kind_add(counters->files, FILE_EVENT, &event_operations, counters);
    file_kind_add(counters->files, FILE_TIMER, &timer_operations, counters);
}

void counter_begin(struct counters *counters) {
    pool_reset(&counters->table);
}

static int64_t counter_open(struct counters *counters,
                            enum file_kind kind,
                            const struct counter *made,
                            int flags,
                            uint64_t limit) {
    const uint32_t index = pool_take(&counters->table);
    if (index == 0) {
        return -ENFILE;
    }
    struct counter *counter = counter_at(counters, index);
    *counter = *made;
    const int64_t number = descriptor_create(counters->readiness->descriptors,
                                             kind,
                                             O_RDWR | (uint32_t)(flags & O_NONBLOCK),
                                             index,
                                             limit,
                                             (flags & O_CLOEXEC) != 0);
    if (number >= 0) {
        counter->file = descriptor_file(counters->readiness->descriptors, number);
    } else if (number == -ENFILE) {
        pool_give(&counters->table, index);
    }
    return number;
}

int64_t counter_open_event(struct counters *counters, uint64_t value, int flags, uint64_t limit) {
    const struct counter made = {.count = value, .semaphore = (flags & EFD_SEMAPHORE) != 0};
    return counter_open(counters, FILE_EVENT, &made, flags, limit);
}

int64_t counter_open_timer(struct counters *counters, int clock, int flags, uint64_t limit) {
    const struct counter made = {.clock = clock,
                                 .node = schedule_running(counters->schedule)->node};
    return counter_open(counters, FILE_TIMER, &made, flags, limit);
}
