/* One way to end a run badly, chosen by WHAT: each verdict has a program that must get it. */
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#pragma GCC diagnostic ignored "-Wfree-nonheap-object"
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario.h"

#define NULL_POINTER 1
#define STACK_OVERFLOW 2
#define DOUBLE_FREE 3
#define WILD_FREE 4
#define ASSERTION 5
#define ABORT 6
#define EXIT_STATUS 7
#define HANG 8
#define NO_PROGRESS 9
#define DIVISION 10
#define SELF_LOCK 11
#define POINT_LIMIT 12
#define TIME_LIMIT 13
#define THREAD_LIMIT 14
#define HEAP_LIMIT 15
#define PASS 16

static volatile int zero;
static int *volatile nowhere;

static int overflow(int depth) {
    volatile char frame[512];
    memset((char *)(uintptr_t)frame, depth, sizeof frame);
    return overflow(depth + 1) + frame[depth % 512];
}

static void *nothing(void *unused) {
    return unused;
}

static void *misbehave(void *unused) {
    (void)unused;
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    char *volatile block = malloc(40);
    switch (WHAT) {
    case NULL_POINTER:
        printf("so far it came");
        return (void *)(intptr_t)*nowhere;
    case STACK_OVERFLOW:
        return (void *)(intptr_t)overflow(0);
    case DOUBLE_FREE:
        free(block);
        free(block);
        break;
    case WILD_FREE:
        free(block + 16);
        break;
    case ASSERTION:
        assert(zero == 1);
        break;
    case ABORT:
        abort();
    case EXIT_STATUS:
        exit(3);
    case HANG:
        while (zero == 0) {
        }
        break;
    case NO_PROGRESS:
    case POINT_LIMIT:
        for (;;) {
            sched_yield();
        }
    case DIVISION:
        return (void *)(intptr_t)(100 / zero);
    case SELF_LOCK:
        printf("this far it came\n");
        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&mutex);
        break;
    case TIME_LIMIT:
        for (;;) {
            sleep(1);
        }
    case THREAD_LIMIT:
        for (;;) {
            pthread_t thread;
            pthread_create(&thread, NULL, nothing, NULL);
            pthread_detach(thread);
        }
    case HEAP_LIMIT:
        do {
            block = malloc(1u << 20);
        } while (block != NULL);
        sim_fail("malloc said that there is no more memory");
        break;
    default:
        break;
    }
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t thread;
    pthread_create(&thread, NULL, misbehave, NULL);
    pthread_join(thread, NULL);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    if (WHAT == POINT_LIMIT) {
        sim_limit_points(world, 1000);
    } else if (WHAT == TIME_LIMIT) {
        sim_limit_time(world, SIM_S(60));
    } else if (WHAT == HEAP_LIMIT) {
        sim_limit_heap(world, 16u << 20);
    }
}
