/* pthread_once and call_once. Built with -fexceptions: what leaves an initialiser early, an
 * exception or the end of its thread, passes through here. GNU C: the cleanup attribute. */
#include <pthread.h>
#include <threads.h>

#include "sim/machine/hook.h"

struct frame {
    uint32_t *control;
    const void *site;
    bool done;
};

static void leave(const struct frame *frame) {
    once_leave(&machine.world.onces, frame->control, frame->done, frame->site);
}

static void run(uint32_t *control, void (*routine)(void), const void *site) {
    switch (once_enter(&machine.world.onces, control, site)) {
    case ONCE_DONE:
        return;
    case ONCE_WILD:
        hook_escape(site, "pthread_once() of a control that was never initialised");
    case ONCE_RUN:
        break;
    }
    __attribute__((cleanup(leave))) struct frame frame = {.control = control, .site = site};
    routine();
    frame.done = true;
}

_Static_assert(sizeof(pthread_once_t) == sizeof(uint32_t), "the control word");
_Static_assert(sizeof(once_flag) == sizeof(uint32_t), "the control word");

HOOK int pthread_once(pthread_once_t *control, void (*routine)(void)) {
    if (!hook_simulated()) {
        return REAL(pthread_once)(control, routine);
    }
    run((uint32_t *)(void *)control, routine, HOOK_SITE);
    return 0;
}

HOOK void call_once(once_flag *flag, void (*routine)(void)) {
    if (!hook_simulated()) {
        REAL(call_once)(flag, routine);
        return;
    }
    run((uint32_t *)(void *)flag, routine, HOOK_SITE);
}
