/* boost.fiber: fibers with a scheduler, on one thread. */
#include <boost/fiber/all.hpp>

#include "tools/bench_executor/request.h"
#include "tools/bench_executor/row.h"

namespace fibers = boost::fibers;

static constexpr size_t stack_size = 16 * 1024;

static uint64_t yield_1(uint64_t count) {
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        boost::this_fiber::yield();
    }
    return row_cpu_ns() - before;
}

static uint64_t spawn_await(uint64_t count) {
    fibers::pooled_fixedsize_stack stacks{stack_size};
    uint64_t ran = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        fibers::fiber{std::allocator_arg, stacks, [&ran] { ran++; }}.join();
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(ran == count, "every fiber has run");
    return spent;
}

/* Its channel without a buffer, which hands a value from one fiber to another: the nearest that it
 * has to a channel of one slot. */
static uint64_t channel_round(uint64_t count) {
    fibers::unbuffered_channel<uint64_t> there;
    fibers::unbuffered_channel<uint64_t> back;
    fibers::fiber other{[&] {
        uint64_t value;
        while (there.pop(value) == fibers::channel_op_status::success) {
            back.push(value);
        }
    }};
    uint64_t sum = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value = 0;
        there.push(1);
        back.pop(value);
        sum += value;
    }
    const uint64_t spent = row_cpu_ns() - before;
    there.close();
    other.join();
    row_expect(sum == count, "every value went there and back");
    return spent;
}

static const struct row rows[] = {
    {"yield_1", "ns", 500000, 1, yield_1, nullptr, nullptr},
    {"spawn_await", "ns", 100000, 1, spawn_await, nullptr, nullptr},
    {"channel_round", "ns", 100000, 1, channel_round, nullptr, nullptr},
};

int main(int argc, char **argv) {
    return request_serve(argc, argv, "boost_fiber.", rows, std::size(rows));
}
