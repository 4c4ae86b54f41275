#include "executor/release.h"

#include "executor/crew.h"
#include "executor/observer.h"

/* What another thread may still have listed is freed by who takes it off the list; before, the
 * memory is given to its slab's worker (executor/crew.h says why). */
void ex_release_slowly(struct ex_strand *root) {
    const struct ex_scheduler *const scheduler = ex_slab_of(root)->home;

    if (scheduler->is_watched) {
        ex_observer_tell(&scheduler->observer, scheduler->observer.dropped, root);
    }
    if (ex_release_is_at_home(root)) {
        ex_release_at_home(root);
        return;
    }
    ex_release_end(root);
    __atomic_store_n(&root->owner, ex_slab_of(root)->owner_id, __ATOMIC_RELEASE);
    if ((__atomic_fetch_or(&root->signal, EX_STRAND_SIGNAL_FREED, __ATOMIC_ACQ_REL) &
         EX_STRAND_SIGNAL_LISTED) != 0) {
        return;
    }
    __atomic_store_n(&root->signal, 0, __ATOMIC_RELEASE);
    ex_crew_free(root);
}
