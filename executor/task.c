#include "executor/task.h"

#include "executor/crew.h"
#include "executor/handle.h"
#include "executor/observer.h"
#include "executor/ready.h"
#include "executor/release.h"

#include <errno.h>
#include <ex/waker.h>

_Static_assert(EX_TASK_SIZE_SMALL == EX_SLAB_STEP * EX_SLAB_CLASS_COUNT - sizeof(struct ex_task) &&
                   EX_SLAB_STEP == 16 && sizeof(struct ex_task) == 32,
               "the list for a frame of 16 bytes is the third, and so on");

static struct ex_task *task_of_frame(void *frame) {
    return (struct ex_task *)frame - 1;
}

/* The calling thread's worker, if `root` belongs to it. */
static struct ex_worker *own_worker(const struct ex_strand *root) {
    struct ex_worker *const worker = ex_worker_self;

    return worker != NULL && __atomic_load_n(&root->owner, __ATOMIC_ACQUIRE) == worker->id ? worker
                                                                                           : NULL;
}

/* ---- beginning ---- */

static struct ex_strand *
allocate(struct ex_worker *worker, struct ex_scheduler *scheduler, size_t size) {
    if (worker == NULL || worker->scheduler != scheduler) {
        return ex_crew_allocate(scheduler, size);
    }
    return ex_slab_allocate(&worker->slab, size);
}

void *ex_task_new_any(struct ex_scheduler *scheduler, size_t frame_size) {
    struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(frame_size >= sizeof(struct ex_frame),
               "ex_task_new: a size smaller than a struct ex_frame, with which each frame begins");
    EX_REQUIRE(worker != NULL || scheduler != NULL,
               "ex_task_new: a NULL scheduler outside of any task; name the scheduler");
    if (frame_size > SIZE_MAX / 2) {
        return NULL;
    }
    struct ex_strand *const root = allocate(worker,
                                            scheduler != NULL ? scheduler : worker->scheduler,
                                            sizeof(struct ex_task) + frame_size);
    return root == NULL ? NULL : ex_task_frame(ex_task_of(root));
}

void *ex_task_new_slowly(ex_local_word frame_size) {
    return ex_task_new_any(NULL, ex_local_passed(frame_size));
}

static inline uint16_t new_state(const struct ex_worker *worker) {
    return __atomic_load_n(&worker->local.spawn_state, __ATOMIC_RELAXED);
}

static void begin_time(struct ex_strand *root, const struct ex_worker *worker) {
    if (worker->keeps_times) {
        *ex_slab_time(root) = 0;
    }
}

/* On a thread that is none of the scheduler's. */
static void spawn_foreign(struct ex_strand *root) {
    EX_REQUIRE(ex_slab_has_page(root), "ex_task_spawn: the frame is not of ex_task_new");
    struct ex_scheduler *const scheduler = ex_slab_of(root)->home;
    struct ex_worker *const first = &scheduler->workers[0];

    begin_time(root, first);
    EX_OBSERVER_TELL(first->observer, spawned, root);
    __atomic_fetch_add(&scheduler->foreign_count, 1, __ATOMIC_SEQ_CST);
    root->state = new_state(first);
    if (scheduler->is_local) {
        ex_strand_clear(root, EX_STRAND_READY);
        __atomic_store_n(&root->owner, first->id, __ATOMIC_RELAXED);
        ex_crew_wake(root, 0);
        return;
    }
    root->next = NULL;
    ex_crew_inject(scheduler, root, 1);
    ex_crew_notify_one(scheduler);
}

static void require_unspawned(const struct ex_strand *root) {
    EX_REQUIRE((root->state & (EX_STRAND_LIVE | EX_STRAND_RETURNED)) != EX_STRAND_LIVE,
               "ex_task_spawn: the task runs already; one spawn for each ex_task_new");
}

/* ex_ready_queue of a new task of a shared worker. */
static inline void queue_new(struct ex_worker *worker, struct ex_strand *root) {
    ex_queue_push(worker, root);
    worker->has_surplus = true;
    __atomic_store_n(&worker->ready_count, worker->ready_count + 1, __ATOMIC_RELAXED);
    if (__builtin_expect(worker->ready_count > EX_READY_COUNT_MAX, 0)) {
        ex_ready_overflow(worker);
    }
}

