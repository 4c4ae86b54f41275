#include "sim/machine/process.h"

#include <stdio.h>
#include <string.h>

#include "sim/machine/heap.h"
#include "sim/machine/machine.h"
#include "sim/machine/standard.h"
#include "sim/machine/tls_glibc.h"
#include "sim/panic.h"

struct at_exit {
    struct at_exit *next;
    enum process_ending ending;
    void *function;
    void *argument;
};

static struct at_exit *at_exit_first[DESCRIPTION_NODES_MAX + 1]; /* by node, last one first */
static uint32_t node_count;

void process_begin(void) {
    node_count = machine.world.description->node_count;
    memset(at_exit_first, 0, sizeof at_exit_first[0] * (node_count + 1));
}

void process_node_begin(uint32_t node) {
    at_exit_first[node] = NULL;
}

static char *copy_string(const char *string) {
    const size_t size = strlen(string) + 1;
    char *copy = heap_take(size);
    ASSERT(copy != NULL);
    return memcpy(copy, string, size);
}

static char **build_arguments(uint32_t node, int *count) {
    const struct description *description = machine.world.description;
    const struct description_node *described = &description->nodes[node];
    char **arguments = heap_take(sizeof(char *) * (described->argument_count + 2u));
    ASSERT(arguments != NULL);
    arguments[0] = copy_string(described->name);
    for (uint32_t i = 0; i < described->argument_count; i++) {
        arguments[i + 1] = copy_string(description_argument(description, node, i));
    }
    arguments[described->argument_count + 1] = NULL;
    *count = (int)described->argument_count + 1;
    return arguments;
}

void *process_main(void *argument) {
    const uint32_t node = (uint32_t)(uintptr_t)argument;
    int count;
    char **arguments = build_arguments(node, &count);
    const int status = machine.programs[node](count, arguments);
    if (machine.world.holds_main) {
        schedule_hold(&machine.world.schedule);
    }
    process_exit(status);
}

static uint32_t node_now(void) {
    return schedule_running(&machine.world.schedule)->node;
}

int process_at_exit(enum process_ending ending, void *function, void *argument) {
    struct at_exit *entry = heap_take(sizeof *entry);
    if (entry == NULL) {
        return -1;
    }
    const uint32_t node = node_now();
    *entry = (struct at_exit){at_exit_first[node], ending, function, argument};
    at_exit_first[node] = entry;
    return 0;
}

/* The newest function that belongs to this kind of end, taken off the list; NULL = none left. A
 * function may register further ones, so the list is read anew each time. */
static struct at_exit *take(uint32_t node, bool quick) {
    struct at_exit **link = &at_exit_first[node];
    while (*link != NULL && ((*link)->ending == PROCESS_QUICK) != quick) {
        link = &(*link)->next;
    }
    struct at_exit *entry = *link;
    if (entry != NULL) {
        *link = entry->next;
    }
    return entry;
}

static void run_functions(bool quick, int status) {
    const uint32_t node = node_now();
    const struct at_exit *entry;
    while ((entry = take(node, quick)) != NULL) {
        if (entry->ending == PROCESS_EXIT_STATUS) {
            ((void (*)(int, void *))entry->function)(status, entry->argument);
        } else {
            ((void (*)(void *))entry->function)(entry->argument);
        }
    }
}

_Noreturn void process_exit(int status) {
    tls_thread_end();
    run_functions(false, status);
    standard_flush();
    if ((status & 0xff) == 0) {
        world_leaks_check(&machine.world);
    }
    machine_node_exit(status & 0xff);
}

_Noreturn void process_quick_exit(int status) {
    run_functions(true, status);
    machine_node_exit(status & 0xff);
}
