/* Two programs in which one thread ends a connection that another one sends on.
 *
 * Heartbeats: a thread sends them on a connection, which main closes to open another one. Planted
 * bug (PLANTED): the thread looks whether the connection is open without keeping it so. The next
 * connection has the descriptor of the closed one:
 *   1  the thread sees that it is open      2  main closes it, and opens the next
 *   3  the thread sends: the heartbeat goes to somebody who expects data
 * The correct one holds a mutex from the look to the send, as does who closes.
 *
 * Orders: a relay passes orders on to a connection, which main shuts down when it is time. Planted
 * bug: between the look and the send, without a mutex, so that an order counts as passed on which
 * the connection refuses. In the correct one the mutex covers both.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "scenarios/net_talk.h"

struct connection {
    pthread_mutex_t mutex; /* covers that it stays open; the planted bug does without */
    atomic_bool open;
    int ends[2]; /* ours, theirs */
};

static struct connection connection = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void keep_open(struct connection *held) {
#ifdef PLANTED
    (void)held;
#else
    pthread_mutex_lock(&held->mutex);
#endif
}

static void let_close(struct connection *held) {
#ifdef PLANTED
    (void)held;
#else
    pthread_mutex_unlock(&held->mutex);
#endif
}

static void open_pair(int ends[2]) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        sim_fail("there are no sockets");
    }
}

/* ---- heartbeats ---- */

#define HEARTBEATS 3
#define DATA 'd'

static void *beat(void *context) {
    struct connection *mine = context;
    bool open = true;
    for (int i = 0; i < HEARTBEATS && open; i++) {
        keep_open(mine);
        open = atomic_load(&mine->open);
        if (open) {
            send(mine->ends[0], "h", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        let_close(mine);
    }
    return NULL;
}

static void close_connection(struct connection *mine) {
    keep_open(mine);
    atomic_store(&mine->open, false);
    close(mine->ends[0]);
    close(mine->ends[1]);
    let_close(mine);
}

/* What is sent on the next connection is what arrives there. */
static void use_next(void) {
    int ends[2];
    char data = DATA;
    open_pair(ends);
    SIM_MARK("next is open");
    if (send(ends[0], &data, 1, MSG_NOSIGNAL) != 1 || recv(ends[1], &data, 1, 0) != 1) {
        sim_fail("the next connection is broken");
    }
    if (data != DATA) {
        sim_fail("a heartbeat of one connection came to the next");
    }
    close(ends[0]);
    close(ends[1]);
}

int heartbeat_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t beats;
    open_pair(connection.ends);
    atomic_store(&connection.open, true);
    pthread_create(&beats, NULL, beat, &connection);
    char heartbeat;
    recv(connection.ends[1], &heartbeat, 1, 0);
    close_connection(&connection);
    use_next();
    pthread_join(beats, NULL);
    sim_count("ended", 1);
    return 0;
}

/* ---- orders ---- */

#define ORDERS 3
#define EVERY_MS 2
#define OPEN_MS 7
#define QUIET_MS 20

int customer_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    talk_sleep(1); /* the relay has begun */
    for (uint32_t order = 1; order <= ORDERS; order++) {
        talk_send(descriptor, &order, sizeof order, "10.0.0.1");
        talk_sleep(EVERY_MS);
    }
    close(descriptor);
    return 0;
}

static void *pass_on(void *context) {
    struct connection *mine = context;
    const int descriptor = talk_open();
    uint32_t order;
    bool open = true;
    while (open && talk_hear(descriptor, &order, sizeof order, QUIET_MS)) {
        keep_open(mine);
        open = atomic_load(&mine->open);
        if (open) {
            send(mine->ends[0], &order, sizeof order, MSG_NOSIGNAL);
            sim_count("passed on", 1);
        }
        let_close(mine);
    }
    close(descriptor);
    return NULL;
}

int relay_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t sender;
    open_pair(connection.ends);
    atomic_store(&connection.open, true);
    pthread_create(&sender, NULL, pass_on, &connection);
    talk_sleep(OPEN_MS);
    keep_open(&connection);
    atomic_store(&connection.open, false);
    shutdown(connection.ends[0], SHUT_WR);
    let_close(&connection);
    pthread_join(sender, NULL);
    uint32_t order;
    int64_t taken = 0;
    while (talk_take(connection.ends[1], &order, sizeof order, TALK_FOREVER)) {
        taken++;
    }
    if (taken != sim_count("passed on", 0)) {
        sim_fail("an order was passed on to nobody");
    }
    close(connection.ends[0]);
    close(connection.ends[1]);
    return 0;
}

/* The heartbeats; the orders are in a scenario file. */
SIM_SCENARIO(world) {
    sim_node(world, "main", "heartbeat_main", NULL);
    sim_finally(world, "it ends", "ended", sim_equal(1));
    sim_forbid_leaks(world);
}