/* On the worker that the slot is from, and stays with; shared, and not watched. */
static inline void spawn_shared(struct ex_worker *worker,
                                struct ex_strand *root,
                                struct ex_frame *frame,
                                uintptr_t up) {
    require_unspawned(root);
    __atomic_store_n(&frame->up,
                     ex_slot_up_of(up | EX_TASK_UP_SHARED | EX_TASK_UP_OWN),
                     __ATOMIC_RELAXED);
    root->leaf = frame;
    __atomic_store_n(&root->requests, 0, __ATOMIC_RELAXED);
    ex_worker_add(&worker->local.spawn_count, 1);
    ex_ready_enter_shared(worker);
    root->state = new_state(worker);
    queue_new(worker, root);
    ex_ready_leave_shared(worker);
}

struct ex_task *ex_task_spawn_slowly(ex_local_word passed_frame, ex_local_word passed_up) {
    struct ex_frame *const frame = (struct ex_frame *)ex_local_passed(passed_frame);
    uintptr_t up = ex_local_passed(passed_up);
    struct ex_task *const task = task_of_frame(frame);
    struct ex_strand *const root = &task->strand;
    struct ex_worker *const worker = ex_worker_self;
    const bool is_own = worker != NULL && ex_slab_of(root) == &worker->slab;

    if (is_own && worker->is_shared && worker->observer == NULL && !worker->keeps_times) {
        spawn_shared(worker, root, frame, up);
        return task;
    }
    require_unspawned(root);
    if (ex_slab_page_of(root)->local == EX_WORKER_NOT_LOCAL) {
        up |= EX_TASK_UP_SHARED;
    }
    if (is_own && worker->is_shared) {
        up |= EX_TASK_UP_OWN;
    }
    __atomic_store_n(&frame->up, ex_slot_up_of(up), __ATOMIC_RELAXED); /* a dump may look */
    root->leaf = frame;
    __atomic_store_n(&root->requests, 0, __ATOMIC_RELAXED);
    if (!is_own) {
        spawn_foreign(root);
        return task;
    }
    begin_time(root, worker);
    EX_OBSERVER_TELL(worker->observer, spawned, root);
    ex_worker_add(&worker->local.spawn_count, 1);
    ex_ready_enter(worker);
    root->state = new_state(worker);
    __atomic_store_n(&root->owner, worker->id, __ATOMIC_RELAXED);
    if (worker->is_shared) {
        ex_ready_queue(worker, root);
    } else {
        ex_queue_push(worker, root);
    }
    ex_ready_leave(worker);
    return task;
}

/* ---- end ---- */

void ex_task_discard(void *frame) {
    struct ex_strand *const root = frame == NULL ? NULL : &task_of_frame(frame)->strand;

    EX_REQUIRE(root != NULL && ex_slab_is_given(root),
               "ex_task_discard: the frame is not of ex_task_new, or was discarded before");
    EX_REQUIRE((root->state & (EX_STRAND_LIVE | EX_STRAND_RETURNED)) != EX_STRAND_LIVE,
               "ex_task_discard: it was spawned; abort it, or detach it, instead");
    ex_crew_free(root);
}

static void wake_joiner_elsewhere(struct ex_strand *joiner) {
    /* The joiner may have gone since, but it stood here as a root, and roots stay strands. */
    const uint16_t generation = __atomic_load_n(&joiner->generation, __ATOMIC_RELAXED);

    ex_waker_wake((struct ex_waker){joiner, EX_STRAND_IDENTITY(generation, EX_WAKER_BRANCH)});
}

/* The joiner's own await, and none of its branches, waits for the task. */
static bool is_awaited_by(const struct ex_strand *joiner, const struct ex_strand *root) {
    const struct ex_task_join *const join = (const struct ex_task_join *)(const void *)joiner->leaf;

    return join->frame.resume == ex_task_join_resume && &join->task->strand == root;
}

/* On a watched worker as on one that is not (ex_task_return_plain). */
static void
wake_joiner(struct ex_worker *worker, struct ex_strand *root, struct ex_strand *joiner) {
    if (!worker->is_shared && __atomic_load_n(&joiner->owner, __ATOMIC_ACQUIRE) == worker->id &&
        is_awaited_by(joiner, root)) {
        ex_ready_wake_first(worker, joiner);
    } else if (ex_slot_is_local(root)) {
        ex_waker_wake_strand(joiner);
    } else {
        wake_joiner_elsewhere(joiner);
    }
}

