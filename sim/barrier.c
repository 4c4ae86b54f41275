#include "sim/barrier.h"

#include <errno.h>
#include <stddef.h>

#include "sim/causal.h"
#include "sim/panic.h"

_Static_assert(offsetof(struct barrier, count) == 8, "where glibc has it");
_Static_assert(sizeof(struct barrier) <= 32, "fits in pthread_barrier_t");

#define NOUN "barrier"

int barrier_init(struct barrier *barrier, uint32_t count) {
    if (count == 0 || count > BARRIER_COUNT_MAX) {
        return EINVAL;
    }
    *barrier = (struct barrier){.count = count};
    return 0;
}

int barrier_destroy(struct schedule *schedule, struct barrier *barrier, const void *site) {
    if (barrier->arrived != 0) {
        return EBUSY;
    }
    const struct wait_cause cause = {.kind = POINT_BARRIER,
                                     .object = barrier->object,
                                     .site = site};
    while (barrier->inside != 0) {
        object_believe(schedule, NOUN, &barrier->queue, site);
        object_wait(schedule, &barrier->queue, AGENDA_NEVER, &cause);
    }
    barrier->object = 0;
    return 0;
}

bool barrier_wait(struct schedule *schedule, struct barrier *barrier, const void *site) {
    object_announce(schedule, POINT_BARRIER, NOUN, &barrier->object, site);
    const uint32_t object = barrier->object;
    const uint32_t round = barrier->round;
    const struct wait_cause cause = {.kind = POINT_BARRIER, .object = object, .site = site};
    barrier->inside++;
    barrier->arrived++;
    causal_gives(schedule, object);
    const bool last = barrier->arrived == barrier->count;
    if (last) {
        barrier->arrived = 0;
        barrier->round++;
        object_wake(schedule, NOUN, &barrier->queue, UINT32_MAX, site);
    }
    while (barrier->round == round) {
        object_believe(schedule, NOUN, &barrier->queue, site);
        object_wait(schedule, &barrier->queue, AGENDA_NEVER, &cause);
    }
    if (barrier->inside == 0) {
        object_wild(schedule, NOUN, site);
    }
    barrier->inside--;
    causal_gets(schedule, object);
    if (barrier->inside == 0) { /* nobody looks at it any more: it may go */
        object_wake(schedule, NOUN, &barrier->queue, UINT32_MAX, site);
    }
    schedule_event(schedule, POINT_BARRIER, object, last, site);
    return last;
}
