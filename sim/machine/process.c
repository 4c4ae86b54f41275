#include "sim/machine/process.h"

#include <stdio.h>
#include <string.h>

#include "sim/machine/heap.h"
#include "sim/machine/machine.h"
#include "sim/panic.h"

struct at_exit {
    struct at_exit *next;
    void (*function)(void *argument);
    void *argument;
};

static struct at_exit *at_exit_first[DESCRIPTION_NODES_MAX + 1]; /* by node, last one first */
static uint32_t node_count;

void process_begin(void) {
    node_count = machine.world.description->node_count;
    memset(at_exit_first, 0, sizeof at_exit_first[0] * (node_count + 1));
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

int process_at_exit(void (*function)(void *argument), void *argument) {
    struct at_exit *entry = heap_take(sizeof *entry);
    if (entry == NULL) {
        return -1;
    }
    const uint32_t node = node_now();
    *entry = (struct at_exit){at_exit_first[node], function, argument};
    at_exit_first[node] = entry;
    return 0;
}

_Noreturn void process_exit(int status) {
    const uint32_t node = node_now();
    while (at_exit_first[node] != NULL) {
        const struct at_exit *entry = at_exit_first[node];
        at_exit_first[node] = entry->next;
        entry->function(entry->argument);
    }
    fflush(NULL);
    machine_node_exit(status & 0xff);
}
