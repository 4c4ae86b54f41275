/* Three programs that hold a connection, and what becomes of them when it breaks.
 *
 * Jobs: a coordinator hands jobs to two workers, each over a connection of its own, and waits for
 * the result. Planted bug (PLANTED): without a deadline. A partition sends nothing, not even an
 * end: the connection is half open, and the coordinator waits for ever. The correct one gives the
 * job to the other worker when RESULT_MS have passed.
 *
 * News: a member registers with a registry, which then sends it the news. A member whose connection
 * breaks comes back and listens. Planted bug: it believes that it is registered when its HELLO was
 * sent, which the break may have swallowed:
 *   1  the member sends HELLO      2  partition, reset      3  it comes back, and only listens
 *   4  nobody knows it: no news
 * The correct one says HELLO until it has been welcomed.
 *
 * Cache: a reader keeps the newest version of a document. When an answer takes too long it opens
 * another connection and asks there; each connection has a thread that stores what arrives.
 * Planted bug: what the old one brings late overwrites what the new one has brought. In the correct
 * one a connection that was given up stores nothing.
 */
#include <pthread.h>
#include <string.h>

#include "scenarios/net_talk.h"

static const char *const server = "10.0.0.1";

/* ---- jobs ---- */

#define WORKERS 2
#define JOBS 4
#define RESULT_MS 20

struct job {
    uint32_t number;
    uint32_t result;
};

int worker_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_dial(server);
    struct job job;
    while (talk_take(descriptor, &job, sizeof job, TALK_FOREVER)) {
        job.result = job.number * 10;
        talk_give(descriptor, &job, sizeof job);
    }
    close(descriptor);
    return 0;
}

static bool do_job(int worker, uint32_t number) {
#ifdef PLANTED
    const int64_t within_ms = TALK_FOREVER;
#else
    const int64_t within_ms = RESULT_MS;
#endif
    struct job job = {number, 0};
    return talk_give(worker, &job, sizeof job) && talk_take(worker, &job, sizeof job, within_ms) &&
           job.result == number * 10;
}

int coordinator_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = talk_listen();
    int workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = accept(listener, NULL, NULL);
    }
    int next = 0;
    for (uint32_t number = 1; number <= JOBS; number++) {
        while (!do_job(workers[next], number)) {
            sim_count("workers lost", 1);
            shutdown(workers[next], SHUT_RDWR);
            next = (next + 1) % WORKERS;
        }
        sim_count("done", 1);
        next = (next + 1) % WORKERS;
    }
    for (int i = 0; i < WORKERS; i++) {
        close(workers[i]);
    }
    close(listener);
    return 0;
}

/* ---- news ---- */

#define NEWS_MS 100

enum word {
    HELLO = 1, /* I am a member */
    LISTEN,    /* I have been one, here is my connection */
    WELCOME,
    NEWS,
};

static bool give_word(int descriptor, enum word word) {
    const uint32_t message = word;
    return talk_give(descriptor, &message, sizeof message);
}

static uint32_t take_word(int descriptor) {
    uint32_t message = 0;
    return talk_take(descriptor, &message, sizeof message, NEWS_MS) ? message : 0;
}

int registry_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = talk_listen();
    bool registered = false;
    for (;;) {
        const int member = accept(listener, NULL, NULL);
        const uint32_t word = take_word(member);
        if (word == HELLO) {
            registered = true;
            give_word(member, WELCOME);
        }
        if (word != 0 && registered) {
            give_word(member, NEWS);
            take_word(member); /* until the member has gone */
        } else if (word != 0) {
            sim_fail("a member listens that nobody has registered");
        }
        close(member);
    }
}

/* True when the news came. */
static bool follow(int descriptor, bool *registered) {
    if (!give_word(descriptor, *registered ? LISTEN : HELLO)) {
        return false;
    }
#ifdef PLANTED
    *registered = true;
#endif
    for (;;) {
        const uint32_t word = take_word(descriptor);
        if (word == WELCOME) {
            *registered = true;
        } else {
            return word == NEWS;
        }
    }
}

