// Dirties what a reset must clean: stdio, strtok, the environment, localtime, a static local,
// thread_locals, the heap, random numbers, signals. Each step first counts what it finds, so that a
// run that finds another run's dirt has another fingerprint.
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "sim/scenario.h"

namespace {

struct tracked {
    explicit tracked(const char *name) : constructed(name) {
    }
    std::string constructed;
};

thread_local int visits = 0;
thread_local std::vector<int> history;
// in the block of the thread, with a value, a relocation and nothing
__attribute__((tls_model("initial-exec"))) thread_local int early = 41;
thread_local const char *word = "word";
thread_local char zeros[300];

void stdio_dirty() {
    static char buffer[256];
    sim_count("position", std::ftell(stdout));
    std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    std::printf("left in the buffer");
    std::ungetc('x', stdin);
}

void strtok_dirty() {
    static char text[] = "a,b,c";
    sim_count("comma", text[1] == ',' ? 1 : 0);
    std::strtok(text, ","); // keeps where it is
}

void environment_dirty() {
    sim_count("variable", std::getenv("DIRTY") == nullptr ? 0 : 1);
    setenv("DIRTY", "yes", 1);
    unsetenv("HOME");
}

void time_dirty() {
    const std::time_t second = 86400 * 365;
    const std::tm *broken = std::gmtime(&second);
    sim_count("year", broken->tm_year);
    const std::time_t now = std::time(nullptr);
    sim_count("hour", std::localtime(&now)->tm_hour);
}

void statics_dirty() {
    static int calls = 0;
    static tracked once("once");
    sim_count("calls", ++calls);
    sim_count("length", static_cast<int64_t>(once.constructed.size()));
    once.constructed += "more";
}

void heap_dirty() {
    void *block = std::malloc(100);
    unsigned char *(*volatile hide)(void *) = [](void *bytes) {
        return static_cast<unsigned char *>(bytes); // reading it uninitialised is the point
    };
    sim_count("found", hide(block)[50]);
    sim_count("address", static_cast<int64_t>(reinterpret_cast<uintptr_t>(block) & 0xffff));
    std::memset(hide(block), 0xaa, 100); // and is never freed
    void *mapped = mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sim_count("mapped", static_cast<int64_t>(reinterpret_cast<uintptr_t>(mapped) & 0xffffff));
}

void chance_dirty() {
    std::srand(1);
    sim_count("rand", std::rand());
    std::signal(SIGUSR1, SIG_IGN);
    sim_count("pid", getpid());
}

void storage_dirty() {
    assert(early == 41 && errno == 0 && zeros[sizeof zeros - 1] == 0);
    assert(std::strcmp(word, "word") == 0);
    early++;
    word = "other";
    zeros[sizeof zeros - 1] = 1;
    errno = ENOENT;
}

void *thread(void *) {
    storage_dirty();
    sim_count("visits", ++visits);
    sim_count("history", static_cast<int64_t>(history.size()));
    history.push_back(visits);
    statics_dirty();
    return nullptr;
}

} // namespace

extern "C" int program(int, char **) {
    stdio_dirty();
    strtok_dirty();
    environment_dirty();
    time_dirty();
    statics_dirty();
    heap_dirty();
    chance_dirty();
    errno = 0; // what came before may have set it
    thread(nullptr);
    for (int i = 0; i < 3; i++) {
        pthread_t other;
        pthread_create(&other, nullptr, thread, nullptr);
        pthread_join(other, nullptr);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", nullptr);
}
