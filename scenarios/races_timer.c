/* Programs in which a deadline meets what it was set for. PLANTED makes each of them wrong:
 *
 * slot_main: one slot, which its holder hands to the first who waits. The planted bug lets a waiter
 * whose deadline has come go without looking whether it has been given the slot meanwhile:
 *   1  the waiter's deadline comes     2  the holder takes it off the list and gives it the slot
 *   3  the waiter leaves without it; the next in line waits for ever
 * The correct variant looks again, and has the slot after all.
 *
 * permit_main: workers ask a service with a deadline, one at a time, by a permit. The planted bug
 * forgets the permit where no answer came in time: the next worker waits for it for ever.
 *
 * timers_main: a thread fires timers, and an answer cancels the one of its request. The planted bug
 * takes what cancelling it says for unimportant:
 *   1  the timer is due; its thread takes it off the list, and lets the lock go
 *   2  the answer comes, cancels nothing and ends the request     3  the timer ends it as well
 * In the correct variant an answer that cannot cancel its timer comes too late.
 *
 * ticks_main: a thread that ticks every ten milliseconds waits for a lock while somebody writes.
 * The planted bug makes up for the ticks that it missed, all at once. The correct variant counts
 * from the tick that was late.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "scenarios/races.h"
#include "sim/scenario.h"

#define DEADLINE_NS 5000000

static struct timespec after_ns(int64_t ns) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    now.tv_nsec += ns;
    now.tv_sec += now.tv_nsec / 1000000000;
    now.tv_nsec %= 1000000000;
    return now;
}

/* What a service takes that is nearly always done before the deadline. */
static void serve(void) {
    work_for_ns(DEADLINE_NS - 127500, DEADLINE_NS);
}

/* ---- a slot that is handed on ---- */

struct waiter {
    pthread_cond_t given_to;
    struct waiter *next;
    bool given;
};

static pthread_mutex_t slot_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct waiter *waiting;
static bool slot_taken = true; /* by main */

static void slot_release(void) {
    SIM_MARK("hands on");
    pthread_mutex_lock(&slot_mutex);
    struct waiter *const first = waiting;
    slot_taken = first != NULL;
    if (first != NULL) {
        waiting = first->next;
        first->given = true;
        pthread_cond_signal(&first->given_to);
    }
    pthread_mutex_unlock(&slot_mutex);
}

static void leave_line(const struct waiter *self) {
    for (struct waiter **link = &waiting; *link != NULL; link = &(*link)->next) {
        if (*link == self) {
            *link = self->next;
            return;
        }
    }
}

/* The caller holds the mutex. A deadline of NULL never comes. */
static bool wait_in_line(const struct timespec *deadline) {
    struct waiter self = {.given_to = PTHREAD_COND_INITIALIZER};
    struct waiter **link = &waiting;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = &self;
    while (!self.given) {
        if (deadline == NULL) {
            pthread_cond_wait(&self.given_to, &slot_mutex);
        } else if (pthread_cond_clockwait(&self.given_to, &slot_mutex, CLOCK_MONOTONIC, deadline) ==
                   ETIMEDOUT) {
#ifdef PLANTED
            leave_line(&self);
            return false;
#else
            if (!self.given) {
                leave_line(&self);
                return false;
            }
#endif
        }
    }
    return true;
}

static bool slot_acquire(const struct timespec *deadline) {
    pthread_mutex_lock(&slot_mutex);
    const bool result = !slot_taken || wait_in_line(deadline);
    slot_taken = slot_taken || result;
    pthread_mutex_unlock(&slot_mutex);
    return result;
}

static void *use_slot(void *is_patient) {
    const struct timespec deadline = after_ns(DEADLINE_NS);
    if (slot_acquire(is_patient != NULL ? NULL : &deadline)) {
        log_requests(1);
        slot_release();
    }
    return NULL;
}

int slot_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, use_slot, NULL);
    pthread_create(&threads[1], NULL, use_slot, &slot_mutex);
    serve();
    slot_release();
    join_all(threads, 2);
    return 0;
}

/* ---- permits ---- */

#define WORKERS 2

struct question {
    pthread_cond_t answered_now;
    bool asked;
    bool answered;
};

static sem_t permits;
static pthread_mutex_t service = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked_now = PTHREAD_COND_INITIALIZER;
static struct question questions[WORKERS] = {
    {.answered_now = PTHREAD_COND_INITIALIZER},
    {.answered_now = PTHREAD_COND_INITIALIZER},
};

static bool ask(struct question *question) {
    const struct timespec deadline = after_ns(DEADLINE_NS);
    int error = 0;
    pthread_mutex_lock(&service);
    question->asked = true;
    pthread_cond_signal(&asked_now);
    while (!question->answered && error == 0) {
        error =
            pthread_cond_clockwait(&question->answered_now, &service, CLOCK_MONOTONIC, &deadline);
    }
    const bool result = question->answered;
    pthread_mutex_unlock(&service);
    return result;
}

