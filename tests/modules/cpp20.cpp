// What C++20 has for threads, at work together; every part asserts for itself.
//
// What is waited for through std::atomic is static: libstdc++ counts waiters by the low bits of
// their addresses, which on a stack differ between back ends.
//
// Planted bug (PLANTED): a semaphore lets one too many in.
#include <atomic>
#include <barrier>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "sim/scenario.h"

namespace {

constexpr int threads = 3;

// ---- a queue of mutex and condition variable, fed until it is told to stop ----

class channel {
  public:
    void push(int value) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            values_.push_back(value);
        }
        changed_.notify_one();
    }

    bool pop(std::stop_token stop, int &value) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return !values_.empty(); })) {
            return false;
        }
        value = values_.front();
        values_.pop_front();
        return true;
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<int> values_;
};

void channels() {
    static channel values;
    static std::atomic<int> sum{0};
    static std::atomic<int> left{0};
    {
        std::vector<std::jthread> consumers;
        for (int i = 0; i < threads; i++) {
            consumers.emplace_back([&](std::stop_token stop) {
                int value = 0;
                while (values.pop(stop, value)) {
                    sum += value;
                    left.fetch_sub(1);
                    left.notify_all();
                }
            });
        }
        left = 6;
        for (int i = 1; i <= 6; i++) {
            values.push(i);
        }
        for (int seen = left; seen != 0; seen = left) {
            left.wait(seen);
        }
    } // each jthread is asked to stop, and joined
    assert(sum == 21);
}

// ---- semaphore, latch, barrier, atomic wait ----

void semaphores() {
#ifdef PLANTED
    static std::counting_semaphore<3> places(3);
#else
    static std::counting_semaphore<2> places(2);
#endif
    static std::atomic<int> inside{0};
    static std::latch ready(threads);
    std::vector<std::thread> users;
    for (int i = 0; i < threads; i++) {
        users.emplace_back([&] {
            ready.arrive_and_wait();
            for (int round = 0; round < 3; round++) {
                places.acquire();
                assert(++inside <= 2);
                std::this_thread::yield();
                --inside;
                places.release();
            }
        });
    }
    for (std::thread &user : users) {
        user.join();
    }
    assert(places.try_acquire() && places.try_acquire() && !places.try_acquire());
    assert(!places.try_acquire_for(std::chrono::milliseconds(5)));
    static std::binary_semaphore once(0);
    std::jthread giver([&] { once.release(); });
    once.acquire();
}

void barriers() {
    static std::atomic<int> phases{0};
    const auto count = []() noexcept { phases++; };
    static std::barrier<decltype(count)> meet(threads, count);
    std::vector<std::jthread> group;
    for (int i = 0; i < threads; i++) {
        group.emplace_back([] {
            for (int round = 0; round < 3; round++) {
                std::this_thread::yield();
                assert(phases == round); // nobody goes on without this thread
                meet.arrive_and_wait();
                assert(phases > round);
            }
        });
    }
}

void flags() {
    static std::atomic<bool> open{false};
    static std::atomic_flag passed = ATOMIC_FLAG_INIT;
    std::jthread waiter([&] {
        open.wait(false);
        assert(open);
        passed.test_and_set();
        passed.notify_one();
    });
    open = true;
    open.notify_one();
    passed.wait(false);
    assert(passed.test());
}

// ---- call_once, async, promises ----

void results() {
    std::once_flag flag;
    std::atomic<int> runs{0};
    std::vector<std::future<int>> futures;
    for (int i = 0; i < threads; i++) {
        futures.push_back(std::async(std::launch::async, [&, i] {
            std::call_once(flag, [&] {
                std::this_thread::yield();
                runs++;
            });
            assert(runs == 1);
            if (i == 1) {
                throw std::runtime_error("one fails");
            }
            return i * i;
        }));
    }
    assert(futures[0].get() == 0 && futures[2].get() == 4);
    bool thrown = false;
    try {
        futures[1].get();
    } catch (const std::runtime_error &error) {
        thrown = std::string(error.what()) == "one fails";
    }
    assert(thrown);
    std::promise<int> promise;
    std::future<int> answer = promise.get_future();
    assert(answer.wait_for(std::chrono::milliseconds(3)) == std::future_status::timeout);
    std::jthread keeper([&] { promise.set_value(42); });
    assert(answer.get() == 42);
}

// ---- thread_local with a destructor, readers and writers, timed waits ----

std::atomic<int> alive{0};

struct counted {
    counted() {
        alive++;
    }
    ~counted() {
        std::this_thread::yield(); // a point inside of a destructor
        alive--;
    }
    std::vector<int> seen;
};

thread_local counted mine;

void locals() {
    std::vector<std::thread> group;
    for (int i = 0; i < threads; i++) {
        group.emplace_back([i] {
            mine.seen.push_back(i);
            std::this_thread::yield();
            assert(mine.seen.size() == 1 && mine.seen[0] == i);
        });
    }
    for (std::thread &thread : group) {
        thread.join();
    }
    assert(alive == 0);
}

void timed() {
    std::timed_mutex busy;
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock<std::timed_mutex> held(busy);
    std::thread other([&] { assert(!busy.try_lock_for(std::chrono::milliseconds(2))); });
    other.join();
    std::unique_lock<std::mutex> lock(mutex);
    const auto start = std::chrono::steady_clock::now();
    const auto due = start + std::chrono::milliseconds(7);
    assert(!never.wait_until(lock, due, [] { return false; }));
    assert(std::chrono::steady_clock::now() >= due);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    assert(std::chrono::steady_clock::now() - start >= std::chrono::seconds(1));
    std::shared_mutex shared;
    int value = 0;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; i++) {
        readers.emplace_back([&] {
            const std::shared_lock<std::shared_mutex> read(shared);
            const int before = value;
            std::this_thread::yield();
            assert(value == before);
        });
    }
    const std::lock_guard<std::shared_mutex> write(shared);
    value++;
    std::this_thread::yield();
    value++;
}

} // namespace

extern "C" int program(int, char **) {
    channels();
    semaphores();
    barriers();
    flags();
    results();
    locals();
    timed();
    sim_count("done", 1);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", nullptr);
    sim_finally(world, "everything was done", "done", sim_equal(1));
}
