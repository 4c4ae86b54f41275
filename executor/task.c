#include "executor/task.h"

#include "executor/crew.h"
#include "executor/observer.h"
#include "executor/ready.h"

#include <errno.h>
#include <ex/waker.h>

enum { FRAME_SIZE_SMALL = EX_SLAB_STEP * EX_SLAB_CLASS_COUNT - sizeof(struct ex_task) };

static struct ex_task *task_of_frame(void *frame) {
    return (struct ex_task *)frame - 1;
}

/* The calling thread's worker, if `root` belongs to it. */
static struct ex_worker *own_worker(const struct ex_strand *root) {
    struct ex_worker *const worker = ex_worker_self;

    return worker != NULL && __atomic_load_n(&root->owner, __ATOMIC_ACQUIRE) == worker->id ? worker
                                                                                           : NULL;
}

/* Only the calling thread handles the task: its own words are plain. */
static inline bool is_local(const struct ex_strand *root) {
    return ex_slab_of(root)->local == ex_worker_self;
}

/* ---- the word that joiner and task meet at ----------------------------------------------------
 */

static inline struct ex_frame *up_of(uintptr_t word) {
    return (struct ex_frame *)word;
}

static inline uintptr_t exchange_up(struct ex_strand *root, uintptr_t word) {
    struct ex_frame **const up = &ex_task_frame(ex_task_of(root))->up;

    if (!is_local(root)) {
        return (uintptr_t)__atomic_exchange_n(up, up_of(word), __ATOMIC_ACQ_REL);
    }
    const uintptr_t before = (uintptr_t)*up;
    *up = up_of(word);
    return before;
}

/* What stood there; `word` stands there now if that was `expected`. */
static inline uintptr_t replace_up(struct ex_strand *root, uintptr_t expected, uintptr_t word) {
    struct ex_frame **const up = &ex_task_frame(ex_task_of(root))->up;
    struct ex_frame *before = up_of(expected);

    if (!is_local(root)) {
        __atomic_compare_exchange_n(up,
                                    &before,
                                    up_of(word),
                                    false,
                                    __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE);
        return (uintptr_t)before;
    }
    before = *up;
    if ((uintptr_t)before == expected) {
        *up = up_of(word);
    }
    return (uintptr_t)before;
}

static uintptr_t load_up(struct ex_task *task) {
    return (uintptr_t)__atomic_load_n(&ex_task_frame(task)->up, __ATOMIC_ACQUIRE);
}

/* ---- beginning --------------------------------------------------------------------------------
 */

static __attribute__((noinline)) struct ex_strand *allocate_slowly(struct ex_scheduler *scheduler,
                                                                   size_t size) {
    struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(worker != NULL || scheduler != NULL, "a task is made outside of any scheduler");
    if (scheduler == NULL) {
        scheduler = worker->scheduler;
    }
    if (scheduler->keeps_times) {
        size += sizeof(uint64_t); /* ex_slab_time */
    }
    if (worker == NULL || worker->scheduler != scheduler) {
        return ex_crew_allocate(scheduler, size);
    }
    return ex_slab_allocate(&worker->slab, size);
}

void *ex_task_new(struct ex_scheduler *scheduler, size_t frame_size) {
    struct ex_worker *const worker = ex_worker_self;
    struct ex_strand *root;

    EX_REQUIRE(frame_size >= sizeof(struct ex_frame), "a frame begins with a struct ex_frame");
    if (__builtin_expect(scheduler == NULL && worker != NULL && !worker->keeps_times &&
                             frame_size <= FRAME_SIZE_SMALL,
                         1)) {
        root = ex_slab_allocate(&worker->slab, sizeof(struct ex_task) + frame_size);
    } else if (frame_size <= SIZE_MAX / 2) {
        root = allocate_slowly(scheduler, sizeof(struct ex_task) + frame_size);
    } else {
        root = NULL;
    }
    return root == NULL ? NULL : ex_task_frame(ex_task_of(root));
}

static inline uint16_t new_state(const struct ex_worker *worker) {
    return (uint16_t)(__atomic_load_n(&worker->spawn_state, __ATOMIC_RELAXED) | EX_STRAND_READY);
}

