/* Programs that tell time by a clock that may drift or be set.
 *
 *   watch, beat        who has not been heard of for a while is given up. Planted: the while is
 *                      measured with the wall clock
 *   holder, arbiter    a lease counts from when it was asked for. Planted: to its very end, by the
 *                      clock of the holder, which may be slower than the arbiter's
 *   writer, store      the write with the highest stamp is the last one. Planted: the stamp is the
 *                      time of day
 *
 * What each does about it: durations are of CLOCK_MONOTONIC; a lease ends earlier by what two
 * clocks may differ (MARGIN_PERCENT); a stamp is never below the one before it (a hybrid logical
 * clock: Kulkarni et al., "Logical Physical Clocks", OPODIS 2014).
 */
#include <stdlib.h>

#include "scenarios/net_talk.h"

#define HOST "10.0.0.1" /* the node that is declared first */

struct note {
    uint32_t kind; /* ASK, GRANTED, REFUSED; else the number of the candidate */
    uint32_t number;
    int64_t stamp, value;
};

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a life sign each 10 ms ---- */

#define BEATS 20
#define BEAT_MS 10
#define PATIENCE_MS 200 /* far more than a beat takes on its way */

int beat_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct note note = {.kind = 1};
    const int descriptor = talk_open();
    for (int i = 0; i < BEATS; i++) {
        talk_send(descriptor, &note, sizeof note, HOST);
        talk_sleep(BEAT_MS);
    }
    close(descriptor);
    return 0;
}

static int64_t watch_now_ms(void) {
#ifdef PLANTED
    return wall_ms();
#else
    return talk_now_ms();
#endif
}

int watch_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    int64_t last_ms = watch_now_ms();
    for (int heard = 0; heard < BEATS;) {
        struct note note;
        if (talk_hear(descriptor, &note, sizeof note, BEAT_MS)) {
            heard++;
            last_ms = watch_now_ms();
        } else if (watch_now_ms() - last_ms > PATIENCE_MS) {
            sim_count("given up", 1);
            break;
        }
    }
    close(descriptor);
    return 0;
}

/* ---- a lease ---- */

#define LEASE_MS 400
#define ASK_AGAIN_MS 2
#define MARGIN_PERCENT 3 /* two clocks, each wrong by 1 %, and what is rounded */

enum kind { ASK = 1, GRANTED, REFUSED };

static const char *const candidates[] = {"10.0.0.2", "10.0.0.3"};

int arbiter_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    struct talk_lease lease = {0};
    struct note note;
    while (talk_hear(descriptor, &note, sizeof note, TALK_FOREVER)) {
        note.kind = talk_grant(&lease, note.number, LEASE_MS) ? GRANTED : REFUSED;
        talk_send(descriptor, &note, sizeof note, candidates[note.number]);
    }
    close(descriptor);
    return 0;
}

/* How long a lease is good for that was asked for just now. */
static int64_t good_for_ms(void) {
#ifdef PLANTED
    return LEASE_MS;
#else
    return LEASE_MS - LEASE_MS * MARGIN_PERCENT / 100;
#endif
}

int holder_main(int argc, char **argv) {
    (void)argc;
    const int descriptor = talk_open();
    struct note note = {.number = (uint32_t)atoi(argv[1])};
    int64_t asked_ms;
    do {
        talk_sleep(ASK_AGAIN_MS);
        note.kind = ASK;
        asked_ms = talk_now_ms();
        talk_send(descriptor, &note, sizeof note, HOST);
    } while (!talk_hear(descriptor, &note, sizeof note, TALK_FOREVER) || note.kind != GRANTED);
    const int64_t left_ms = asked_ms + good_for_ms() - talk_now_ms();
    sim_count("leaders", 1);
    talk_sleep(left_ms);
    sim_count("leaders", -1);
    sim_count("has led", 1);
    close(descriptor);
    return 0;
}

/* ---- stamps ---- */

#define WRITES 8

static int64_t next_stamp(int64_t last) {
#ifdef PLANTED
    (void)last;
    return wall_ms();
#else
    const int64_t now_ms = wall_ms();
    return now_ms > last ? now_ms : last + 1;
#endif
}

int writer_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_dial(HOST);
    struct note note = {.stamp = 0};
    for (note.value = 1; note.value <= WRITES; note.value++) {
        note.stamp = next_stamp(note.stamp);
        if (!talk_give(descriptor, &note, sizeof note) ||
            !talk_take(descriptor, &note, sizeof note, TALK_FOREVER)) {
            sim_fail("the store is gone");
        }
        talk_sleep(5);
    }
    close(descriptor);
    return 0;
}

int store_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = talk_listen();
    const int descriptor = accept(listener, NULL, NULL);
    struct note kept = {.stamp = 0};
    struct note note;
    while (talk_take(descriptor, &note, sizeof note, TALK_FOREVER)) {
        if (note.stamp > kept.stamp) {
            kept = note;
        }
        talk_give(descriptor, &note, sizeof note);
    }
    sim_count("kept", kept.value);
    close(descriptor);
    close(listener);
    return 0;
}

SIM_SCENARIO(world) {
    static const char *const first[] = {"0", NULL};
    static const char *const second[] = {"1", NULL};
    const uint32_t arbiter = sim_node(world, "arbiter", "arbiter_main", NULL);
    sim_node_daemon(world, arbiter);
    sim_clock_drift(world, arbiter, -10000, 10000);
    sim_clock_drift(world, sim_node(world, "first", "holder_main", first), -10000, 10000);
    sim_clock_drift(world, sim_node(world, "second", "holder_main", second), -10000, 10000);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_MS(1), SIM_MS(2));
    sim_always(world, "at most one leads", "leaders", sim_at_most(1));
    sim_finally(world, "each has led", "has led", sim_equal(2));
}
