#include "sim/machine/hooks_environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/heap.h"
#include "sim/machine/hook.h"
#include "sim/panic.h"

#define INITIAL_COUNT 6

static const char initial[INITIAL_COUNT][40] = {
    "PATH=/usr/local/bin:/usr/bin:/bin",
    ("HOME=" HOOKS_ENVIRONMENT_DIRECTORY),
    "USER=sim",
    "LANG=C",
    "TZ=UTC",
    "SHELL=/bin/sh",
};

struct variables {
    char **list; /* ends with NULL; NULL = still the initial ones */
    uint32_t count;
    uint32_t capacity;
};

static char initial_text[INITIAL_COUNT][40]; /* writable, as a program may expect */
static char *initial_list[INITIAL_COUNT + 1];
static struct variables nodes[DESCRIPTION_NODES_MAX + 1];

static void initial_fill(void) {
    memcpy(initial_text, initial, sizeof initial);
    for (unsigned i = 0; i < INITIAL_COUNT; i++) {
        initial_list[i] = initial_text[i];
    }
}

void hooks_environment_open(void) {
    REAL(setenv)("TZ", "UTC", 1);
    tzset();
    struct tm broken;
    const time_t zero = 0;
    localtime_r(&zero, &broken);
}

void hooks_environment_give(void) {
    initial_fill();
    environ = initial_list;
}

/* libc's variable is written to only when it changes, since a page that is written is restored. */
static void environ_set(char **list) {
    if (environ != list) {
        environ = list;
    }
}

void hooks_environment_begin(void) {
    initial_fill();
    environ_set(initial_list);
    const uint32_t count = machine.world.description->node_count;
    memset(nodes, 0, sizeof nodes[0] * (count + 1u));
}

void hooks_environment_node_begin(uint32_t node) {
    nodes[node] = (struct variables){0};
    if (machine.world.description->node_count == 1) {
        environ_set(initial_list);
    }
}

static char **list_now(void) {
    const struct variables *variables = &nodes[hook_node()];
    return variables->list == NULL ? initial_list : variables->list;
}

/* Where a variable stands; the list's end when it is not there. */
static char **find(char **list, const char *name, size_t length) {
    while (*list != NULL && (strncmp(*list, name, length) != 0 || (*list)[length] != '=')) {
        list++;
    }
    return list;
}

/* A list of the node's own with room for one more; NULL without memory. */
static struct variables *own(void) {
    struct variables *variables = &nodes[hook_node()];
    if (variables->list == NULL) {
        variables->count = INITIAL_COUNT;
        variables->capacity = 0;
    }
    if (variables->count + 2 > variables->capacity) {
        const uint32_t capacity = (variables->count + 2) * 2;
        char **list = heap_take(sizeof(char *) * capacity);
        if (list == NULL) {
            return NULL;
        }
        memcpy(list, list_now(), sizeof(char *) * (variables->count + 1u));
        if (variables->list != NULL) {
            heap_give(variables->list);
        }
        variables->list = list;
        variables->capacity = capacity;
    }
    if (machine.world.description->node_count == 1) {
        environ_set(variables->list);
    }
    return variables;
}

static bool name_valid(const char *name) {
    return name != NULL && name[0] != '\0' && strchr(name, '=') == NULL;
}

HOOK char *getenv(const char *name) {
    if (!hook_simulated()) {
        return REAL(getenv)(name);
    }
    const size_t length = strlen(name);
    char **at = find(list_now(), name, length);
    return *at == NULL ? NULL : *at + length + 1;
}

HOOK char *secure_getenv(const char *name) {
    return getenv(name);
}

static int put(char *text, size_t length) {
    struct variables *variables = own();
    if (variables == NULL) {
        return hook_result(-ENOMEM);
    }
    char **at = find(variables->list, text, length);
    if (*at == NULL) {
        variables->list[++variables->count] = NULL;
    }
    *at = text;
    return 0;
}

HOOK int setenv(const char *name, const char *value, int overwrite) {
    if (!hook_simulated()) {
        return REAL(setenv)(name, value, overwrite);
    }
    if (!name_valid(name)) {
        return hook_result(-EINVAL);
    }
    const size_t length = strlen(name);
    if (overwrite == 0 && *find(list_now(), name, length) != NULL) {
        return 0;
    }
    const size_t value_size = strlen(value) + 1;
    char *text = heap_take(length + 1 + value_size);
    if (text == NULL) {
        return hook_result(-ENOMEM);
    }
    memcpy(text, name, length);
    text[length] = '=';
    memcpy(text + length + 1, value, value_size);
    return put(text, length);
}

HOOK int unsetenv(const char *name) {
    if (!hook_simulated()) {
        return REAL(unsetenv)(name);
    }
    if (!name_valid(name)) {
        return hook_result(-EINVAL);
    }
    struct variables *variables = own();
    if (variables == NULL) {
        return hook_result(-ENOMEM);
    }
    char **at = find(variables->list, name, strlen(name));
    if (*at != NULL) {
        memmove(at, at + 1, sizeof(char *) * (size_t)(variables->list + variables->count - at));
        variables->count--;
    }
    return 0;
}

HOOK int putenv(char *text) {
    if (!hook_simulated()) {
        return REAL(putenv)(text);
    }
    const char *equals = strchr(text, '=');
    return equals == NULL ? unsetenv(text) : put(text, (size_t)(equals - text));
}

HOOK int clearenv(void) {
    if (!hook_simulated()) {
        return REAL(clearenv)();
    }
    struct variables *variables = own();
    if (variables == NULL) {
        return hook_result(-ENOMEM);
    }
    variables->count = 0;
    variables->list[0] = NULL;
    return 0;
}
