#include "sim/kernel.h"

uint64_t kernel_arena_size(const struct description *description) {
    return file_arena_size(description->node_count) +
           descriptor_arena_size(description->node_count) + readiness_arena_size() +
           counter_arena_size() + pipe_arena_size() + endpoint_arena_size(description) +
           rights_arena_size();
}

void kernel_init(struct kernel *kernel,
                 struct arena *arena,
                 struct schedule *schedule,
                 const struct description *description) {
    kernel->files = file_init(arena, schedule, description->node_count);
    descriptor_init(&kernel->descriptors, arena, kernel->files, description->node_count);
    readiness_init(&kernel->readiness, arena, &kernel->descriptors);
    counter_init(&kernel->counters, arena, &kernel->readiness);
    endpoint_init(&kernel->endpoints, arena, schedule, description);
    rights_init(&kernel->rights, arena, kernel->files);
    kernel->endpoints.sockets.rights = &kernel->rights;
    pipe_init(&kernel->pipes, arena, &kernel->readiness, &kernel->endpoints.sockets.bytes);
    socket_file_init(&kernel->sockets, &kernel->endpoints, &kernel->readiness);
}

void kernel_begin(struct kernel *kernel) {
    file_begin(kernel->files);
    descriptor_begin(&kernel->descriptors);
    readiness_begin(&kernel->readiness);
    counter_begin(&kernel->counters);
    pipe_begin(&kernel->pipes);
    endpoint_begin(&kernel->endpoints);
    rights_begin(&kernel->rights);
}

void kernel_node_end(struct kernel *kernel, uint32_t node) {
    rights_node_end(&kernel->rights, node);
    descriptor_node_end(&kernel->descriptors, node);
}

void kernel_node_crash(struct kernel *kernel, uint32_t node) {
    endpoint_node_crash(&kernel->endpoints, node);
    kernel_node_end(kernel, node);
    descriptor_node_crash(&kernel->descriptors, node);
}