static void *work(void *argument) {
    sem_wait(&permits);
    const bool answered = ask(argument);
    sim_count(answered ? "answered" : "given up", 1);
#ifdef PLANTED
    if (!answered) {
        return NULL;
    }
#endif
    sem_post(&permits);
    return NULL;
}

static struct question *find_question(void) {
    for (int i = 0; i < WORKERS; i++) {
        if (questions[i].asked && !questions[i].answered) {
            return &questions[i];
        }
    }
    return NULL;
}

static void *answer(void *unused) {
    (void)unused;
    for (int i = 0; i < WORKERS; i++) {
        struct question *question;
        pthread_mutex_lock(&service);
        while ((question = find_question()) == NULL) {
            pthread_cond_wait(&asked_now, &service);
        }
        pthread_mutex_unlock(&service);
        serve();
        SIM_MARK("answers");
        pthread_mutex_lock(&service);
        question->answered = true;
        pthread_cond_signal(&question->answered_now);
        pthread_mutex_unlock(&service);
    }
    return NULL;
}

int permit_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[WORKERS + 1];
    sem_init(&permits, 0, 1);
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, work, &questions[i]);
    }
    pthread_create(&threads[WORKERS], NULL, answer, NULL);
    join_all(threads, WORKERS + 1);
    sem_destroy(&permits);
    return 0;
}

/* ---- timers ---- */

#define REQUESTS 2

struct request {
    pthread_mutex_t mutex;
    struct timespec deadline;
    bool armed; /* under timers_mutex */
    bool ended;
};

static pthread_mutex_t timers_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct request requests[REQUESTS] = {
    {.mutex = PTHREAD_MUTEX_INITIALIZER, .armed = true},
    {.mutex = PTHREAD_MUTEX_INITIALIZER, .armed = true},
};

/* True when it was armed: whoever gets that ends the request. */
static bool timer_disarm(struct request *request) {
    pthread_mutex_lock(&timers_mutex);
    const bool was_armed = request->armed;
    request->armed = false;
    pthread_mutex_unlock(&timers_mutex);
    return was_armed;
}

/* The caller holds its mutex. */
static void end_request(struct request *request) {
    if (request->ended) {
        sim_fail("a request ended twice");
    }
    request->ended = true;
    sim_count("ended", 1);
}

static void *fire_timers(void *unused) {
    (void)unused;
    for (int i = 0; i < REQUESTS; i++) {
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &requests[i].deadline, NULL);
        if (timer_disarm(&requests[i])) {
            SIM_MARK("fires");
            log_requests(1);
            pthread_mutex_lock(&requests[i].mutex);
            end_request(&requests[i]);
            pthread_mutex_unlock(&requests[i].mutex);
        }
    }
    return NULL;
}

static void answer_request(struct request *request) {
    SIM_MARK("is answered");
    log_requests(1);
    pthread_mutex_lock(&request->mutex);
    if (!request->ended) {
        const bool was_armed = timer_disarm(request);
#ifdef PLANTED
        (void)was_armed;
        end_request(request);
#else
        if (was_armed) {
            end_request(request);
        }
#endif
    }
    pthread_mutex_unlock(&request->mutex);
}

int timers_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (int i = 0; i < REQUESTS; i++) {
        requests[i].deadline = after_ns((i + 1) * DEADLINE_NS);
    }
    pthread_t thread;
    pthread_create(&thread, NULL, fire_timers, NULL);
    for (int i = 0; i < REQUESTS; i++) {
        serve();
        answer_request(&requests[i]);
    }
    pthread_join(thread, NULL);
    return 0;
}

/* ---- ticks ---- */

#define PERIOD_NS 10000000
#define TICKS 5

static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ns(void) {
    const struct timespec now = after_ns(0);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void sleep_until(int64_t ns) {
    const struct timespec until = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *tick(void *unused) {
    (void)unused;
    int64_t last = now_ns();
    int64_t next = last + PERIOD_NS;
    for (int i = 0; i < TICKS; i++) {
        sleep_until(next);
        pthread_mutex_lock(&state);
        pthread_mutex_unlock(&state);
        const int64_t now = now_ns();
        if (now - last < PERIOD_NS / 10) {
            sim_fail("two ticks at once");
        }
        last = now;
#ifdef PLANTED
        next += PERIOD_NS;
#else
        next = now + PERIOD_NS;
#endif
        sim_count("ticks", 1);
    }
    return NULL;
}

int ticks_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t ticker;
    pthread_create(&ticker, NULL, tick, NULL);
    work_for_ns(0, 13 * (PERIOD_NS / 10));
    pthread_mutex_lock(&state);
    work_for_ns(PERIOD_NS / 10, PERIOD_NS);
    SIM_MARK("has written");
    pthread_mutex_unlock(&state);
    pthread_join(ticker, NULL);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "slot", "slot_main", NULL);
    sim_node(world, "permit", "permit_main", NULL);
    sim_node(world, "timers", "timers_main", NULL);
    sim_node(world, "ticks", "ticks_main", NULL);
    sim_finally(world, "every request ends", "ended", sim_equal(REQUESTS));
    sim_finally(world, "it goes on ticking", "ticks", sim_equal(TICKS));
}
