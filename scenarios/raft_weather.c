/* Chance decides what the network does to the nodes: this tells it by marks, at which a world's
 * faults begin and end.
 *
 *   calm ──a while──► "isolate 1" ──perhaps "hush 0 2", "reset 1 2"──► a while ──► "calm" …
 *
 *   raft_weather COUNT STORMS        COUNT nodes; after so many storms it stays calm
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scenarios/raft_rules.h"
#include "scenarios/raft_witness.h"
#include "sim/scenario.h"

#define CALM_NS (30 * RAFT_MS)
#define STORM_NS (50 * RAFT_MS)

static void pass(uint64_t at_least_ns, uint64_t spread_ns) {
    const uint64_t wait_ns = at_least_ns + raft_witness_draw(spread_ns);

    nanosleep(&(const struct timespec){.tv_nsec = (long)wait_ns}, NULL);
}

static void strike(uint32_t count) {
    const uint32_t first = (uint32_t)raft_witness_draw(count);
    const uint32_t second = (first + 1 + (uint32_t)raft_witness_draw(count - 1)) % count;
    const uint32_t low = first < second ? first : second, high = first + second - low;
    char mark[32];

    switch (raft_witness_draw(5)) {
    case 0:
        snprintf(mark, sizeof mark, "hush %u %u", first, second);
        break;
    case 1:
        snprintf(mark, sizeof mark, "reset %u %u", low, high);
        break;
    case 2:
        snprintf(mark, sizeof mark, "crash %u", first);
        break;
    default:
        snprintf(mark, sizeof mark, "isolate %u", first);
    }
    sim_mark(mark);
}

int raft_weather(int argc, char **argv) {
    const uint32_t count = (uint32_t)atoi(argv[1]), storms = (uint32_t)atoi(argv[2]);

    (void)argc;
    for (uint32_t storm = 0; storm < storms; storm++) {
        pass(5 * RAFT_MS, CALM_NS);
        for (uint64_t left = 1 + raft_witness_draw(3); left > 0; left--) {
            strike(count);
            pass(RAFT_MS, 10 * RAFT_MS);
        }
        pass(RAFT_MS, STORM_NS);
        sim_mark("calm");
    }
    return 0;
}