static void begin_time(struct ex_strand *root, const struct ex_worker *worker) {
    if (worker->keeps_times) {
        *ex_slab_time(root) = 0;
    }
}

/* On a thread that is none of the scheduler's. */
static void spawn_foreign(struct ex_strand *root) {
    struct ex_scheduler *const scheduler = ex_slab_of(root)->home;
    struct ex_worker *const first = &scheduler->workers[0];

    begin_time(root, first);
    EX_OBSERVER_TELL(first->observer, spawned, root);
    __atomic_fetch_add(&scheduler->foreign_count, 1, __ATOMIC_SEQ_CST);
    root->state = __atomic_load_n(&first->spawn_state, __ATOMIC_RELAXED);
    if (scheduler->is_local) {
        __atomic_store_n(&root->owner, first->id, __ATOMIC_RELAXED);
        ex_crew_wake(root, 0);
        return;
    }
    root->state = (uint16_t)(root->state | EX_STRAND_READY);
    root->next = NULL;
    ex_crew_inject(scheduler, root, 1);
    ex_crew_notify_one(scheduler);
}

static __attribute__((noinline)) void spawn_slowly(struct ex_strand *root) {
    struct ex_worker *const worker = ex_worker_self;

    __atomic_store_n(&root->requests, 0, __ATOMIC_RELAXED);
    if (worker == NULL || ex_slab_of(root)->owner != worker) {
        spawn_foreign(root);
        return;
    }
    begin_time(root, worker);
    EX_OBSERVER_TELL(worker->observer, spawned, root);
    ex_worker_add(&worker->counters.spawn_count, 1);
    ex_ready_enter(worker);
    root->state = new_state(worker);
    __atomic_store_n(&root->owner, worker->id, __ATOMIC_RELAXED);
    if (worker->is_shared) {
        ex_ready_queue(worker, root);
    } else {
        ex_ready_push(worker, root);
    }
    ex_ready_leave(worker);
}

static inline void require_unborn(const struct ex_strand *root) {
    EX_REQUIRE((root->state & (EX_STRAND_LIVE | EX_STRAND_RETURNED)) != EX_STRAND_LIVE,
               "a task is spawned twice");
}

/* `up`: who waits for it. */
static inline struct ex_task *spawn(struct ex_frame *frame, uintptr_t up) {
    struct ex_task *const task = task_of_frame(frame);
    struct ex_strand *const root = &task->strand;
    struct ex_worker *const worker = ex_worker_self;

    require_unborn(root);
    frame->up = up_of(up);
    root->leaf = frame;
    if (__builtin_expect(!is_local(root), 0)) {
        spawn_slowly(root);
        return task;
    }
    root->state = new_state(worker);
    root->owner = worker->id;
    ex_worker_add(&worker->counters.spawn_count, 1);
    ex_ready_push(worker, root);
    return task;
}

struct ex_task *ex_task_spawn(struct ex_frame *frame) {
    return spawn(frame, EX_TASK_UP_OUTERMOST);
}

void ex_task_spawn_detached(struct ex_frame *frame) {
    spawn(frame, EX_TASK_UP_DETACHED);
}

/* ---- end ---------------------------------------------------------------------------------------
 */

/* The task is gone: wakes that come from now on do nothing. From any thread. */
/* What another thread may still have listed is freed by who takes it off the list; before, the
 * memory is given to its slab's worker (executor/crew.h says why). `state` stays: a drain may be
 * reading it. */
static __attribute__((noinline)) void release_slowly(struct ex_strand *root) {
    const struct ex_scheduler *const scheduler = ex_slab_of(root)->home;

    if (scheduler->is_watched) {
        ex_observer_tell(&scheduler->observer, scheduler->observer.dropped, root);
    }
    ex_task_frame(ex_task_of(root))->up = up_of(EX_TASK_UP_RELEASED);
    __atomic_store_n(&root->generation, (uint16_t)(root->generation + 1), __ATOMIC_RELAXED);
    __atomic_store_n(&root->owner, ex_slab_of(root)->owner_id, __ATOMIC_RELEASE);
    if ((__atomic_fetch_or(&root->signal, EX_STRAND_SIGNAL_FREED, __ATOMIC_ACQ_REL) &
         EX_STRAND_SIGNAL_LISTED) != 0) {
        return;
    }
    __atomic_store_n(&root->signal, 0, __ATOMIC_RELEASE);
    ex_crew_free(root);
}

