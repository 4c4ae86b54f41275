/* Programs whose threads share what locks guard. PLANTED makes each of them wrong:
 *
 * sessions_main: clients that close their session while a reaper sweeps the table of sessions. The
 * planted bug locks a session, and then the table to take the session out; the reaper locks the
 * table, and then each session:
 *   1  a client locks its session     2  the reaper locks the table     3  each waits for the other
 * The correct variant locks the table first wherever it needs both.
 *
 * hedge_main: a job is given to two workers, and who finishes first completes it. The planted bug
 * looks whether it is done without the lock:
 *   1  worker 1 sees it open     2  worker 2 sees it open     3  both complete it
 *
 * spin_main: a thread spins for a lock, and yields in between. The planted bug takes a holder who
 * does not let go for SPINS yields for dead, though he may only have been put aside:
 *   1  the owner takes the lock     2  the other one spins     3  both are inside
 * The correct variant waits on, in the kernel.
 *
 * cache_main: requests ask a cache that is empty. The planted bug lets everybody load what it does
 * not find:
 *   1  request 1 finds nothing and loads     2  request 2 comes before it is back, and loads too
 * In the correct variant the others wait for the one that loads.
 *
 * readers_main: two readers, and a writer that waits until nobody reads. The planted bug lets a
 * reader in while the writer waits:
 *   1  the left one reads     2  the right one begins     3  the left one ends and begins again
 * In the correct variant no reader begins while the writer waits.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "scenarios/races.h"
#include "sim/scenario.h"

/* ---- sessions ---- */

#define SESSIONS 2
#define REQUESTS 40 /* of a session, before it closes */

struct session {
    pthread_mutex_t mutex;
    bool open;
};

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static int open_count = SESSIONS;
static struct session sessions[SESSIONS] = {
    {PTHREAD_MUTEX_INITIALIZER, true},
    {PTHREAD_MUTEX_INITIALIZER, true},
};

static void session_close(struct session *session) {
    SIM_MARK("closes");
#ifdef PLANTED
    pthread_mutex_t *const first = &session->mutex;
    pthread_mutex_t *const second = &table;
#else
    pthread_mutex_t *const first = &table;
    pthread_mutex_t *const second = &session->mutex;
#endif
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    session->open = false;
    open_count--;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    sim_count("closed", 1);
}

static void *client(void *argument) {
    log_requests(REQUESTS);
    session_close(argument);
    return NULL;
}

static void *reap(void *unused) {
    (void)unused;
    log_requests(REQUESTS / 2);
    SIM_MARK("sweeps");
    pthread_mutex_lock(&table);
    int seen = 0;
    for (int i = 0; i < SESSIONS; i++) {
        pthread_mutex_lock(&sessions[i].mutex);
        seen += sessions[i].open;
        pthread_mutex_unlock(&sessions[i].mutex);
    }
    if (seen != open_count) {
        sim_fail("%d sessions are open, and the table has %d", seen, open_count);
    }
    pthread_mutex_unlock(&table);
    return NULL;
}

int sessions_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[SESSIONS + 1];
    for (int i = 0; i < SESSIONS; i++) {
        pthread_create(&threads[i], NULL, client, &sessions[i]);
    }
    pthread_create(&threads[SESSIONS], NULL, reap, NULL);
    join_all(threads, SESSIONS + 1);
    return 0;
}

/* ---- a job that two workers have ---- */

#define WORKERS 2
#define JOB_LINES 20 /* which the first worker logs on the way; the other one has more to do */

struct job {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool done;
};

static struct job job = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

static void job_finish(void) {
    SIM_MARK("finishes");
    log_requests(1);
#ifdef PLANTED
    const bool is_first = !job.done;
    pthread_mutex_lock(&job.mutex);
#else
    pthread_mutex_lock(&job.mutex);
    const bool is_first = !job.done;
#endif
    if (is_first) {
        job.done = true;
        sim_count("completions", 1);
        pthread_cond_signal(&job.ended);
    }
    pthread_mutex_unlock(&job.mutex);
}

static void *work(void *is_second) {
    log_requests(is_second == NULL ? JOB_LINES : 2 * JOB_LINES);
    job_finish();
    return NULL;
}

int hedge_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t workers[WORKERS];
    pthread_create(&workers[0], NULL, work, NULL);
    pthread_create(&workers[1], NULL, work, &job);
    pthread_mutex_lock(&job.mutex);
    while (!job.done) {
        pthread_cond_wait(&job.ended, &job.mutex);
    }
    pthread_mutex_unlock(&job.mutex);
    join_all(workers, WORKERS);
    return 0;
}