__attribute__((noinline)) void
ex_task_return(struct ex_worker *worker, struct ex_strand *root, int64_t value) {
    ex_worker_add(&worker->counters.return_count, 1);
    ex_task_frame(ex_task_of(root))->at = (uint64_t)value;
    if (!worker->is_shared) {
        ex_strand_set(root, EX_STRAND_RETURNED); /* a shared one did so inside its bracket */
    }
    ex_ready_enter(worker);
    const uintptr_t up = ex_handle_return(root);
    ex_ready_leave(worker);
    if (up == EX_TASK_UP_DETACHED) {
        ex_release(root);
    } else if (up != EX_TASK_UP_OUTERMOST) {
        EX_ASSERT(up >= EX_TASK_UP_JOINER_MIN);
        wake_joiner(worker, root, ex_task_joiner(up));
    }
}

void ex_task_return_shared(struct ex_worker *worker, struct ex_strand *root, int64_t value) {
    ex_worker_add(&worker->counters.return_count, 1);
    ex_task_frame(ex_task_of(root))->at = (uint64_t)value;
    ex_strand_set(root, EX_STRAND_RETURNED);
    const uintptr_t up = ex_handle_return(root);
    if (up == EX_TASK_UP_DETACHED) {
        ex_release(root);
    } else if (up != EX_TASK_UP_OUTERMOST) {
        struct ex_strand *const joiner = ex_task_joiner(up);
        if (__atomic_load_n(&joiner->owner, __ATOMIC_ACQUIRE) == worker->id) {
            ex_strand_set(joiner, EX_STRAND_WAKE_ALL);
            ex_ready_wake(worker, joiner);
            return;
        }
        ex_ready_leave_shared(worker);
        wake_joiner_elsewhere(joiner);
        ex_ready_enter_shared(worker);
    }
}

/* ---- the handle ---- */

static bool is_released(struct ex_task *task) {
    return ex_slab_page_of(&task->strand)->local == EX_WORKER_NOT_LOCAL
               ? ex_slot_load(&task->strand) == EX_TASK_UP_RELEASED
               : !ex_strand_is(&task->strand, EX_STRAND_LIVE);
}

static void require_handle(struct ex_task *task) {
    EX_REQUIRE(task != NULL, "ex_task_*: the handle is NULL; look at what gave it");
    EX_REQUIRE(!is_released(task),
               "ex_task_*: the handle was joined, taken or detached before; the task is gone");
    EX_REQUIRE(ex_slot_is_local(&task->strand) || ex_worker_self == NULL ||
                   ex_slab_page_of(&task->strand)->local == EX_WORKER_NOT_LOCAL,
               "ex_task_*: the handle of a local task, in a task of another scheduler");
}

/* A task may ask of itself what its handle's owner may. */
static void require_owner(struct ex_task *task) {
    require_handle(task);
    EX_REQUIRE(ex_slot_load(&task->strand) != EX_TASK_UP_DETACHED || task == ex_task_current(),
               "ex_task_*: the handle was detached before; detached tasks have none");
}

/* A local task, its handle valid. */
static inline bool is_plain(struct ex_task *task) {
    return task != NULL && ex_slot_is_local(&task->strand) &&
           ex_strand_is(&task->strand, EX_STRAND_LIVE);
}

static int64_t take(struct ex_strand *root) {
    const int64_t value = (int64_t)ex_task_frame(ex_task_of(root))->at;

    ex_release(root);
    return value;
}

static __attribute__((noinline)) void detach_slowly(struct ex_task *task) {
    require_handle(task);
    const uintptr_t up =
        ex_handle_replace(&task->strand, EX_TASK_UP_OUTERMOST, EX_TASK_UP_DETACHED);
    if (up == EX_TASK_UP_RETURNED) {
        ex_release(&task->strand);
        return;
    }
    EX_REQUIRE(up == EX_TASK_UP_OUTERMOST,
               "ex_task_detach: somebody waits for the task, or it was detached before");
}

