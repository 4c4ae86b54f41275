/* A replicated log of three nodes (Raft), two clients, and weather.
 *
 *   weather   marks: isolate, hush, reset, crash, calm
 *   nodes     marks: leads, commits: cut off then, what it has begun is known to some of the others
 *                    has voted: fails then, and starts again at once
 *
 * A node that fails has lost what it did not synchronise, or any part of it.
 *
 * Clients reach every node at any time: a leader that is cut off from the other nodes is asked,
 * too.
 */
#include <stdio.h>

#include "scenarios/raft_rules.h"
#include "sim/scenario.h"

#define NODES 3
#define CLIENTS 2

struct nodes {
    uint32_t at[NODES];
    uint32_t weather, calm;
};

static uint32_t weather_mark(struct sim_world *world,
                             const struct nodes *nodes,
                             const char *format,
                             uint32_t first,
                             uint32_t second) {
    char name[32];

    snprintf(name, sizeof name, format, first, second);
    return sim_on_mark(world, nodes->weather, name, SIM_EACH);
}

/* A node is cut off from the others at this occasion. */
static void isolate(struct sim_world *world,
                    const struct nodes *nodes,
                    uint32_t node,
                    uint32_t occasion,
                    uint64_t lasts_ns) {
    for (uint32_t other = 0; other < NODES; other++) {
        if (other != node) {
            sim_partition(world, nodes->at[node], nodes->at[other], 0, SIM_FOREVER);
            sim_fault_on(world, occasion, lasts_ns, lasts_ns == 0 ? nodes->calm : 0);
        }
    }
}

static void declare_weather(struct sim_world *world, const struct nodes *nodes) {
    for (uint32_t first = 0; first < NODES; first++) {
        isolate(world, nodes, first, weather_mark(world, nodes, "isolate %u", first, 0), 0);
        for (uint32_t second = 0; second < NODES; second++) {
            if (second != first) {
                sim_partition_one_way(world, nodes->at[first], nodes->at[second], 0, SIM_FOREVER);
                sim_fault_on(world,
                             weather_mark(world, nodes, "hush %u %u", first, second),
                             0,
                             nodes->calm);
            }
            if (second > first) {
                sim_reset(world, nodes->at[first], nodes->at[second], 0);
                sim_fault_on(world, weather_mark(world, nodes, "reset %u %u", first, second), 0, 0);
            }
        }
        sim_crash(world, nodes->at[first], 0, SIM_MS(8), SIM_FILES_TORN);
        sim_fault_on(world, weather_mark(world, nodes, "crash %u", first, 0), 0, 0);
        sim_crash(world, nodes->at[first], 0, SIM_MS(1), SIM_FILES_SYNCED);
        sim_fault_on(world, sim_on_mark(world, nodes->at[first], "has voted", SIM_EACH), 0, 0);
        isolate(world,
                nodes,
                first,
                sim_on_mark(world, nodes->at[first], "leads", SIM_EACH),
                SIM_MS(45));
        isolate(world,
                nodes,
                first,
                sim_on_mark(world, nodes->at[first], "commits", SIM_EACH),
                SIM_MS(45));
    }
}

static void declare_properties(struct sim_world *world) {
    sim_linearizable(world, "the log is like one register a key", "kv", SIM_REGISTER);
    sim_linearizable(world, "a term has at most one leader", "leaders", SIM_LOCK);
    sim_linearizable(world, "logs with one term at an index match", "entries", SIM_REGISTER);
    sim_linearizable(world, "an index is applied everywhere as one", "applied", SIM_REGISTER);
    sim_finally(world, "each client is served", "clients served", sim_equal(CLIENTS));
    sim_sometimes(world, "a leader is replaced", "leaders replaced", sim_at_least(1));
    sim_sometimes(world,
                  "who was cut off leads and commits",
                  "commits after a heal",
                  sim_at_least(1));
    sim_sometimes(world, "a node remembers", "recoveries", sim_at_least(1));
    sim_sometimes(world, "a log is cut", "logs cut", sim_at_least(1));
    sim_sometimes(world,
                  "a command is twice in the log",
                  "commands twice in the log",
                  sim_at_least(1));
}

SIM_SCENARIO(world) {
    struct nodes nodes;
    char name[16], number[4];

    for (uint32_t i = 0; i < NODES; i++) {
        snprintf(name, sizeof name, "node-%u", i);
        snprintf(number, sizeof number, "%u", i);
        nodes.at[i] =
            sim_node(world, name, "raft_server", (const char *const[]){number, "3", NULL});
        sim_node_daemon(world, nodes.at[i]);
    }
    nodes.weather =
        sim_node(world, "weather", "raft_weather", (const char *const[]){"3", "6", NULL});
    sim_node_daemon(world, nodes.weather);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        snprintf(name, sizeof name, "client-%u", i);
        snprintf(number, sizeof number, "%u", i);
        sim_node(world, name, "raft_client", (const char *const[]){number, "3", "12", NULL});
    }
    nodes.calm = sim_on_mark(world, nodes.weather, "calm", SIM_EACH);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_US(200), SIM_MS(5));
    declare_weather(world, &nodes);
    declare_properties(world);
    sim_limit_time(world, SIM_S(20));
}
