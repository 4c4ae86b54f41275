/* Calls that fail as a scenario says: the part of sim/scenario.h that declares them, and what hooks
 * ask before a call takes effect. */
#include "sim/machine/hooks_mishap.h"

#include <sys/socket.h>

#include "sim/scenario.h"

#define LIST_SIZE 256

/* ---- declaring ---- */

static void add(struct sim_world *world,
                uint32_t node,
                enum mishap_call call,
                int32_t error,
                const struct sim_strikes *strikes) {
    struct description *description = (struct description *)(void *)world;
    struct description_fault *fault = description_fault_add(description);
    if (fault != NULL) {
        *fault = (struct description_fault){.kind = DESCRIPTION_FAILURE,
                                            .from = node,
                                            .to = node,
                                            .at_ns = strikes->at_ns,
                                            .call = (uint32_t)call,
                                            .error = error,
                                            .chance_ppm = strikes->chance_ppm,
                                            .nth = strikes->nth};
    }
}

static void refuse_call(struct sim_world *world, const char *call, bool is_short) {
    char list[LIST_SIZE];
    mishap_calls_print(is_short, list, sizeof list);
    description_refuse((struct description *)(void *)world,
                       "no call \"%.64s\" can be made %s; there are %s",
                       call == NULL ? "" : call,
                       is_short ? "short" : "to fail",
                       list);
}

HOOK void sim_call_fails(struct sim_world *world,
                         uint32_t node,
                         const char *call,
                         const char *error,
                         struct sim_strikes strikes) {
    const enum mishap_call found = call == NULL ? MISHAP_CALL_COUNT : mishap_call_find(call);
    if (found == MISHAP_CALL_COUNT) {
        refuse_call(world, call, false);
        return;
    }
    const int32_t number = error == NULL ? 0 : mishap_error_find(found, error);
    if (number == 0) {
        char list[LIST_SIZE];
        mishap_errors_print(found, list, sizeof list);
        description_refuse((struct description *)(void *)world,
                           "%s() does not give %.64s on Linux; it gives %s",
                           call,
                           error == NULL ? "nothing" : error,
                           list);
        return;
    }
    add(world, node, found, number, &strikes);
}

HOOK void sim_call_short(struct sim_world *world,
                         uint32_t node,
                         const char *call,
                         struct sim_strikes strikes) {
    const enum mishap_call found = call == NULL ? MISHAP_CALL_COUNT : mishap_call_find(call);
    if (found == MISHAP_CALL_COUNT || !mishap_may_be_short(found)) {
        refuse_call(world, call, true);
    } else {
        add(world, node, found, 0, &strikes);
    }
}

HOOK void sim_lookup(struct sim_world *world, uint32_t node, uint64_t min_ns, uint64_t max_ns) {
    struct description *description = (struct description *)(void *)world;
    if (node > description->node_count || min_ns > max_ns) {
        description_refuse(description,
                           node > description->node_count
                               ? "names are looked up by a node that does not exist"
                               : "the least latency of a look-up exceeds the greatest");
        return;
    }
    for (uint32_t i = 1; i <= description->node_count; i++) {
        if (node == SIM_ANY || node == i) {
            description->nodes[i].lookup_ns[0] = min_ns;
            description->nodes[i].lookup_ns[1] = max_ns;
        }
    }
}

/* ---- asking ---- */

int64_t hooks_mishap_ask(enum mishap_call call, const void *site) {
    return hook_simulated() ? mishap_error(&machine.world.mishaps, call, NULL, site) : 0;
}

int64_t hooks_mishap_ask_file(enum mishap_call call, int number, const void *site) {
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    return file == 0 ? 0
                     : mishap_error(&machine.world.mishaps,
                                    call,
                                    file_at(hook_kernel()->files, file),
                                    site);
}

/* A datagram comes whole or is cut for good. */
static bool has_borders(uint32_t index) {
    struct kernel *kernel = hook_kernel();
    return file_at(kernel->files, index)->kind == FILE_SOCKET &&
           socket_at(&kernel->endpoints.sockets, socket_file_index(&kernel->sockets, index))
                   ->type != SOCK_STREAM;
}

uint64_t
hooks_mishap_ask_short(enum mishap_call call, int number, uint64_t size, const void *site) {
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    return file == 0 || has_borders(file) ? size
                                          : mishap_short(&machine.world.mishaps,
                                                         call,
                                                         file_at(hook_kernel()->files, file),
                                                         size,
                                                         site);
}