void ex_task_detach(struct ex_task *task) {
    if (__builtin_expect(is_plain(task) &&
                             (uintptr_t)ex_task_frame(task)->up == EX_TASK_UP_OUTERMOST,
                         1)) {
        ex_task_frame(task)->up = ex_slot_up_of(EX_TASK_UP_DETACHED);
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
    require_owner(task);
    request_cancel(task, EX_STRAND_REQUEST_CANCEL);
}

void ex_task_abort_once(struct ex_task *task) {
    request_cancel(task, EX_STRAND_REQUEST_CANCEL_ONCE);
}

bool ex_task_is_done(struct ex_task *task) {
    require_owner(task);
    return ex_slot_load(&task->strand) == EX_TASK_UP_RETURNED;
}

int64_t ex_task_take(struct ex_task *task) {
    require_owner(task);
    EX_REQUIRE(ex_slot_load(&task->strand) == EX_TASK_UP_RETURNED,
               "ex_task_take: it has not returned; await ex_task_join instead");
    return take(&task->strand);
}

struct ex_task *ex_task_current(void) {
    struct ex_worker *const worker = ex_worker_self;

    return worker == NULL || worker->local.running == NULL ? NULL
                                                           : ex_task_of(worker->local.running);
}

/* ---- joining ---- */

/* What the one who joins leaves for the task: a branch that only its own thread wakes, or the root,
 * which stays a strand. */
static uintptr_t mark_of(const struct ex_strand *root, struct ex_strand *strand) {
    if (!ex_slot_is_local(root)) {
        return (uintptr_t)ex_strand_root(strand) + EX_TASK_UP_OUTERMOST;
    }
    const unsigned plain = ex_strand_is_branch(strand) ? 0 : EX_TASK_UP_PLAIN;
    return (uintptr_t)strand + plain + EX_TASK_UP_OUTERMOST;
}

/* Asked to cancel while the task runs: true when nobody waits for the task any more, false when it
 * has returned all the same, and the next await is told. */
static bool withdraw(struct ex_strand *strand, struct ex_strand *root) {
    const uintptr_t mine = mark_of(root, strand);

    if (ex_handle_replace(root, mine, EX_TASK_UP_OUTERMOST) == mine) {
        return true;
    }
    ex_strand_set(strand, EX_STRAND_CANCEL);
    return false;
}

/* EX_PENDING, and the task will wake the strand; else the result. */
static __attribute__((noinline)) int64_t look(struct ex_task_join *self, struct ex_strand *strand) {
    struct ex_strand *const root = &self->task->strand;
    const uintptr_t mine = mark_of(root, strand);
    uintptr_t up = ex_slot_load(root);

    if (up == EX_TASK_UP_OUTERMOST) {
        up = ex_handle_replace(root, EX_TASK_UP_OUTERMOST, mine);
    }
    EX_REQUIRE(up == EX_TASK_UP_OUTERMOST || up == EX_TASK_UP_RETURNED || up == mine,
               "ex_task_join: another waits for the task, or it was detached; one may wait");
    if (up != EX_TASK_UP_RETURNED) {
        if (!ex_strand_take_cancel(strand)) {
            return EX_PENDING;
        }
        if (withdraw(strand, root)) {
            self->canceled = true;
            self->frame.resume = ex_frame_completed;
            return -ECANCELED;
        }
    }
    self->frame.resume = ex_frame_completed;
    return take(root);
}

#ifdef EX_SMALL
#define RECORD() ((void)0)
#else
#define RECORD()                                                                                   \
    static const struct ex_position_function function = {ex_task_join_resume,                      \
                                                         "ex_task_join",                           \
                                                         "task.h",                                 \
                                                         NULL};                                    \
    static const struct ex_position position                                                       \
        __attribute__((section("ex_positions"), used)) = {&function, "", EX_TASK_JOIN_LINE}
#endif

/* All that has to be known of a handle whose task may have moved. */
static inline bool is_returned_shared(struct ex_task *task) {
    return __atomic_load_n(&ex_task_frame(task)->up, __ATOMIC_ACQUIRE) ==
           ex_slot_up_of(EX_TASK_UP_RETURNED | EX_TASK_UP_SHARED);
}

int64_t ex_task_join_slowly(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    struct ex_task_join *const self = (struct ex_task_join *)(void *)frame;

    RECORD();
    if (frame->at == 0) {
        if (self->task != NULL && is_returned_shared(self->task)) {
            frame->resume = ex_frame_completed;
            return take(&self->task->strand);
        }
        require_handle(self->task);
        EX_REQUIRE(&self->task->strand != ex_strand_root(strand),
                   "ex_task_join: a task waits for itself, which nothing could end");
        strand->leaf = frame;
        frame->at = EX_AT_WORD(EX_TASK_JOIN_LINE);
    } else if (frame->at != EX_AT_WORD(EX_TASK_JOIN_LINE)) {
        return ex_frame_lost(frame, strand, value);
    }
    return look(self, strand); /* and stays where it is while that is EX_PENDING */
}

int64_t ex_task_join_passed(ex_local_word frame, ex_local_word strand) {
    return ex_task_join_slowly((struct ex_frame *)ex_local_passed(frame),
                               (struct ex_strand *)ex_local_passed(strand),
                               0);
}

int64_t ex_task_join_resume(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    return ex_task_join_slowly(frame, strand, value);
}
