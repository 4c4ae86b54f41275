#include "scenarios/raft_witness.h"

#include <sys/random.h>

#include "scenarios/raft_rules.h"
#include "sim/scenario.h"

void raft_witness_leads(uint64_t term, uint32_t node) {
    sim_invoke("leaders", SIM_ACQUIRE, (int64_t)term, (int64_t)node + 1);
    sim_return(SIM_DONE, 0);
}

static void swear(const char *object, uint64_t key, uint64_t sum) {
    const int64_t value = (int64_t)(sum >> 1 | 1); /* is not 0, not negative */

    sim_invoke_compare(object, (int64_t)key, 0, value);
    sim_return(SIM_UNKNOWN, 0);
    sim_invoke(object, SIM_READ, (int64_t)key, 0);
    sim_return(SIM_DONE, value);
}

void raft_witness_has(uint64_t term, uint64_t index, uint64_t sum) {
    swear("entries", term * (RAFT_LOG_MAX + 1) + index, sum);
}

void raft_witness_applies(uint64_t index, uint64_t sum) {
    swear("applied", index, sum);
}

uint64_t raft_witness_draw(uint64_t bound) {
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        sim_fail("there are no random numbers");
    }
    return number % bound;
}

void raft_witness_weak_moment(const char *mark, uint32_t of) {
    if (raft_witness_draw(of) == 0) {
        sim_mark(mark);
    }
}
