#include "sim/readiness.h"

#include <errno.h>
#include <fcntl.h>

#include "sim/panic.h"

#define NESTS_MAX 4u /* fs/eventpoll.c: EP_MAX_NESTS */
#define PRIVATE_BITS ((uint32_t)(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE))
#define EXCLUSIVE_BITS                                                                             \
    ((uint32_t)(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE))
#define ALWAYS_BITS ((uint32_t)(EPOLLERR | EPOLLHUP))

struct instance {
    uint32_t file;
    uint32_t items;
    struct watch_list ready;
    struct wait_queue waiters;
};

static struct instance *instance_at(const struct readiness *readiness, uint32_t index) {
    return (struct instance *)pool_at(&readiness->instances, index);
}

static struct instance *instance_of(const struct readiness *readiness, uint32_t file) {
    return instance_at(readiness, file_at(readiness->files, file)->subject);
}

static bool is_epoll(const struct readiness *readiness, uint32_t file) {
    return file_at(readiness->files, file)->kind == FILE_EPOLL;
}

/* Somebody has something to look at. */
static void instance_wake(struct readiness *readiness, struct instance *instance) {
    if (instance->waiters.first != 0) {
        schedule_wake(readiness->schedule, &instance->waiters, 1);
    }
    if (file_at(readiness->files, instance->file)->watch_first != 0) {
        readiness_notify(readiness, instance->file, EPOLLIN);
    }
}

/* What an item would report now. */
static uint32_t item_events(struct readiness *readiness, const struct watch *watch) {
    return file_events(readiness->files, watch->file) & watch->events;
}

/* ---- telling ---- */

#define END_BITS ((uint32_t)(EPOLLHUP | EPOLLRDHUP | EPOLLERR))

/* Whether these news are for one exclusive item, and this one took them: what one of many can deal
 * with is news of one direction. That something ended, or changed in every way, is told to all. */
static bool
item_takes(const struct instance *instance, const struct watch *watch, uint32_t events) {
    const uint32_t news = events & (EPOLLIN | EPOLLOUT | END_BITS);
    return (watch->events & EPOLLEXCLUSIVE) != 0 && instance->waiters.first != 0 &&
           (news == EPOLLIN || news == EPOLLOUT) && (watch->events & news) != 0;
}

/* True when the item took an event that only one exclusive watch gets. */
static bool item_tell(struct readiness *readiness, uint32_t index, uint32_t events) {
    struct watch *watch = watch_at(&readiness->watches, index);
    struct instance *instance = instance_at(readiness, watch->instance);
    const bool disarmed = (watch->events & ~PRIVATE_BITS) == 0;
    if (disarmed || (events != 0 && (events & watch->events) == 0)) {
        return false;
    }
    if (!watch->ready) {
        watch_ready_add(&readiness->watches, &instance->ready, index);
    }
    const bool takes = item_takes(instance, watch, events);
    instance_wake(readiness, instance);
    return takes;
}

void readiness_notify(struct readiness *readiness, uint32_t file, uint32_t events) {
    uint32_t next;
    for (uint32_t index = file_at(readiness->files, file)->watch_first; index != 0; index = next) {
        struct watch *watch = watch_at(&readiness->watches, index);
        next = watch->next;
        if (watch->instance != 0) {
            if (item_tell(readiness, index, events)) {
                return;
            }
        } else if (events == 0 || (events & watch->events) != 0) {
            if (schedule_agent(readiness->schedule, watch->agent)->state == AGENT_WAITING) {
                schedule_wake_agent(readiness->schedule, watch->agent, WAKE_SIGNALLED);
            }
        }
    }
}

/* ---- instances ---- */

int64_t readiness_open(struct readiness *readiness, uint64_t limit, bool close_on_exec) {
    const uint32_t index = pool_take(&readiness->instances);
    if (index == 0) {
        return -ENFILE;
    }
    struct instance *instance = instance_at(readiness, index);
    *instance = (struct instance){0};
    const int64_t number =
        descriptor_create(readiness->descriptors, FILE_EPOLL, O_RDWR, index, limit, close_on_exec);
    if (number >= 0) {
        instance->file = descriptor_file(readiness->descriptors, number);
    } else if (number == -ENFILE) {
        pool_give(&readiness->instances, index);
    }
    return number;
}

static void item_remove(struct readiness *readiness, uint32_t index) {
    const struct watch *watch = watch_at(&readiness->watches, index);
    struct instance *instance = instance_at(readiness, watch->instance);
    if (watch->ready) {
        watch_ready_remove(&readiness->watches, &instance->ready, index);
    }
    watch_sibling_remove(&readiness->watches, &instance->items, index);
    watch_remove(&readiness->watches, index);
}

/* The file is gone: nobody watches it. */
static void forget(void *context, uint32_t file_index) {
    struct readiness *readiness = context;
    const struct file *file = file_at(readiness->files, file_index);
    while (file->watch_first != 0) {
        const struct watch *watch = watch_at(&readiness->watches, file->watch_first);
        if (watch->instance != 0) {
            item_remove(readiness, file->watch_first);
        } else {
            watch_remove(&readiness->watches, file->watch_first);
        }
    }
}

