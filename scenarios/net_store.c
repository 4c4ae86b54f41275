/* Three programs that change what another node keeps, over a network that delays.
 *
 * Payments: a payer sends each payment again when no answer came in time. Planted bug (PLANTED):
 * the account makes a payment whenever a request for one arrives, so that a late answer is one
 * payment more. The correct one knows payments by their number, and answers a second request with
 * what became of the first.
 *
 * Writes: a primary passes each write on to a backup. Planted bug: it confirms a write before the
 * backup has it; when the primary is cut off in between, the write is lost though it was confirmed.
 * The correct one confirms when the backup has confirmed.
 *
 * Readings: a sensor sends readings in datagrams, which may overtake each other. Planted bug: the
 * display shows what arrived last. The correct one drops what is older than what it shows.
 */
#include <pthread.h>

#include "scenarios/net_talk.h"

/* ---- payments ---- */

#define PAYMENTS 2
#define PAID_MS 9

static const char *const account = "10.0.0.1";
static const char *const payer = "10.0.0.2";

int account_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    bool made[PAYMENTS + 1] = {false};
    uint32_t number;
    while (talk_hear(descriptor, &number, sizeof number, TALK_FOREVER)) {
#ifdef PLANTED
        made[number] = false;
#endif
        sim_count("payments", !made[number]);
        made[number] = true;
        talk_send(descriptor, &number, sizeof number, payer);
    }
    return 0;
}

int payer_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    for (uint32_t number = 1; number <= PAYMENTS; number++) {
        uint32_t answer = 0;
        for (bool asks = true; answer != number;) {
            if (asks) {
                talk_send(descriptor, &number, sizeof number, account);
            }
            asks = !talk_hear(descriptor, &answer, sizeof answer, PAID_MS);
            sim_count("asked again", asks);
        }
    }
    close(descriptor);
    return 0;
}

/* ---- writes ---- */

#define WRITES 4
#define CONFIRMED_MS 20

static const char *const primary = "10.0.0.1";
static const char *const backup = "10.0.0.2";

int primary_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = talk_listen();
    const int copy = talk_dial(backup);
    const int client = accept(listener, NULL, NULL);
    uint32_t value;
    while (talk_take(client, &value, sizeof value, TALK_FOREVER)) {
        talk_give(copy, &value, sizeof value);
#ifndef PLANTED
        uint32_t copied = 0;
        while (copied != value && talk_take(copy, &copied, sizeof copied, TALK_FOREVER)) {
        }
#endif
        talk_give(client, &value, sizeof value);
    }
    close(client);
    close(copy);
    close(listener);
    return 0;
}

static struct {
    pthread_mutex_t mutex;
    uint32_t value;
} stored = {PTHREAD_MUTEX_INITIALIZER, 0};

/* Of a connection: 0 reads, everything else is written; either is answered with what is stored. */
static void *serve(void *context) {
    const int descriptor = (int)(intptr_t)context;
    uint32_t value;
    while (talk_take(descriptor, &value, sizeof value, TALK_FOREVER)) {
        pthread_mutex_lock(&stored.mutex);
        stored.value = value != 0 ? value : stored.value;
        value = stored.value;
        pthread_mutex_unlock(&stored.mutex);
        talk_give(descriptor, &value, sizeof value);
    }
    close(descriptor);
    return NULL;
}

int backup_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = talk_listen();
    for (;;) {
        pthread_t thread;
        const int descriptor = accept(listener, NULL, NULL);
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)descriptor);
        pthread_detach(thread);
    }
}

int writer_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int first = talk_dial(primary);
    uint32_t confirmed = 0;
    for (uint32_t value = 1; value <= WRITES && confirmed == value - 1; value++) {
        uint32_t answer = 0;
        talk_give(first, &value, sizeof value);
        talk_take(first, &answer, sizeof answer, CONFIRMED_MS);
        confirmed = answer == value ? value : confirmed;
    }
    sim_count("failovers", confirmed < WRITES);
    talk_sleep(CONFIRMED_MS); /* whatever is under way arrives */
    const int second = talk_dial(backup);
    uint32_t value = 0;
    talk_give(second, &value, sizeof value);
    if (!talk_take(second, &value, sizeof value, TALK_FOREVER) || value < confirmed) {
        sim_fail("write %u was confirmed, and is lost", confirmed);
    }
    close(second);
    close(first);
    return 0;
}

/* ---- readings ---- */

#define READINGS 4
#define QUIET_MS 50

int sensor_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    for (uint32_t reading = 1; reading <= READINGS; reading++) {
        talk_send(descriptor, &reading, sizeof reading, "10.0.0.2");
        talk_sleep(reading < READINGS ? 3 : 0);
    }
    close(descriptor);
    return 0;
}

int display_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    uint32_t shown = 0;
    uint32_t reading;
    while (talk_hear(descriptor, &reading, sizeof reading, QUIET_MS)) {
        sim_count("overtaken", reading < shown);
#ifndef PLANTED
        reading = reading < shown ? shown : reading;
#endif
        shown = reading;
    }
    if (shown < READINGS) {
        sim_fail("reading %u is shown, the last one was %d", shown, READINGS);
    }
    close(descriptor);
    return 0;
}

/* The payments; the others are in scenario files. */
SIM_SCENARIO(world) {
    const uint32_t to = sim_node(world, "account", "account_main", NULL);
    const uint32_t from = sim_node(world, "payer", "payer_main", NULL);
    sim_node_daemon(world, to);
    sim_link(world, to, from, SIM_MS(1), SIM_MS(5));
    sim_limit_time(world, SIM_S(60));
    sim_always(world, "a payment is made once", "payments", sim_at_most(PAYMENTS));
    sim_finally(world, "every payment is made", "payments", sim_equal(PAYMENTS));
    sim_sometimes(world, "an answer is late", "asked again", sim_at_least(1));
}
