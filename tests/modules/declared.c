/* Worlds that cannot be, each of which is refused with a sentence. WHAT says which. */
#include <stddef.h>

#include "sim/scenario.h"

#define DAEMON 1
#define PARTITION_NODE 2
#define PARTITION_TIME 3
#define RESET_NODE 4
#define LOSS 5
#define STACK 6
#define POINTS 7
#define TIME 8
#define HEAP 9
#define BOUND 10
#define COUNTER 11
#define SENTENCE 12
#define NAME 13
#define ALWAYS 14
#define FAIL 15
#define RESET_LASTS 16

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    return 0;
}

static void declare(struct sim_world *world) {
    const struct sim_bound none = {.comparison = 0};
    switch (WHAT) {
    case DAEMON:
        sim_node_daemon(world, 99);
        break;
    case PARTITION_NODE:
        sim_partition(world, 1, 2, 0, SIM_FOREVER);
        break;
    case PARTITION_TIME:
        sim_partition(world, 1, SIM_ANY, SIM_MS(2), SIM_MS(1));
        break;
    case RESET_NODE:
        sim_reset(world, 7, 1, 0);
        break;
    case LOSS:
        sim_link_loss(world, 2000000, 0);
        break;
    case STACK:
        sim_stack(world, 1);
        break;
    case POINTS:
        sim_limit_points(world, 0);
        break;
    case TIME:
        sim_limit_time(world, 0);
        break;
    case HEAP:
        sim_limit_heap(world, 0);
        break;
    case BOUND:
        sim_always(world, "it is bounded", "a", none);
        break;
    case COUNTER:
        sim_always(world, "it counts", NULL, sim_equal(0));
        break;
    case SENTENCE:
        sim_always(world, NULL, "a", sim_equal(0));
        break;
    case NAME:
        sim_node(world, NULL, NULL, NULL);
        break;
    case ALWAYS:
        sim_always(world, "there is one", "a", sim_equal(1));
        break;
    case RESET_LASTS:
        sim_reset(world, 1, SIM_ANY, 0);
        sim_fault_lasts(world, 1, 2);
        break;
    case FAIL:
        sim_fail("it is no run");
    }
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    declare(world);
}
