#include "executor/crew.h"

#include <ex/panic.h>

struct ex_strand *ex_crew_allocate_foreign(struct ex_scheduler *scheduler, size_t size) {
#ifdef EX_SMALL
    (void)size;
    (void)scheduler;
    ex_panic(__FILE__, __LINE__, "a task is made on a thread that is none of its scheduler's");
#else
    pthread_mutex_lock(&scheduler->foreign_lock);
    struct ex_strand *const slot = ex_slab_allocate(&scheduler->foreign, size);
    pthread_mutex_unlock(&scheduler->foreign_lock);
    return slot;
#endif
}

size_t ex_crew_live_count(const struct ex_scheduler *scheduler) {
    size_t count = __atomic_load_n(&scheduler->foreign_count, __ATOMIC_RELAXED);

    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        count += __atomic_load_n(&scheduler->workers[i].live_count, __ATOMIC_RELAXED);
    }
    return count;
}