static void instance_close(void *context, uint32_t file) {
    struct readiness *readiness = context;
    struct instance *instance = instance_of(readiness, file);
    while (instance->items != 0) {
        item_remove(readiness, instance->items);
    }
    pool_give(&readiness->instances, file_at(readiness->files, file)->subject);
}

/* An instance is readable when an item of its ready list is; what is not goes from the list. */
static uint32_t instance_events(void *context, uint32_t file) {
    struct readiness *readiness = context;
    struct instance *instance = instance_of(readiness, file);
    while (instance->ready.first != 0) {
        if (item_events(readiness, watch_at(&readiness->watches, instance->ready.first)) != 0) {
            return EPOLLIN | EPOLLRDNORM;
        }
        watch_ready_remove(&readiness->watches, &instance->ready, instance->ready.first);
    }
    return 0;
}

/* ---- epoll_ctl ---- */

/* How many instances lie on the longest way down from this one; more than NESTS_MAX when `outer`
 * is among them. */
static uint32_t depth_below(const struct readiness *readiness, uint32_t file, uint32_t outer) {
    uint32_t deepest = 0;
    for (uint32_t index = instance_of(readiness, file)->items; index != 0;
         index = watch_at(&readiness->watches, index)->sibling_next) {
        const uint32_t target = watch_at(&readiness->watches, index)->file;
        if (!is_epoll(readiness, target)) {
            continue;
        }
        const uint32_t depth =
            target == outer ? NESTS_MAX + 1 : depth_below(readiness, target, outer) + 1;
        deepest = depth > deepest ? depth : deepest;
        if (deepest > NESTS_MAX) {
            break;
        }
    }
    return deepest;
}

/* How many instances lie on the longest way up from this one. */
static uint32_t depth_above(const struct readiness *readiness, uint32_t file) {
    uint32_t deepest = 0;
    for (uint32_t index = file_at(readiness->files, file)->watch_first; index != 0;
         index = watch_at(&readiness->watches, index)->next) {
        const struct watch *watch = watch_at(&readiness->watches, index);
        if (watch->instance != 0) {
            const uint32_t outer = instance_at(readiness, watch->instance)->file;
            const uint32_t depth = depth_above(readiness, outer) + 1;
            deepest = depth > deepest ? depth : deepest;
        }
    }
    return deepest;
}

static bool nests_too_deep(const struct readiness *readiness, uint32_t epoll, uint32_t target) {
    const uint32_t below = depth_below(readiness, target, epoll);
    return below > NESTS_MAX || depth_above(readiness, epoll) + below + 1 > NESTS_MAX;
}

static uint32_t
item_find(const struct readiness *readiness, uint32_t instance, uint32_t file, int32_t number) {
    uint32_t index = file_at(readiness->files, file)->watch_first;
    while (index != 0) {
        const struct watch *watch = watch_at(&readiness->watches, index);
        if (watch->instance == instance && watch->number == number) {
            break;
        }
        index = watch->next;
    }
    return index;
}

static void item_set(struct watch *watch, const struct epoll_event *event) {
    watch->events = event->events | ALWAYS_BITS;
    watch->data = event->data.u64;
}

/* Ready already? Then it goes to the list at once. */
static void item_look(struct readiness *readiness, uint32_t index) {
    const struct watch *watch = watch_at(&readiness->watches, index);
    if (!watch->ready && item_events(readiness, watch) != 0) {
        struct instance *instance = instance_at(readiness, watch->instance);
        watch_ready_add(&readiness->watches, &instance->ready, index);
        instance_wake(readiness, instance);
    }
}

static void item_add(struct readiness *readiness,
                     uint32_t epoll,
                     uint32_t target,
                     int32_t number,
                     const struct epoll_event *event) {
    const uint32_t instance_index = file_at(readiness->files, epoll)->subject;
    const uint32_t index =
        watch_add(&readiness->watches, target, (event->events & EPOLLEXCLUSIVE) != 0);
    struct watch *watch = watch_at(&readiness->watches, index);
    struct instance *instance = instance_at(readiness, instance_index);
    watch->instance = instance_index;
    watch->number = number;
    watch_sibling_add(&readiness->watches, &instance->items, index);
    item_set(watch, event);
    item_look(readiness, index);
}

static int64_t
item_modify(struct readiness *readiness, uint32_t index, const struct epoll_event *event) {
    struct watch *watch = watch_at(&readiness->watches, index);
    if ((watch->events & EPOLLEXCLUSIVE) != 0) {
        return -EINVAL;
    }
    item_set(watch, event);
    item_look(readiness, index);
    return 0;
}

