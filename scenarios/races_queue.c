/* Programs that wait for what others put into a pool, a queue or a mailbox. PLANTED makes each of
 * them wrong:
 *
 * pages_main: a pool of pages, of which one thread wants two and another one. The planted bug wakes
 * one waiter for each page that is freed, whatever he waits for:
 *   1  the large one waits, then the small one
 *   2  a page is freed; its signal wakes the large one
 *   3  he finds one page, and waits again; nobody tells the small one
 * The correct variant wakes all, since they wait for different things.
 *
 * close_main: a queue is closed while somebody pushes. The planted bug asks whether it is open
 * under one holding of the lock and pushes under another:
 *   1  the producer finds it open
 *   2  it is closed, the consumer takes the rest and leaves
 *   3  the job is pushed and accepted, and never done
 * The correct variant asks once more under the lock under which it pushes.
 *
 * mail_main: two actors with bounded mailboxes send each other more than these hold. The planted
 * bug takes nothing out of its own while it waits for room in the other's:
 *   1  each fills the other's mailbox
 *   2  each waits for room, and neither reads
 * The correct variant reads while it waits.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "scenarios/races.h"
#include "sim/scenario.h"

/* ---- a pool of pages ---- */

#define PAGES 2
#define MUCH_LINES 8 /* logged before it asks, when the first page is long free as a rule */
#define LITTLE_LINES 12

static pthread_mutex_t pool = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static int pages_free;

static void pages_take(int count) {
    pthread_mutex_lock(&pool);
    while (pages_free < count) {
        pthread_cond_wait(&freed, &pool);
    }
    pages_free -= count;
    pthread_mutex_unlock(&pool);
    sim_count("served", 1);
}

static void pages_give(int count) {
    pthread_mutex_lock(&pool);
    pages_free += count;
#ifdef PLANTED
    pthread_cond_signal(&freed);
#else
    pthread_cond_broadcast(&freed);
#endif
    pthread_mutex_unlock(&pool);
}

static void *take_much(void *unused) {
    (void)unused;
    log_requests(MUCH_LINES);
    SIM_MARK("wants two pages");
    pages_take(2);
    pages_give(2);
    return NULL;
}

static void *take_little(void *unused) {
    (void)unused;
    log_requests(LITTLE_LINES);
    SIM_MARK("wants a page");
    pages_take(1);
    pages_give(1);
    return NULL;
}

/* Has both pages at first; frees the second when the small one is done. */
int pages_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t much;
    pthread_t little;
    pthread_create(&much, NULL, take_much, NULL);
    pthread_create(&little, NULL, take_little, NULL);
    SIM_MARK("frees a page");
    pages_give(1);
    pthread_join(little, NULL);
    pages_give(PAGES - 1);
    pthread_join(much, NULL);
    return 0;
}

/* ---- a queue that is closed ---- */

#define JOBS 3
#define JOB_LINES 20

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
    bool closed;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};
static int accepted;
static int done;

static bool queue_is_open(void) {
    pthread_mutex_lock(&queue.mutex);
    const bool result = !queue.closed;
    pthread_mutex_unlock(&queue.mutex);
    return result;
}

static bool queue_push(void) {
    if (!queue_is_open()) { /* a cheap look first, before the job is prepared */
        return false;
    }
    SIM_MARK("pushes");
    pthread_mutex_lock(&queue.mutex);
#ifdef PLANTED
    const bool is_open = true;
#else
    const bool is_open = !queue.closed;
#endif
    queue.count += is_open;
    pthread_cond_signal(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
    return is_open;
}

static void queue_close(void) {
    pthread_mutex_lock(&queue.mutex);
    queue.closed = true;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
}

static void *produce(void *unused) {
    (void)unused;
    for (int i = 0; i < JOBS; i++) {
        accepted += queue_push();
        log_requests(JOB_LINES);
    }
    return NULL;
}

static void *consume(void *unused) {
    (void)unused;
    pthread_mutex_lock(&queue.mutex);
    while (!queue.closed || queue.count > 0) {
        if (queue.count == 0) {
            pthread_cond_wait(&queue.changed, &queue.mutex);
        } else {
            queue.count--;
            done++;
        }
    }
    pthread_mutex_unlock(&queue.mutex);
    SIM_MARK("leaves");
    return NULL;
}

int close_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, produce, NULL);
    pthread_create(&threads[1], NULL, consume, NULL);
    log_requests(JOBS * JOB_LINES / 2);
    queue_close();
    join_all(threads, 2);
    if (done != accepted) {
        sim_fail("a job was accepted and never done");
    }
    return 0;
}

/* ---- two mailboxes ---- */

#define MAILBOX_SIZE 3
#define LETTERS 5

struct actor {
    int lines; /* logged before it writes */
    int peer;
    int mail; /* in its mailbox */
    int received;
};

static pthread_mutex_t post = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static struct actor actors[2] = {{.lines = 10, .peer = 1}, {.lines = 30, .peer = 0}};

/* The caller holds the post. True when there was a letter. */
static bool receive(struct actor *actor) {
    if (actor->mail == 0) {
        return false;
    }
    actor->mail--;
    actor->received++;
    pthread_cond_broadcast(&moved);
    return true;
}

static void send_letter(struct actor *actor) {
    struct actor *const peer = &actors[actor->peer];
    pthread_mutex_lock(&post);
    while (peer->mail == MAILBOX_SIZE) {
#ifndef PLANTED
        if (receive(actor)) {
            continue;
        }
#endif
        pthread_cond_wait(&moved, &post);
    }
    peer->mail++;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&post);
}

static void read_and_log(struct actor *actor, int lines) {
    for (int i = 0; i < lines; i++) {
        log_requests(1);
        pthread_mutex_lock(&post);
        receive(actor);
        pthread_mutex_unlock(&post);
    }
}

static void *act(void *argument) {
    struct actor *const actor = argument;
    read_and_log(actor, actor->lines);
    SIM_MARK("composes");
    read_and_log(actor, 2);
    for (int i = 0; i < LETTERS; i++) {
        send_letter(actor);
    }
    pthread_mutex_lock(&post);
    while (actor->received < LETTERS) {
        if (!receive(actor)) {
            pthread_cond_wait(&moved, &post);
        }
    }
    pthread_mutex_unlock(&post);
    sim_count("received", actor->received);
    return NULL;
}

int mail_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, act, &actors[0]);
    pthread_create(&threads[1], NULL, act, &actors[1]);
    join_all(threads, 2);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "pages", "pages_main", NULL);
    sim_node(world, "queue", "close_main", NULL);
    sim_node(world, "mail", "mail_main", NULL);
    sim_finally(world, "both get their pages", "served", sim_equal(2));
    sim_finally(world, "every letter arrives", "received", sim_equal(2 * LETTERS));
}
