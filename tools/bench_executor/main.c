/* What the executor costs beside the limits of this machine and beside its peers. */
#include <stdio.h>

#include "tools/bench_executor/deadline.h"
#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/own.h"
#include "tools/bench_executor/peer.h"
#include "tools/bench_executor/request.h"
#include "tools/bench_executor/row.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct row own[] = {
    {"task", "bytes", OWN_TASKS_LIVE, 0, own_task, "<= 88", NULL},
    {"yield_1", "ns", 4000000, 1, own_yield_1, NULL, "<= 45"},
    {"yield_100k", "ns", 2000000, OWN_TASKS_MANY, own_yield_100k, "<= 3 times yield_1", NULL},
    {"spawn_run", "ns", 2048000, OWN_SPAWN_BATCH, own_spawn_run, NULL, "<= 80"},
    {"spawn_await", "ns", 2000000, 1, own_spawn_await, NULL, "<= 120"},
    {"slot_round", "ns", 1000000, 1, own_slot_round, NULL, "<= 150"},
    {"chan1_round", "ns", 1000000, 1, own_channel_round, NULL, "<= 300"},
    {"chan128", "ns", 4096000, 128, own_channel_pass, NULL, "<= 60"},
    {"mutex", "ns", 4096000, 128, own_mutex_local, "<= 3", "<= 40"},
    {"mutex_shared", "ns", 2048000, 128, own_mutex_shared, NULL, "<= 60"},
    {"semaphore", "ns", 4096000, 128, own_semaphore_local, NULL, "<= 50"},
    {"semaphore_shared", "ns", 2048000, 128, own_semaphore_shared, NULL, "<= 60"},
    {"oneshot_round", "ns", 1000000, 1, own_oneshot_round, NULL, NULL},
    {"wake_leaf_1", "ns", 4000000, 1, own_wake_leaf_1, NULL, "<= 50"},
    {"wake_leaf_8", "ns", 4000000, 1, own_wake_leaf_8, "as wake_leaf_1, +- 10 %", "<= 50"},
    {"wake_leaf_64", "ns", 4000000, 1, own_wake_leaf_64, "as wake_leaf_1, +- 10 %", "<= 50"},
    {"fiber_switch", "ns", 8000000, 2, own_fiber_switch, NULL, "<= 22"},
    {"fiber_resume", "ns", 8000000, 2, own_fiber_resume, NULL, NULL},
    {"fiber_yield", "ns", 2000000, 1, own_fiber_yield, "<= 12", NULL},
    {"fiber_create", "ns", 1000000, 1, own_fiber_create, "<= 60", NULL},
    {"nested_stream", "ns", 1000000, 1, own_nested_stream, NULL, "<= 240"},
    {"nested_generator", "ns", 1000000, 1, own_nested_generator, NULL, NULL},
    {"timer_insert", "ns", DEADLINE_TIMERS, 0, own_timer_insert, "<= 20", NULL},
    {"timer_insert_1k", "ns", 1000 * OWN_TIMERS_FEW, 0, own_timer_insert_1k, "<= 20", NULL},
    {"timer_cancel", "ns", DEADLINE_TIMERS, 0, own_timer_cancel, "<= 15", NULL},
    {"timer_cancel_1k", "ns", 1000 * OWN_TIMERS_FEW, 0, own_timer_cancel_1k, "<= 15", NULL},
    {"timer_fire", "ns", DEADLINE_TIMERS, 0, own_timer_fire, "<= 200", NULL},
    {"timer_fire_1k", "ns", OWN_TIMERS_FEW, 0, own_timer_fire_1k, "<= 200", NULL},
    {"io_ping", "ns", 100000, 1, own_io_ping, NULL, NULL},
    {"io_echo_64", "ns", 1600 * OWN_IO_CONNECTIONS, OWN_IO_CONNECTIONS, own_io_echo_64, NULL, NULL},
    {"mt_yield", "ns", 2000 * OWN_THREADS_TASKS, 0, own_mt_yield, "<= 2.5 times yield_1", NULL},
    {"mt_spawn",
     "ns",
     2000 * OWN_SPAWN_BATCH,
     400 * OWN_SPAWN_BATCH, /* by which a theft more or less is little */
     own_mt_spawn,
     "<= 2.5 times spawn_await",
     "<= 2.5 times spawn_await"},
};

static const struct row limits[] = {
    {"limit_yield_1", "ns", 4000000, 1, limit_yield_1, NULL, NULL},
    {"limit_yield_100k", "ns", 2000000, LIMIT_TASKS_MANY, limit_yield_100k, NULL, NULL},
    {"limit_spawn_run", "ns", 2048000, LIMIT_SPAWN_BATCH, limit_spawn_run, NULL, NULL},
    {"limit_spawn_await", "ns", 2000000, 1, limit_spawn_await, NULL, NULL},
    {"limit_slot_round", "ns", 1000000, 1, limit_slot_round, NULL, NULL},
    {"limit_wake_leaf_1", "ns", 4000000, 1, limit_wake_leaf_1, NULL, NULL},
    {"limit_wake_leaf_8", "ns", 4000000, 1, limit_wake_leaf_8, NULL, NULL},
    {"limit_wake_leaf_64", "ns", 4000000, 1, limit_wake_leaf_64, NULL, NULL},
    {"limit_fiber_switch", "ns", 8000000, 2, limit_fiber_switch, NULL, NULL},
    {"limit_timer_insert", "ns", 1000000, 250000, limit_timer_insert, NULL, NULL},
    {"limit_timer_cancel", "ns", 1000000, 250000, limit_timer_cancel, NULL, NULL},
    {"limit_timer_fire", "ns", 1000000, 250000, limit_timer_fire, NULL, NULL},
    {"limit_nested_stream", "ns", 2000000, 1, limit_nested_stream, NULL, NULL},
    {"limit_io_ping", "ns", 100000, 1, limit_io_ping, NULL, NULL},
    {"limit_io_echo_64",
     "ns",
     1600 * LIMIT_IO_CONNECTIONS,
     LIMIT_IO_CONNECTIONS,
     limit_io_echo_64,
     NULL,
     NULL},
};

int main(int argc, char **argv) {
    struct row_request request;
    int status = 0;
    if (!request_parse(argc, argv, &request, &status)) {
        return status;
    }
    const int ran = row_run(own, COUNT(own), "", &request);
    const int ran_limits = ran < 0 ? -1 : row_run(limits, COUNT(limits), "", &request);
    if (ran_limits < 0) {
        return REQUEST_FAILED;
    }
    if (peer_run(&request, argv, &status) == 0 && ran + ran_limits == 0) {
        return request_unknown(&request);
    }
    return status;
}
