/* membarrier(2): what is asked, registered and refused. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/scenario.h"

static int heard;

static long membarrier(int command, unsigned flags) {
    return syscall(SYS_membarrier, command, flags, 0);
}

static void *listen(void *unused) {
    (void)unused;
    __atomic_store_n(&heard, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void others_run_meanwhile(void) {
    pthread_t listener;
    assert(pthread_create(&listener, NULL, listen, NULL) == 0);
    assert(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == 0);
    if (__atomic_load_n(&heard, __ATOMIC_RELAXED) != 0) {
        sim_count("heard", 1);
    }
    pthread_join(listener, NULL);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const long wanted = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
                        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    assert((membarrier(MEMBARRIER_CMD_QUERY, 0) & wanted) == wanted);
    assert(membarrier(MEMBARRIER_CMD_QUERY, 1) == -1 && errno == EINVAL);
    assert(membarrier(1 << 20, 0) == -1 && errno == EINVAL);
    assert(membarrier(-1, 0) == -1 && errno == EINVAL);
    assert(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == -1 && errno == EPERM);
    assert(membarrier(MEMBARRIER_CMD_GLOBAL, 0) == 0);
    assert(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0) == 0);
    assert(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0) == 0);
    assert(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1) == -1 && errno == EINVAL);
    others_run_meanwhile();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_sometimes(world, "a thread runs during the barrier", "heard", sim_at_least(1));
}
