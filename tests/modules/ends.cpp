// What runs when a thread ends, in glibc's order: thread_locals, last one first, then keys.
#include <cassert>
#include <pthread.h>
#include <thread>

#include "sim/scenario.h"

static pthread_key_t key;
static int step;

struct last {
    ~last() {
        assert(step == 2);
        step = 3;
    }
    void touch() {
    }
};

struct first {
    ~first() {
        assert(step == 1);
        assert(pthread_getspecific(key) != nullptr);
        step = 2;
    }
    void touch() {
    }
};

static thread_local last made_first;
static thread_local first made_last;

static void destroy(void *value) {
    assert(step == 3 && value == &step);
    step = 4;
}

static void body() {
    made_first.touch();
    made_last.touch();
    pthread_setspecific(key, &step);
    step = 1;
}

extern "C" int program(int, char **) {
    pthread_key_create(&key, destroy);
    for (int i = 0; i < 3; i++) {
        std::thread thread(body);
        thread.join();
        assert(step == 4);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", nullptr);
}
