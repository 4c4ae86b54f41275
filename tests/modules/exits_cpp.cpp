// pthread_exit in C++: destructors run, catch (...) sees it pass, thread_locals come last.
//
// Planted bug (PLANTED): a catch (...) that keeps it.
#include <cassert>
#include <pthread.h>
#include <sched.h>
#include <stdexcept>
#include <thread>

#include "sim/scenario.h"

static int step;

struct local {
    int expected;
    explicit local(int value) : expected(value) {
    }
    ~local() {
        sched_yield();
        assert(step == expected);
        step = expected + 1;
    }
    void touch() {
    }
};

static thread_local local ends(12);

static void (*volatile leave)(void *) = pthread_exit; // compilers must not see it end here

static void __attribute__((noinline)) deep(int depth) {
    const local here(7 + depth); // the innermost one ends first
    if (depth > 0) {
        deep(depth - 1);
        sched_yield();
        return;
    }
    step = 7;
    leave(&step);
}

static void *body(void *) {
    ends.touch();
    try {
        const local outer(11);
        try {
            throw std::runtime_error("an ordinary one first");
        } catch (const std::runtime_error &) {
        }
        deep(3);
    } catch (...) {
        assert(step == 12);
#ifndef PLANTED
        throw;
#endif
    }
    return nullptr;
}

extern "C" int program(int, char **) {
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        void *result = nullptr;
        pthread_create(&thread, nullptr, body, nullptr);
        pthread_join(thread, &result);
        assert(result == &step && step == 13);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", nullptr);
}
