/* Two clerks move money between two accounts, each account with a lock of its own.
 *
 * Planted bug (PLANTED): each clerk locks the account it takes from first, so that two clerks who
 * move money in opposite directions wait for each other:
 *   1  clerk 1 locks A      2  clerk 2 locks B      3  each waits for the other's
 * The correct variant always locks the lower account first.
 */
#include <pthread.h>

#include "sim/scenario.h"

#define ROUNDS 3

struct account {
    pthread_mutex_t mutex;
    int balance;
};

static struct account accounts[2] = {
    {PTHREAD_MUTEX_INITIALIZER, 100},
    {PTHREAD_MUTEX_INITIALIZER, 100},
};

static void transfer(int from, int to, int amount) {
#ifdef PLANTED
    const int first = from;
#else
    const int first = from < to ? from : to;
#endif
    const int second = from + to - first;
    pthread_mutex_lock(&accounts[first].mutex);
    pthread_mutex_lock(&accounts[second].mutex);
    accounts[from].balance -= amount;
    accounts[to].balance += amount;
    pthread_mutex_unlock(&accounts[second].mutex);
    pthread_mutex_unlock(&accounts[first].mutex);
}

static void *clerk(void *direction) {
    const int from = direction != NULL;
    for (int i = 0; i < ROUNDS; i++) {
        transfer(from, 1 - from, 10);
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t clerks[2];
    pthread_create(&clerks[0], NULL, clerk, NULL);
    pthread_create(&clerks[1], NULL, clerk, &accounts);
    pthread_join(clerks[0], NULL);
    pthread_join(clerks[1], NULL);
    if (accounts[0].balance + accounts[1].balance != 200) {
        sim_fail("money is not conserved: %d", accounts[0].balance + accounts[1].balance);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "bank", "program", NULL);
}
