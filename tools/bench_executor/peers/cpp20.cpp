/* C++20 coroutines on a hand-written FIFO: no runtime, but a second estimate of the limit, with
 * state machines that a compiler made. */
#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "tools/bench_executor/request.h"
#include "tools/bench_executor/row.h"

static constexpr uint64_t tasks_many = 100000;
static constexpr uint64_t spawn_batch = 256;

/* What is ready to run, linked through the frames of those who wait. */
struct link {
    link *next = nullptr;
    std::coroutine_handle<> frame;
};

static link *head, *tail;

static void push(link *node) {
    node->next = nullptr;
    (head == nullptr ? head : tail->next) = node;
    tail = node;
}

static void drain() {
    while (head != nullptr) {
        link *node = head;
        head = node->next;
        node->frame.resume();
    }
}

struct yield : link {
    bool await_ready() const noexcept {
        return false;
    }
    void await_suspend(std::coroutine_handle<> self) noexcept {
        frame = self;
        push(this);
    }
    void await_resume() const noexcept {
    }
};

/* A call: begins when it is awaited, and hands control straight back to its caller at the end. */
class [[nodiscard]] call {
  public:
    struct promise_type {
        std::coroutine_handle<> caller;
        uint64_t result = 0;

        call get_return_object() {
            return call{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept {
            return {};
        }
        auto final_suspend() noexcept {
            struct to_caller {
                bool await_ready() const noexcept {
                    return false;
                }
                std::coroutine_handle<>
                await_suspend(std::coroutine_handle<promise_type> self) noexcept {
                    return self.promise().caller;
                }
                void await_resume() const noexcept {
                }
            };
            return to_caller{};
        }
        void return_value(uint64_t value) noexcept {
            result = value;
        }
        void unhandled_exception() noexcept {
            std::abort();
        }
    };

    explicit call(std::coroutine_handle<promise_type> made) : frame(made) {
    }
    call(call &&other) noexcept : frame(std::exchange(other.frame, nullptr)) {
    }
    call(const call &) = delete;
    ~call() {
        if (frame) {
            frame.destroy();
        }
    }

    bool await_ready() const noexcept {
        return false;
    }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        frame.promise().caller = caller;
        return frame;
    }
    uint64_t await_resume() const noexcept {
        return frame.promise().result;
    }

  private:
    std::coroutine_handle<promise_type> frame;
};

/* A task that nobody awaits: frees itself at the end. */
struct detached {
    struct promise_type {
        link start;

        detached get_return_object() {
            start.frame = std::coroutine_handle<promise_type>::from_promise(*this);
            push(&start);
            return {};
        }
        std::suspend_always initial_suspend() noexcept {
            return {};
        }
        std::suspend_never final_suspend() noexcept {
            return {};
        }
        void return_void() noexcept {
        }
        void unhandled_exception() noexcept {
            std::abort();
        }
    };
};

/* A task that another awaits: each has its turn in the queue. */
class [[nodiscard]] spawned {
  public:
    struct promise_type {
        link start;
        link *awaiter = nullptr;
        uint64_t result = 0;

        spawned get_return_object() {
            start.frame = std::coroutine_handle<promise_type>::from_promise(*this);
            push(&start);
            return spawned{*this};
        }
        std::suspend_always initial_suspend() noexcept {
            return {};
        }
        std::suspend_always final_suspend() noexcept {
            if (awaiter != nullptr) {
                push(awaiter);
            }
            return {};
        }
        void return_value(uint64_t value) noexcept {
            result = value;
        }
        void unhandled_exception() noexcept {
            std::abort();
        }
    };

    explicit spawned(promise_type &made) : promise(made) {
    }
    spawned(const spawned &) = delete;
    ~spawned() {
        std::coroutine_handle<promise_type>::from_promise(promise).destroy();
    }

    bool await_ready() const noexcept {
        return promise.start.frame.done();
    }
    void await_suspend(std::coroutine_handle<> self) noexcept {
        awaiter.frame = self;
        promise.awaiter = &awaiter;
    }
    uint64_t await_resume() const noexcept {
        return promise.result;
    }

  private:
    promise_type &promise;
    link awaiter;
};

/* A channel of one slot; each end waits in its own frame. */
class slot {
  public:
    struct end : link {
        slot &of;
        explicit end(slot &which) : of(which) {
        }
    };

