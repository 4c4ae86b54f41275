/* An arbiter leases the right to lead, to one of two candidates at a time.
 *
 * A candidate asks, leads, renews TERMS times at half of the time, and lets the lease end; then the
 * other one gets it. Planted bug (PLANTED): the candidate counts the lease from when the answer
 * arrived. The arbiter counts it from when it answered:
 *   1  the first one renews; the arbiter's answer is late, and its old lease ends
 *   2  the answer arrives: it leads again, for a whole lease
 *   3  the arbiter's lease ends, the second one asks and leads too
 * The correct one counts from when it asked, which is before the arbiter answered (Gray, Cheriton:
 * "Leases: an efficient fault-tolerant mechanism for distributed file cache consistency", 1989).
 */
#include <stdlib.h>

#include "scenarios/net_talk.h"

#define LEASE_MS 20
#define TERMS 2
#define PAUSE_MS 4

enum kind {
    ASK = 1,
    GRANTED,
    REFUSED,
};

struct message {
    uint32_t kind;
    uint32_t candidate; /* who asks, from 0 */
    uint32_t number;    /* of the question */
};

static const char *const arbiter = "10.0.0.1";
static const char *const candidates[] = {"10.0.0.2", "10.0.0.3"};

int arbiter_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_open();
    struct talk_lease lease = {0};
    struct message message;
    while (talk_hear(descriptor, &message, sizeof message, TALK_FOREVER)) {
        message.kind = talk_grant(&lease, message.candidate, LEASE_MS) ? GRANTED : REFUSED;
        talk_send(descriptor, &message, sizeof message, candidates[message.candidate]);
    }
    return 0;
}

struct candidate {
    int descriptor;
    bool leads;
    struct message question;
    int64_t asked_ms;
    int64_t end_ms; /* of its lease, as far as it knows */
};

static void lead(struct candidate *self, bool leads) {
    if (self->leads != leads) {
        self->leads = leads;
        sim_count("leaders", leads ? 1 : -1);
    }
}

static void ask(struct candidate *self) {
    self->question.kind = ASK;
    self->question.number++;
    self->asked_ms = talk_now_ms();
    talk_send(self->descriptor, &self->question, sizeof self->question, arbiter);
}

/* Stays what it is until it has the answer to the last question; leads no longer than its lease.
 * Returns whether it was granted. */
static bool await_answer(struct candidate *self) {
    for (;;) {
        struct message answer;
        const int64_t within_ms = self->leads ? self->end_ms - talk_now_ms() : TALK_FOREVER;
        if (!talk_hear(self->descriptor, &answer, sizeof answer, within_ms)) {
            lead(self, false);
        } else if (answer.number == self->question.number) {
#ifdef PLANTED
            self->end_ms = talk_now_ms() + LEASE_MS;
#else
            self->end_ms = self->asked_ms + LEASE_MS;
#endif
            lead(self, answer.kind == GRANTED && talk_now_ms() < self->end_ms);
            return answer.kind == GRANTED;
        }
    }
}

int candidate_main(int argc, char **argv) {
    (void)argc;
    struct candidate self = {.descriptor = talk_open(),
                             .question.candidate = (uint32_t)atoi(argv[1])};
    for (ask(&self); !await_answer(&self); ask(&self)) {
        talk_sleep(PAUSE_MS);
    }
    for (int term = 0; term < TERMS && self.leads; term++) {
        talk_sleep(LEASE_MS / 2);
        ask(&self);
        await_answer(&self);
    }
    const int64_t left_ms = self.end_ms - talk_now_ms();
    if (self.leads && left_ms > 0) {
        talk_sleep(left_ms);
    }
    lead(&self, false);
    sim_count("has led", 1);
    close(self.descriptor);
    return 0;
}

SIM_SCENARIO(world) {
    static const char *const first[] = {"0", NULL};
    static const char *const second[] = {"1", NULL};
    sim_node_daemon(world, sim_node(world, "arbiter", "arbiter_main", NULL));
    sim_node(world, "first", "candidate_main", first);
    sim_node(world, "second", "candidate_main", second);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_MS(1), SIM_MS(4));
    sim_limit_time(world, SIM_S(60));
    sim_always(world, "at most one leads", "leaders", sim_at_most(1));
    sim_finally(world, "each has led", "has led", sim_equal(2));
}
