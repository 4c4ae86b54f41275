/* Creates a thread with one attribute that is not simulated. WHAT says which. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "sim/scenario.h"

static char stack[1 << 17] __attribute__((aligned(4096)));

#define OWN_STACK pthread_attr_setstack(&attributes, stack, sizeof stack)
#define STACK_SIZE pthread_attr_setstacksize(&attributes, 16 << 20)
#define GUARD pthread_attr_setguardsize(&attributes, 65536)
#define POLICY                                                                                     \
    (pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED),                            \
     pthread_attr_setschedpolicy(&attributes, SCHED_FIFO))

static void *nothing(void *unused) {
    return unused;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_attr_t attributes;
    pthread_t thread;
    (void)stack;
    pthread_attr_init(&attributes);
    (void)(WHAT);
    pthread_create(&thread, &attributes, nothing, NULL);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
