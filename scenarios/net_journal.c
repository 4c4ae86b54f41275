/* Three programs that keep what they must not forget in a file, on a node that loses its power.
 *
 * Confirmations: a keeper appends each value that it is given to a journal, and confirms it.
 * Planted bug (PLANTED): it synchronises the journal when it has nothing else to do, after the
 * confirmation; when it loses its power in between, a confirmed value is gone. The correct one
 * synchronises first.
 *
 * Leases: a lessor grants the right to lead, to one tenant at a time. Planted bug: it remembers in
 * memory whom it has granted it; started again, it grants it to the next one that asks, while the
 * first one still leads. The correct one writes down each lease before it answers.
 *
 * Bookings: a bank books amounts from one account to another, each as one record of a journal that
 * it replays when it starts. Planted bug: it takes the last record as it is; of one that was being
 * written when the power was lost, what was taken may be there, and what was given not. The correct
 * one drops a record that is not whole, and lets the journal end before it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/net_talk.h"

static const char *const server = "10.0.0.1";
static const char *const clients[] = {"10.0.0.2", "10.0.0.3"};

struct question {
    uint32_t kind; /* the programs' own */
    uint32_t client;
    uint32_t number;
    uint32_t value;
};

/* Asks until there is an answer to this very question. */
static void ask(int descriptor, struct question *question) {
    enum { ANSWERED_MS = 9 };
    struct question answer = {0};
    question->number++;
    do {
        talk_send(descriptor, question, sizeof *question, server);
    } while (!talk_hear(descriptor, &answer, sizeof answer, ANSWERED_MS) ||
             answer.number != question->number);
    *question = answer;
}

static void answer(int descriptor, const struct question *question) {
    talk_send(descriptor, question, sizeof *question, clients[question->client]);
}

static int open_file(const char *name) {
    const int file = open(name, O_CREAT | O_RDWR, 0644);
    if (file < 0 || fsync(file) != 0) {
        sim_fail("there is no place for %s", name);
    }
    return file;
}

static void must(bool done) {
    if (!done) {
        sim_fail("the disk is full");
    }
}

/* ---- confirmations ---- */

#define VALUES 4
#define IDLE_MS 5

enum { WRITE = 1, READ };

int keeper_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    const int journal = open_file("journal");
    uint32_t stored = 0;
    while (read(journal, &stored, sizeof stored) == sizeof stored) {
    }
    bool idle = true;
    for (;;) {
        struct question question;
        if (!talk_hear(descriptor, &question, sizeof question, idle ? TALK_FOREVER : IDLE_MS)) {
            fsync(journal);
            idle = true;
            continue;
        }
        if (question.kind == WRITE && question.value != stored) {
            stored = question.value;
            must(write(journal, &stored, sizeof stored) == sizeof stored);
#ifdef PLANTED
            idle = false;
#else
            fsync(journal);
#endif
        }
        question.value = stored;
        answer(descriptor, &question);
    }
}

int writer_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    struct question question = {0};
    for (uint32_t value = 1; value <= VALUES; value++) {
        question.kind = WRITE;
        question.value = value;
        ask(descriptor, &question);
        sim_count("confirmed", 1);
        talk_sleep(1);
        question.kind = READ;
        ask(descriptor, &question);
        sim_count("lost", question.value != value);
    }
    close(descriptor);
    return 0;
}

/* ---- leases ---- */

#define LEASE_MS 20
#define PAUSE_MS 3

enum { GRANTED = 1, REFUSED };

struct lease {
    uint32_t holder;
    int64_t end_ms;
};

int lessor_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    const int file = open_file("lease");
    struct lease lease = {0};
    struct question question;
#ifndef PLANTED
    must(pread(file, &lease, sizeof lease, 0) >= 0);
#endif
    while (talk_hear(descriptor, &question, sizeof question, TALK_FOREVER)) {
        const int64_t now_ms = talk_now_ms();
        const bool grants = now_ms >= lease.end_ms || lease.holder == question.client;
        if (grants) {
            lease = (struct lease){question.client, now_ms + LEASE_MS};
#ifndef PLANTED
            must(pwrite(file, &lease, sizeof lease, 0) == sizeof lease && fsync(file) == 0);
#endif
        }
        question.kind = grants ? GRANTED : REFUSED;
        answer(descriptor, &question);
    }
    close(file);
    return 0;
}

/* Leads for one lease, which counts from when it asked. */
int tenant_main(int argc, char **argv) {
    (void)argc;
    const int descriptor = talk_open();
    struct question question = {.client = (uint32_t)atoi(argv[1])};
    int64_t end_ms = 0;
    while (talk_now_ms() >= end_ms) {
        talk_sleep(PAUSE_MS);
        const int64_t asked_ms = talk_now_ms();
        ask(descriptor, &question);
        end_ms = question.kind == GRANTED ? asked_ms + LEASE_MS : 0;
    }
    sim_count("leaders", 1);
    talk_sleep(end_ms - talk_now_ms());
    sim_count("leaders", -1);
    sim_count("has led", 1);
    close(descriptor);
    return 0;
}

/* ---- bookings ---- */

#define BOOKINGS 6
#define AMOUNT 10

struct booking {
    int32_t number;
    int32_t taken;
    char purpose[700];
    int32_t given;
};

static bool is_whole(const struct booking *booking, ssize_t size) {
#ifdef PLANTED
    (void)booking;
    return size > 0;
#else
    return size == sizeof *booking && booking->given == booking->taken;
#endif
}

/* The number of the last booking; the journal stands behind it. */
static int replay(int journal) {
    int number = 0;
    int64_t missing = 0;
    for (off_t at = 0;; at += (off_t)sizeof(struct booking)) {
        struct booking booking = {0};
        const ssize_t size = pread(journal, &booking, sizeof booking, at);
        if (!is_whole(&booking, size)) {
            must(ftruncate(journal, at) == 0 && lseek(journal, at, SEEK_SET) == at);
            break;
        }
        number = booking.number;
        missing += booking.taken - booking.given;
    }
    sim_count("missing", missing);
    return number;
}

int bank_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int journal = open_file("journal");
    for (int number = replay(journal) + 1; number <= BOOKINGS; number++) {
        struct booking booking = {.number = number, .taken = AMOUNT, .given = AMOUNT};
        memset(booking.purpose, 'x', sizeof booking.purpose);
        must(write(journal, &booking, sizeof booking) == sizeof booking);
        must(fsync(journal) == 0);
        talk_sleep(2);
    }
    sim_count("closed", 1);
    close(journal);
    return 0;
}

SIM_SCENARIO(world) {
    const uint32_t keeper = sim_node(world, "keeper", "keeper_main", NULL);
    sim_node_daemon(world, keeper);
    sim_node(world, "writer", "writer_main", NULL);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_US(300), SIM_MS(1));
    sim_crash(world, keeper, SIM_MS(1), SIM_MS(2), SIM_FILES_SYNCED);
    sim_fault_until(world, SIM_MS(30));
    sim_limit_time(world, SIM_S(60));
    sim_always(world, "what was confirmed is there", "lost", sim_equal(0));
    sim_finally(world, "each value is confirmed", "confirmed", sim_equal(VALUES));
}
