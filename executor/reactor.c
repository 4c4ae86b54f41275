#include "executor/reactor.h"

#include <errno.h>
#include <ex/timer.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MS_PER_S 1000

/* ---- waiting ---- */

static uint64_t time_left(uint64_t deadline_ns) {
    const uint64_t now_ns = ex_timer_now();

    return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

/* Without epoll_pwait2 in the kernel or in libc: late by less than a millisecond. */
static int fetch_by_ms(int epoll, struct epoll_event *events, uint64_t deadline_ns) {
    int timeout_ms = -1;

    if (deadline_ns != UINT64_MAX) {
        const uint64_t left_ms = (time_left(deadline_ns) + EX_TIMER_MS - 1) / EX_TIMER_MS;
        timeout_ms = left_ms < MS_PER_S ? (int)left_ms : MS_PER_S; /* a wait may end early */
    }
    return epoll_wait(epoll, events, EX_REACTOR_EVENTS_MAX, timeout_ms);
}

static int fetch_until(int epoll, struct epoll_event *events, uint64_t deadline_ns) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
    if (deadline_ns != UINT64_MAX) {
        const uint64_t left_ns = time_left(deadline_ns);
        const struct timespec left = {.tv_sec = (time_t)(left_ns / EX_TIMER_S),
                                      .tv_nsec = (long)(left_ns % EX_TIMER_S)};
        const int count = epoll_pwait2(epoll, events, EX_REACTOR_EVENTS_MAX, &left, NULL);
        if (count >= 0 || errno != ENOSYS) {
            return count;
        }
    }
#endif
    return fetch_by_ms(epoll, events, deadline_ns);
}

/* True when one was more than the bell. The kernel orders an opening before its events; the load
 * says so in the language. */
static bool tell(struct ex_reactor *reactor, const struct epoll_event *events, int count) {
    bool has_told = false;

    (void)__atomic_load_n(&reactor->sources.opened_count, __ATOMIC_ACQUIRE);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr != NULL) {
            ex_source_tell(events[i].data.ptr, events[i].events);
            has_told = true;
        }
    }
    return has_told;
}

static bool take_seat(struct ex_reactor *reactor) {
    return __atomic_load_n(&reactor->is_taken, __ATOMIC_RELAXED) == 0 &&
           __atomic_exchange_n(&reactor->is_taken, 1, __ATOMIC_ACQUIRE) == 0;
}

static void leave_seat(struct ex_reactor *reactor) {
    __atomic_store_n(&reactor->is_taken, 0, __ATOMIC_RELEASE);
}

/* Whoever wakes this worker from here on need not notify it: it is about to look around. So what is
 * told below announces itself to those who idle, not to the one who tells it. */
static void get_up(struct ex_worker *worker) {
    __atomic_store_n(&worker->bell, -1, __ATOMIC_SEQ_CST);
    ex_park_take(&worker->park);
    __atomic_store_n(&worker->is_asleep, EX_WORKER_AWAKE, __ATOMIC_SEQ_CST);
}

static void wait(struct ex_worker *worker, uint64_t deadline_ns) {
    struct ex_reactor *const reactor = worker->scheduler->reactor;
    struct epoll_event events[EX_REACTOR_EVENTS_MAX];
    int count = 0;

    if (!take_seat(reactor)) {
        ex_park_wait(&worker->park, deadline_ns);
        return;
    }
    __atomic_store_n(&worker->bell, reactor->bell, __ATOMIC_SEQ_CST);
    if (!ex_park_take(&worker->park)) {
        count = fetch_until(reactor->epoll, events, deadline_ns);
        EX_ASSERT(count >= 0 || errno == EINTR);
    }
    get_up(worker);
    tell(reactor, events, count);
    leave_seat(reactor);
}

bool ex_reactor_look_now(struct ex_reactor *reactor) {
    struct epoll_event events[EX_REACTOR_EVENTS_MAX];

    if (!take_seat(reactor)) {
        return false; /* somebody sits there, and tells */
    }
    const int count = epoll_wait(reactor->epoll, events, EX_REACTOR_EVENTS_MAX, 0);
    EX_ASSERT(count >= 0 || errno == EINTR);
    const bool has_told = tell(reactor, events, count);
    leave_seat(reactor);
    return has_told;
}

/* ---- life ---- */

static int open_epoll(struct ex_reactor *reactor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

    reactor->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (reactor->epoll < 0) {
        return -errno;
    }
    reactor->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (reactor->bell < 0 || epoll_ctl(reactor->epoll, EPOLL_CTL_ADD, reactor->bell, &event) != 0) {
        const int status = -errno;
        if (reactor->bell >= 0) {
            close(reactor->bell);
        }
        close(reactor->epoll);
        return status;
    }
    return 0;
}

static int create(struct ex_scheduler *scheduler, struct ex_reactor **reactor) {
    struct ex_reactor *const created = ex_memory_allocate(&scheduler->memory, sizeof *created);

    if (created == NULL) {
        return -ENOMEM;
    }
    *created = (struct ex_reactor){.is_taken = 0};
    const int status = open_epoll(created);
    if (status != 0) {
        ex_memory_release(&scheduler->memory, created);
        return status;
    }
    ex_source_pool_init(&created->sources, &scheduler->memory, created->epoll, scheduler->is_local);
    *reactor = created;
    return 0;
}

/* Workers that are in their parks stay there until they are notified; who
 * waits next, waits here. */
static void install(struct ex_scheduler *scheduler, struct ex_reactor *reactor) {
    static const struct ex_worker_wait waits = {wait, ex_worker_notify_thread};

    __atomic_store_n(&scheduler->reactor, reactor, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        __atomic_store_n(&scheduler->workers[i].waits, &waits, __ATOMIC_RELEASE);
    }
}

int ex_reactor_of(struct ex_scheduler *scheduler, struct ex_reactor **reactor) {
    int status = 0;

    *reactor = __atomic_load_n(&scheduler->reactor, __ATOMIC_ACQUIRE);
    if (*reactor != NULL) {
        return 0;
    }
    pthread_mutex_lock(&scheduler->lock);
    *reactor = scheduler->reactor;
    if (*reactor == NULL) {
        status = create(scheduler, reactor);
        if (status == 0) {
            install(scheduler, *reactor);
        }
    }
    pthread_mutex_unlock(&scheduler->lock);
    return status;
}

void ex_reactor_destroy(struct ex_scheduler *scheduler) {
    struct ex_reactor *const reactor = scheduler->reactor;

    if (reactor == NULL) {
        return;
    }
    EX_ASSERT(reactor->is_taken == 0);
    ex_source_pool_deinit(&reactor->sources);
    close(reactor->bell);
    close(reactor->epoll);
    ex_memory_release(&scheduler->memory, reactor);
    scheduler->reactor = NULL;
}