    struct sending : end {
        uint64_t value;
        sending(slot &which, uint64_t sent) : end(which), value(sent) {
        }
        bool await_ready() const noexcept {
            return !of.full;
        }
        void await_suspend(std::coroutine_handle<> self) noexcept {
            frame = self;
            of.sender = this;
        }
        void await_resume() noexcept {
            of.value = value;
            of.full = true;
            if (of.receiver != nullptr) {
                push(std::exchange(of.receiver, nullptr));
            }
        }
    };

    struct receiving : end {
        using end::end;
        bool await_ready() const noexcept {
            return of.full;
        }
        void await_suspend(std::coroutine_handle<> self) noexcept {
            frame = self;
            of.receiver = this;
        }
        uint64_t await_resume() noexcept {
            of.full = false;
            if (of.sender != nullptr) {
                push(std::exchange(of.sender, nullptr));
            }
            return of.value;
        }
    };

    sending send(uint64_t sent) {
        return {*this, sent};
    }
    receiving receive() {
        return receiving{*this};
    }

  private:
    uint64_t value = 0;
    bool full = false;
    link *sender = nullptr;
    link *receiver = nullptr;
};

static uint64_t timed_drain() {
    const uint64_t before = row_cpu_ns();
    drain();
    return row_cpu_ns() - before;
}

static uint64_t ended;

static detached yielding(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        co_await yield{};
    }
    ended++;
}

static uint64_t yield_1(uint64_t count) {
    ended = 0;
    yielding(count);
    const uint64_t spent = timed_drain();
    row_expect(ended == 1, "the task has yielded to the end");
    return spent;
}

static uint64_t yield_100k(uint64_t count) {
    ended = 0;
    for (uint64_t i = 0; i < tasks_many; i++) {
        yielding(count / tasks_many);
    }
    const uint64_t spent = timed_drain();
    row_expect(ended == tasks_many, "every task has yielded to the end");
    return spent;
}

static uint64_t spawn_run(uint64_t count) {
    ended = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i += spawn_batch) {
        for (uint64_t k = 0; k < spawn_batch; k++) {
            yielding(0);
        }
        drain();
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(ended >= count, "every task has run");
    return spent;
}

static spawned child() {
    co_return 1;
}

static detached parent(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        ended += co_await child();
    }
}

static uint64_t spawn_await(uint64_t count) {
    ended = 0;
    parent(count);
    const uint64_t spent = timed_drain();
    row_expect(ended == count, "every child was awaited");
    return spent;
}

static detached serve(slot &there, slot &back, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        co_await there.send(1);
        ended += co_await back.receive();
    }
}

static detached give_back(slot &there, slot &back, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t value = co_await there.receive();
        co_await back.send(value);
    }
}

static uint64_t slot_round(uint64_t count) {
    slot there;
    slot back;
    ended = 0;
    serve(there, back, count);
    give_back(there, back, count);
    const uint64_t spent = timed_drain();
    row_expect(ended == count, "every value went there and back");
    return spent;
}

/* Each layer is a function of its own, with a local that it keeps over the call of the next. */
template <int depth> static call layer(uint64_t count) {
    const uint64_t local = count + depth;
    if constexpr (depth == 1) {
        for (uint64_t i = 0; i < count; i++) {
            co_await yield{};
        }
        co_return local;
    } else {
        const uint64_t result = co_await layer<depth - 1>(count);
        co_return result + local;
    }
}

template <int depth> static detached outermost(uint64_t count) {
    ended = co_await layer<depth>(count);
}

template <int depth> static uint64_t wake_leaf(uint64_t count) {
    ended = 0;
    outermost<depth>(count);
    const uint64_t spent = timed_drain();
    row_expect(ended == depth * count + depth * (depth + 1) / 2, "every layer came to its end");
    return spent;
}

static const struct row rows[] = {
    {"yield_1", "ns", 4000000, 1, yield_1, nullptr, nullptr},
    {"yield_100k", "ns", 1000000, tasks_many, yield_100k, nullptr, nullptr},
    {"spawn_run", "ns", 4000 * spawn_batch, spawn_batch, spawn_run, nullptr, nullptr},
    {"spawn_await", "ns", 1000000, 1, spawn_await, nullptr, nullptr},
    {"slot_round", "ns", 1000000, 1, slot_round, nullptr, nullptr},
    {"wake_leaf_1", "ns", 4000000, 1, wake_leaf<1>, nullptr, nullptr},
    {"wake_leaf_8", "ns", 4000000, 1, wake_leaf<8>, nullptr, nullptr},
    {"wake_leaf_64", "ns", 4000000, 1, wake_leaf<64>, nullptr, nullptr},
};

int main(int argc, char **argv) {
    return request_serve(argc, argv, "cpp20.", rows, std::size(rows));
}
