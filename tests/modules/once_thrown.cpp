// An initialiser that throws has not run: the next one who asks runs it again.
#include <cassert>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <vector>

#include "sim/scenario.h"

static pthread_once_t control = PTHREAD_ONCE_INIT;
static std::once_flag flag;
static int attempts;
static int successes;
static int flagged;

static void initialise() {
    attempts++;
    std::this_thread::yield();
    if (attempts < 3) {
        throw std::runtime_error("not yet");
    }
    std::this_thread::yield();
    successes++;
}

static void use() {
    for (bool again = true; again;) {
        try {
            pthread_once(&control, initialise);
            again = false;
        } catch (const std::runtime_error &) {
        }
    }
    assert(successes == 1 && attempts == 3);
    std::call_once(
        flag,
        [](int by) { flagged += by; },
        7);
    assert(flagged == 7);
}

extern "C" int program(int, char **) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back(use);
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", nullptr);
}
