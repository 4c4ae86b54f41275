/* boost.context: its fiber, switched to and back, and made and ended. */
#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>

#include "tools/bench_executor/request.h"
#include "tools/bench_executor/row.h"

namespace context = boost::context;

static constexpr size_t stack_size = 16 * 1024;
static constexpr uint64_t trips = 4; /* of one turn of a loop, as in the other rows */

static uint64_t fiber_switch(uint64_t count) {
    bool over = false;
    context::fiber fiber{[&over](context::fiber &&host) {
        while (!over) {
            host = std::move(host).resume();
            host = std::move(host).resume();
            host = std::move(host).resume();
            host = std::move(host).resume();
        }
        return std::move(host);
    }};
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i += 2 * trips) {
        fiber = std::move(fiber).resume();
        fiber = std::move(fiber).resume();
        fiber = std::move(fiber).resume();
        fiber = std::move(fiber).resume();
    }
    const uint64_t spent = row_cpu_ns() - before;
    over = true;
    std::move(fiber).resume();
    return spent;
}

/* Makes one, runs it and ends it. */
static uint64_t fiber_create(uint64_t count) {
    context::pooled_fixedsize_stack stacks{stack_size};
    uint64_t ran = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        context::fiber fiber{std::allocator_arg, stacks, [&ran](context::fiber &&host) {
                                 ran++;
                                 return std::move(host);
                             }};
        std::move(fiber).resume();
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(ran == count, "every fiber has run");
    return spent;
}

static const struct row rows[] = {
    {"fiber_switch", "ns", 4000000, 2, fiber_switch, nullptr, nullptr},
    {"fiber_create", "ns", 500000, 1, fiber_create, nullptr, nullptr},
};

int main(int argc, char **argv) {
    return request_serve(argc, argv, "boost_context.", rows, std::size(rows));
}