int member_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    bool registered = false;
    for (bool informed = false; !informed;) {
        const int descriptor = talk_dial(server);
        informed = follow(descriptor, &registered);
        sim_count(informed ? "informed" : "connections lost", 1);
        close(descriptor);
    }
    return 0;
}

/* ---- cache ---- */

#define CONNECTIONS 3
#define ANSWER_MS 5

struct cache {
    pthread_mutex_t mutex;
    pthread_cond_t stored;
    uint32_t version;
    uint32_t current; /* the connection that may store, from 0 */
    int descriptors[CONNECTIONS];
};

struct reader {
    struct cache *cache;
    uint32_t index;
    pthread_t thread;
};

static void *publish(void *context) {
    static uint32_t version; /* the document changes all the time; `once` guards it */
    static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
    const int descriptor = (int)(intptr_t)context;
    uint32_t question;
    if (talk_take(descriptor, &question, sizeof question, TALK_FOREVER)) {
        pthread_mutex_lock(&once);
        const uint32_t answer = ++version;
        pthread_mutex_unlock(&once);
        talk_give(descriptor, &answer, sizeof answer);
    }
    close(descriptor);
    return NULL;
}

int publisher_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = talk_listen();
    for (;;) {
        pthread_t thread;
        const int descriptor = accept(listener, NULL, NULL);
        pthread_create(&thread, NULL, publish, (void *)(intptr_t)descriptor);
        pthread_detach(thread);
    }
}

static void *store(void *context) {
    const struct reader *reader = context;
    struct cache *cache = reader->cache;
    uint32_t version;
    if (!talk_take(cache->descriptors[reader->index], &version, sizeof version, TALK_FOREVER)) {
        return NULL;
    }
    SIM_MARK("answered");
    pthread_mutex_lock(&cache->mutex);
#ifdef PLANTED
    const bool stores = true;
#else
    const bool stores = reader->index == cache->current;
#endif
    if (stores && version < cache->version) {
        sim_fail("version %u overwrote version %u", version, cache->version);
    }
    cache->version = stores ? version : cache->version;
    pthread_cond_signal(&cache->stored);
    pthread_mutex_unlock(&cache->mutex);
    return NULL;
}

/* False when no answer was stored in time. */
static bool await_version(struct cache *cache, uint32_t before) {
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += ANSWER_MS * 1000000;
    deadline.tv_sec += deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    int status = 0;
    while (cache->version == before && status == 0) {
        status = pthread_cond_timedwait(&cache->stored, &cache->mutex, &deadline);
    }
    return cache->version != before;
}

int cache_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    static struct cache cache = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {0}};
    struct reader readers[CONNECTIONS];
    bool stored = false;
    uint32_t count = 0;
    while (count < CONNECTIONS && !stored) {
        readers[count] = (struct reader){&cache, count, 0};
        cache.descriptors[count] = talk_dial(server);
        pthread_mutex_lock(&cache.mutex);
        cache.current = count;
        const uint32_t before = cache.version;
        talk_give(cache.descriptors[count], &count, sizeof count);
        pthread_create(&readers[count].thread, NULL, store, &readers[count]);
        count++;
        stored = await_version(&cache, before);
        pthread_mutex_unlock(&cache.mutex);
    }
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(readers[i].thread, NULL);
        close(cache.descriptors[i]);
    }
    sim_count("reconnects", count - 1);
    return 0;
}

/* The jobs; the other two are in scenario files. */
SIM_SCENARIO(world) {
    const uint32_t coordinator = sim_node(world, "coordinator", "coordinator_main", NULL);
    const uint32_t first = sim_node(world, "worker-1", "worker_main", NULL);
    sim_node(world, "worker-2", "worker_main", NULL);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_MS(1), SIM_MS(3));
    sim_partition(world, coordinator, first, SIM_MS(10), SIM_FOREVER);
    sim_node_daemon(world, first);
    sim_limit_time(world, SIM_S(60));
    sim_finally(world, "every job is done", "done", sim_equal(JOBS));
    sim_sometimes(world, "a worker is cut off", "workers lost", sim_at_least(1));
}