static bool exclusive_refused(const struct readiness *readiness,
                              int operation,
                              uint32_t target,
                              const struct epoll_event *event) {
    return operation == EPOLL_CTL_MOD ||
           (operation == EPOLL_CTL_ADD &&
            (is_epoll(readiness, target) || (event->events & ~EXCLUSIVE_BITS) != 0));
}

int64_t readiness_control(struct readiness *readiness,
                          uint32_t epoll,
                          int operation,
                          int32_t number,
                          uint32_t target,
                          const struct epoll_event *event) {
    if (file_operations(readiness->files, target)->events == NULL) {
        return -EPERM;
    }
    if (epoll == target || !is_epoll(readiness, epoll)) {
        return -EINVAL;
    }
    const bool has_event = operation != EPOLL_CTL_DEL;
    if (has_event && (event->events & EPOLLEXCLUSIVE) != 0 &&
        exclusive_refused(readiness, operation, target, event)) {
        return -EINVAL;
    }
    if (operation == EPOLL_CTL_ADD && is_epoll(readiness, target) &&
        nests_too_deep(readiness, epoll, target)) {
        return -ELOOP;
    }
    const uint32_t index =
        item_find(readiness, file_at(readiness->files, epoll)->subject, target, number);
    switch (operation) {
    case EPOLL_CTL_ADD:
        if (index != 0) {
            return -EEXIST;
        }
        item_add(readiness, epoll, target, number, event);
        return 0;
    case EPOLL_CTL_MOD:
        return index == 0 ? -ENOENT : item_modify(readiness, index, event);
    case EPOLL_CTL_DEL:
        if (index == 0) {
            return -ENOENT;
        }
        item_remove(readiness, index);
        return 0;
    default:
        return -EINVAL;
    }
}

/* ---- epoll_wait ---- */

/* Reports what is ready. Each item is looked at once: the last one that stands in the list now is
 * where it ends. */
static int
collect(struct readiness *readiness, uint32_t epoll, struct epoll_event *events, int count_max) {
    struct instance *instance = instance_of(readiness, epoll);
    const uint32_t last = instance->ready.last;
    int count = 0;
    for (uint32_t index = instance->ready.first; index != 0 && count < count_max;) {
        struct watch *watch = watch_at(&readiness->watches, index);
        const uint32_t next = index == last ? 0 : watch->ready_next;
        watch_ready_remove(&readiness->watches, &instance->ready, index);
        const uint32_t found = item_events(readiness, watch);
        if (found != 0) {
            events[count].events = found;
            events[count].data.u64 = watch->data;
            count++;
            if ((watch->events & EPOLLONESHOT) != 0) {
                watch->events &= PRIVATE_BITS;
            } else if ((watch->events & EPOLLET) == 0) {
                watch_ready_add(&readiness->watches, &instance->ready, index);
            }
        }
        index = next;
    }
    if (instance->ready.first != 0 && instance->waiters.first != 0) {
        schedule_wake(readiness->schedule, &instance->waiters, 1); /* there is more to look at */
    }
    return count;
}

int64_t readiness_wait(struct readiness *readiness,
                       uint32_t epoll,
                       struct epoll_event *events,
                       int count_max,
                       uint64_t deadline_ns,
                       const void *site) {
    if (count_max <= 0 || !is_epoll(readiness, epoll)) {
        return -EINVAL;
    }
    const struct wait_cause cause = {.kind = POINT_EPOLL_WAIT,
                                     .object = file_at(readiness->files, epoll)->object,
                                     .site = site};
    enum wake_reason reason = WAKE_SIGNALLED;
    for (;;) {
        const int count = collect(readiness, epoll, events, count_max);
        if (count > 0 || reason == WAKE_TIMEOUT ||
            deadline_ns <= schedule_now_ns(readiness->schedule)) {
            return count;
        }
        if (reason == WAKE_INTERRUPTED) {
            return -EINTR;
        }
        reason = schedule_wait(readiness->schedule,
                               &instance_of(readiness, epoll)->waiters,
                               deadline_ns,
                               &cause);
    }
}

/* ---- set-up ---- */

static const struct file_operations epoll_operations = {.events = instance_events,
                                                        .close = instance_close};

uint64_t readiness_arena_size(void) {
    return watch_arena_size() + ((uint64_t)READINESS_INSTANCES_MAX + 1) * sizeof(struct instance) +
           64;
}

void readiness_init(struct readiness *readiness,
                    struct arena *arena,
                    struct descriptors *descriptors) {
    *readiness = (struct readiness){.files = descriptors->files,
                                    .descriptors = descriptors,
                                    .schedule = descriptors->schedule};
    watch_init(&readiness->watches, arena, descriptors->files);
    pool_init(&readiness->instances, arena, sizeof(struct instance), READINESS_INSTANCES_MAX);
    readiness->files->forget = forget;
    readiness->files->forget_context = readiness;
    file_kind_add(readiness->files, FILE_EPOLL, &epoll_operations, readiness);
}

void readiness_begin(struct readiness *readiness) {
    watch_begin(&readiness->watches);
    pool_reset(&readiness->instances);
}