/* Of a task that only its own thread handles. */
static inline void release_plain(struct ex_strand *root) {
    ex_task_frame(ex_task_of(root))->up = up_of(EX_TASK_UP_RELEASED);
    __atomic_store_n(&root->generation, (uint16_t)(root->generation + 1), __ATOMIC_RELAXED);
    root->state = 0;
    ex_slab_free(ex_slab_of(root), root);
}

static inline void release(struct ex_strand *root) {
    if (__builtin_expect(is_local(root), 1)) {
        release_plain(root);
    } else {
        release_slowly(root);
    }
}

void ex_task_discard(void *frame) {
    struct ex_strand *const root = &task_of_frame(frame)->strand;

    EX_REQUIRE((root->state & (EX_STRAND_LIVE | EX_STRAND_RETURNED)) != EX_STRAND_LIVE,
               "a spawned task is discarded");
    ex_crew_free(root);
}

static __attribute__((noinline)) void wake_joiner_elsewhere(struct ex_strand *joiner) {
    /* The joiner may have gone since, but it stood here as a root, and roots stay strands. */
    const uint16_t generation = __atomic_load_n(&joiner->generation, __ATOMIC_RELAXED);

    ex_waker_wake((struct ex_waker){.root = joiner, .generation = generation, .is_branch = true});
}

static struct ex_strand *joiner_of(uintptr_t up) {
    return (struct ex_strand *)(up & ~(uintptr_t)1);
}

static __attribute__((noinline)) void return_slowly(struct ex_strand *root) {
    const uintptr_t up = exchange_up(root, EX_TASK_UP_RETURNED);

    if (up == EX_TASK_UP_DETACHED) {
        release_slowly(root);
    } else if (up != EX_TASK_UP_OUTERMOST) {
        EX_ASSERT(up != EX_TASK_UP_RETURNED);
        wake_joiner_elsewhere(joiner_of(up));
    }
}

void ex_task_return(struct ex_worker *worker, struct ex_strand *root, int64_t value) {
    struct ex_frame *const frame = ex_task_frame(ex_task_of(root));

    ex_worker_add(&worker->counters.return_count, 1);
    if (is_local(root) && (uintptr_t)frame->up == EX_TASK_UP_DETACHED) {
        release_plain(root);
        return;
    }
    frame->at = (uint64_t)value;
    ex_strand_set(root, EX_STRAND_RETURNED);
    if (!is_local(root)) {
        return_slowly(root);
        return;
    }
    const uintptr_t up = (uintptr_t)frame->up;
    frame->up = up_of(EX_TASK_UP_RETURNED);
    if (up != EX_TASK_UP_OUTERMOST) {
        ex_waker_wake_strand(joiner_of(up));
    }
}

/* ---- the handle ---------------------------------------------------------------------------------
 */

static void require_handle(struct ex_task *task) {
    EX_REQUIRE(task != NULL, "a task's handle is NULL");
    EX_REQUIRE(load_up(task) != EX_TASK_UP_RELEASED,
               "a task's handle is used after it was joined or detached");
    EX_REQUIRE(is_local(&task->strand) || ex_worker_self == NULL ||
                   ex_slab_of(&task->strand)->local == EX_WORKER_NOT_LOCAL,
               "the handle of a local task is used by a task of another scheduler");
}

/* A local task, its handle valid. */
static inline bool is_plain(struct ex_task *task) {
    return task != NULL && is_local(&task->strand) && ex_strand_is(&task->strand, EX_STRAND_LIVE);
}

static int64_t take(struct ex_strand *root) {
    const int64_t value = (int64_t)ex_task_frame(ex_task_of(root))->at;

    release(root);
    return value;
}

