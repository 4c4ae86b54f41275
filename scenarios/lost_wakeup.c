/* A consumer waits on a condition variable for what a producer announces.
 *
 * Planted bug (PLANTED): the producer sets the flag without the mutex, so its signal can fall
 * between the consumer's check and its wait, and is lost:
 *   1  consumer checks ready: false      2  producer sets ready, signals: nobody waits
 *   3  consumer waits for ever
 */
#include <pthread.h>
#include <stdbool.h>

#include "sim/scenario.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ready;

static void *produce(void *unused) {
    (void)unused;
#ifdef PLANTED
    ready = true;
    pthread_cond_signal(&changed);
#else
    pthread_mutex_lock(&mutex);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
#endif
    return NULL;
}

static void *consume(void *unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    while (!ready) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    sim_count("consumed", 1);
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t producer;
    pthread_t consumer;
    pthread_create(&producer, NULL, produce, NULL);
    pthread_create(&consumer, NULL, consume, NULL);
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    sim_finally(world, "the item is consumed", "consumed", sim_equal(1));
}