/* ---- spinning ---- */

#define SPINS 20
#define ENTRIES 4

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int inside;

static void enter_and_leave(void) {
    if (++inside != 1) {
        sim_fail("two threads are where one may be");
    }
    SIM_MARK("leaves");
    inside--;
}

static void *spin(void *unused) {
    (void)unused;
    int spins = 0;
    while (spins < SPINS && pthread_mutex_trylock(&guard) != 0) {
        spins++;
        SIM_MARK("spins");
        sched_yield();
    }
#ifdef PLANTED
    const bool is_mine = spins < SPINS;
#else
    const bool is_mine = spins < SPINS || pthread_mutex_lock(&guard) == 0;
#endif
    enter_and_leave();
    if (is_mine) {
        pthread_mutex_unlock(&guard);
    }
    return NULL;
}

int spin_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t spinner;
    pthread_create(&spinner, NULL, spin, NULL);
    for (int i = 0; i < ENTRIES; i++) {
        pthread_mutex_lock(&guard);
        enter_and_leave();
        pthread_mutex_unlock(&guard);
        log_requests(1);
    }
    pthread_join(spinner, NULL);
    return 0;
}

/* ---- a cache ---- */

#define ASKERS 3

enum cached { EMPTY, LOADING, LOADED };

static pthread_mutex_t cache = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded = PTHREAD_COND_INITIALIZER;
static enum cached cached;

/* The caller holds the cache, and lets it go meanwhile. */
static void load(void) {
#ifndef PLANTED
    cached = LOADING;
#endif
    pthread_mutex_unlock(&cache);
    sim_count("loads", 1);
    work_for_ns(50000, 100000);
    SIM_MARK("has loaded");
    pthread_mutex_lock(&cache);
    cached = LOADED;
    pthread_cond_broadcast(&loaded);
}

static void *ask(void *unused) {
    (void)unused;
    work_for_ns(0, 40000000);
    SIM_MARK("asks");
    pthread_mutex_lock(&cache);
    while (cached == LOADING) {
        pthread_cond_wait(&loaded, &cache);
    }
    if (cached == EMPTY) {
        load();
    }
    pthread_mutex_unlock(&cache);
    return NULL;
}

int cache_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t askers[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        pthread_create(&askers[i], NULL, ask, NULL);
    }
    join_all(askers, ASKERS);
    return 0;
}

/* ---- readers and a writer ---- */

#define READS 8

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left_gate = PTHREAD_COND_INITIALIZER;
static int readers;
static bool writer_waits;

static void read_begin(void) {
    pthread_mutex_lock(&gate);
#ifndef PLANTED
    while (writer_waits) {
        pthread_cond_wait(&left_gate, &gate);
    }
#endif
    readers++;
    pthread_mutex_unlock(&gate);
}

static void read_end(void) {
    pthread_mutex_lock(&gate);
    readers--;
    pthread_cond_broadcast(&left_gate);
    pthread_mutex_unlock(&gate);
}

static void *read_on(void *is_left) {
    for (int i = 0; i < READS; i++) {
        read_begin();
        SIM_MARK(is_left != NULL ? "left begins" : "right begins");
        work_for_ns(1000000, 3000000);
        SIM_MARK(is_left != NULL ? "left ends" : "right ends");
        read_end();
        work_for_ns(0, 2000000);
    }
    return NULL;
}

int readers_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, read_on, &gate);
    pthread_create(&threads[1], NULL, read_on, NULL);
    work_for_ns(0, 1000000);
    pthread_mutex_lock(&gate);
    writer_waits = true;
    while (readers > 0) {
        pthread_cond_wait(&left_gate, &gate);
    }
    writer_waits = false;
    sim_count("written", 1);
    pthread_cond_broadcast(&left_gate);
    pthread_mutex_unlock(&gate);
    join_all(threads, 2);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "sessions", "sessions_main", NULL);
    sim_node(world, "hedge", "hedge_main", NULL);
    sim_node(world, "spin", "spin_main", NULL);
    sim_node(world, "cache", "cache_main", NULL);
    sim_node(world, "readers", "readers_main", NULL);
    sim_always(world, "a job is completed once", "completions", sim_at_most(1));
    sim_always(world, "it is loaded once", "loads", sim_at_most(1));
    sim_eventually(world, "the writer gets in", "written", sim_at_least(1), SIM_MS(15));
    sim_finally(world, "every session is closed", "closed", sim_equal(SESSIONS));
}