static __attribute__((noinline)) void detach_slowly(struct ex_task *task) {
    require_handle(task);
    const uintptr_t up = exchange_up(&task->strand, EX_TASK_UP_DETACHED);
    if (up == EX_TASK_UP_RETURNED) {
        release(&task->strand);
        return;
    }
    EX_REQUIRE(up == EX_TASK_UP_OUTERMOST, "a task is detached while somebody waits for it");
}

void ex_task_detach(struct ex_task *task) {
    if (__builtin_expect(is_plain(task) &&
                             (uintptr_t)ex_task_frame(task)->up == EX_TASK_UP_OUTERMOST,
                         1)) {
        ex_task_frame(task)->up = up_of(EX_TASK_UP_DETACHED);
    } else {
        detach_slowly(task);
    }
}

void ex_task_cancel(struct ex_worker *worker, struct ex_strand *root) {
    if (!ex_strand_is(root, EX_STRAND_RETURNED)) {
        ex_strand_set(root, EX_STRAND_CANCEL);
        ex_ready_wake(worker, root);
    }
}

static void request_cancel(struct ex_task *task, uint8_t request) {
    struct ex_strand *const root = &task->strand;
    struct ex_worker *const worker = ex_worker_self;

    require_handle(task);
    if (worker != NULL) {
        ex_ready_enter(worker);
        if (own_worker(root) != NULL) {
            if (request == EX_STRAND_REQUEST_CANCEL ||
                !ex_strand_is(root, EX_STRAND_CANCEL | EX_STRAND_CANCELED)) {
                ex_task_cancel(worker, root);
            }
            ex_ready_leave(worker);
            return;
        }
        ex_ready_leave(worker);
    }
    ex_crew_wake(root, request);
}

void ex_task_abort(struct ex_task *task) {
    request_cancel(task, EX_STRAND_REQUEST_CANCEL);
}

void ex_task_abort_once(struct ex_task *task) {
    request_cancel(task, EX_STRAND_REQUEST_CANCEL_ONCE);
}

bool ex_task_is_done(struct ex_task *task) {
    require_handle(task);
    return load_up(task) == EX_TASK_UP_RETURNED;
}

int64_t ex_task_take(struct ex_task *task) {
    require_handle(task);
    EX_REQUIRE(load_up(task) == EX_TASK_UP_RETURNED, "the result of a task that runs is taken");
    return take(&task->strand);
}

struct ex_task *ex_task_current(void) {
    struct ex_worker *const worker = ex_worker_self;

    return worker == NULL || worker->running == NULL ? NULL : ex_task_of(worker->running);
}

/* ---- joining ------------------------------------------------------------------------------------
 */

/* Asked to cancel while the task runs: true when nobody waits for the task any more, false when it
 * has returned all the same, and the next await is told. */
static bool withdraw(struct ex_strand *strand, struct ex_strand *root, uintptr_t mine) {
    if (replace_up(root, mine, EX_TASK_UP_OUTERMOST) == mine) {
        return true;
    }
    ex_strand_set(strand, EX_STRAND_CANCEL);
    return false;
}

EX_RESUME(ex_task_join) {
    EX_BEGIN(ex_task_join);
    if (!is_plain(self->task)) {
        require_handle(self->task);
    }
    for (;;) {
        struct ex_strand *const root = &self->task->strand;
        const uintptr_t mine =
            (uintptr_t)(is_local(root) ? strand : ex_strand_root(strand)) | EX_TASK_UP_OUTERMOST;
        const uintptr_t up = replace_up(root, EX_TASK_UP_OUTERMOST, mine);
        if (up == EX_TASK_UP_RETURNED) {
            EX_RETURN(take(root));
        }
        EX_REQUIRE(up == EX_TASK_UP_OUTERMOST || up == mine, "two wait for one task");
        if (ex_strand_take_cancel(strand)) {
            if (withdraw(strand, root, mine)) {
                self->canceled = true;
                EX_RETURN(-ECANCELED);
            }
            EX_RETURN(take(root));
        }
        EX_SUSPEND();
    }
    EX_END();
}

struct ex_frame *ex_task_join(struct ex_task_join *self, struct ex_task *task) {
    self->task = task;
    self->canceled = false;
    return EX_FRAME(self, ex_task_join);
}
