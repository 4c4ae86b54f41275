#include "sim/semaphore.h"

#include <errno.h>
#include <stddef.h>

#include "sim/causal.h"
#include "sim/panic.h"

_Static_assert(offsetof(struct semaphore, value) == 0, "where glibc has it");
_Static_assert(sizeof(struct semaphore) <= 32, "fits in sem_t");

#define NOUN "semaphore"

int semaphore_init(struct semaphore *semaphore, uint32_t value) {
    if (value > SEMAPHORE_VALUE_MAX) {
        return EINVAL;
    }
    *semaphore = (struct semaphore){.value = value};
    return 0;
}

int semaphore_destroy(struct semaphore *semaphore) {
    if (semaphore->queue.first != 0) {
        return EBUSY;
    }
    semaphore->object = 0;
    return 0;
}

static int take(struct schedule *schedule, struct semaphore *semaphore) {
    if (semaphore->value == 0) {
        return EAGAIN;
    }
    semaphore->value--;
    causal_gets(schedule, semaphore->object);
    return 0;
}

int semaphore_wait(struct schedule *schedule,
                   struct semaphore *semaphore,
                   uint64_t deadline_ns,
                   const void *site) {
    object_announce(schedule, POINT_SEMAPHORE_WAIT, NOUN, &semaphore->object, site);
    const uint32_t object = semaphore->object;
    const struct wait_cause cause = {.kind = POINT_SEMAPHORE_WAIT, .object = object, .site = site};
    int result = take(schedule, semaphore);
    while (result == EAGAIN) {
        object_believe(schedule, NOUN, &semaphore->queue, site);
        const enum wake_reason reason =
            schedule_wait(schedule, &semaphore->queue, deadline_ns, &cause);
        /* As in glibc, who was interrupted or ran out of time does not look once more. */
        result = reason == WAKE_TIMEOUT       ? ETIMEDOUT
                 : reason == WAKE_INTERRUPTED ? EINTR
                                              : take(schedule, semaphore);
    }
    schedule_event(schedule, POINT_SEMAPHORE_WAIT, object, result, site);
    return result;
}

int semaphore_try_wait(struct schedule *schedule, struct semaphore *semaphore, const void *site) {
    object_announce(schedule, POINT_SEMAPHORE_WAIT, NOUN, &semaphore->object, site);
    const int result = take(schedule, semaphore);
    schedule_event(schedule, POINT_SEMAPHORE_WAIT, semaphore->object, result, site);
    return result;
}

int semaphore_post(struct schedule *schedule, struct semaphore *semaphore, const void *site) {
    object_announce(schedule, POINT_SEMAPHORE_POST, NOUN, &semaphore->object, site);
    int result = EOVERFLOW;
    if (semaphore->value < SEMAPHORE_VALUE_MAX) {
        semaphore->value++;
        causal_gives(schedule, semaphore->object);
        object_wake(schedule, NOUN, &semaphore->queue, UINT32_MAX, site);
        result = 0;
    }
    schedule_event(schedule, POINT_SEMAPHORE_POST, semaphore->object, result, site);
    return result;
}

uint32_t semaphore_value(struct schedule *schedule, struct semaphore *semaphore, const void *site) {
    object_announce(schedule, POINT_CALL, NOUN, &semaphore->object, site);
    schedule_event(schedule, POINT_CALL, semaphore->object, semaphore->value, site);
    return semaphore->value;
}
