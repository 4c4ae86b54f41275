/* GNU C: __thread with a model. */
#include "sim/machine/hooks_key.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "sim/machine/heap.h"
#include "sim/machine/hook.h"

#define CELLS_NEAR 16 /* in thread-local storage, which every new thread clears */

struct key {
    void (*destructor)(void *value);
    uint32_t
        sequence; /* odd while the key is in use; a value of another sequence is an old key's */
};

struct cell {
    void *value;
    uint32_t sequence;
};

static struct key keys[DESCRIPTION_NODES_MAX + 1][PTHREAD_KEYS_MAX]; /* by node */
static uint32_t key_count[DESCRIPTION_NODES_MAX + 1];                /* ever used, for the reset */

/* Created before the run, by number. */
static struct {
    void (*destructor)(void *value);
    bool deleted; /* in this run */
} outside[PTHREAD_KEYS_MAX];
static uint32_t outside_count;

static __thread struct {
    struct cell near[CELLS_NEAR];
    struct cell *far; /* from CELLS_NEAR on; NULL = none yet */
} values __attribute__((tls_model("initial-exec")));

void hooks_key_begin(void) {
    for (uint32_t node = 1; node <= machine.world.description->node_count; node++) {
        hooks_key_node_begin(node);
    }
    for (uint32_t number = 0; number < outside_count; number++) {
        outside[number].deleted = false;
    }
}

void hooks_key_node_begin(uint32_t node) {
    memset(keys[node], 0, sizeof keys[node][0] * key_count[node]);
    key_count[node] = 0;
}

/* The running node's key, NULL when it has none of this number. */
static struct key *key_of(pthread_key_t number) {
    const uint32_t index = number - outside_count;
    struct key *key = &keys[hook_node()][index];
    return index < PTHREAD_KEYS_MAX - outside_count && (key->sequence & 1) != 0 ? key : NULL;
}

/* Where the running thread keeps the value of a key; NULL when it has no place for it yet. */
static struct cell *cell_of(uint32_t index) {
    if (index < CELLS_NEAR) {
        return &values.near[index];
    }
    return values.far == NULL ? NULL : &values.far[index - CELLS_NEAR];
}

static int create_outside(pthread_key_t *number, void (*destructor)(void *)) {
    const int status = REAL(pthread_key_create)(number, destructor);
    if (status == 0) {
        outside[*number].destructor = destructor;
        outside_count = *number < outside_count ? outside_count : *number + 1;
    }
    return status;
}

static int create(pthread_key_t *number, void (*destructor)(void *)) {
    const uint32_t node = hook_node();
    for (uint32_t index = 0; index < PTHREAD_KEYS_MAX - outside_count; index++) {
        struct key *key = &keys[node][index];
        if ((key->sequence & 1) == 0) {
            key->sequence++;
            key->destructor = destructor;
            key_count[node] = index < key_count[node] ? key_count[node] : index + 1;
            *number = outside_count + index;
            return 0;
        }
    }
    return EAGAIN;
}

HOOK int pthread_key_create(pthread_key_t *number, void (*destructor)(void *)) {
    return hook_simulated() ? create(number, destructor) : create_outside(number, destructor);
}

extern int __pthread_key_create(pthread_key_t *number, void (*destructor)(void *));

/* The name that C++ run-time libraries know. */
HOOK int __pthread_key_create(pthread_key_t *number, void (*destructor)(void *)) {
    return pthread_key_create(number, destructor);
}

HOOK int pthread_key_delete(pthread_key_t number) {
    if (!hook_simulated() || number < outside_count) {
        const int status = REAL(pthread_key_delete)(number);
        if (status == 0 && hook_simulated()) {
            outside[number].deleted = true;
        }
        return status;
    }
    struct key *key = key_of(number);
    if (key == NULL) {
        return EINVAL;
    }
    key->sequence++;
    return 0;
}

HOOK void *pthread_getspecific(pthread_key_t number) {
    if (!hook_simulated() || number < outside_count) {
        return REAL(pthread_getspecific)(number);
    }
    const struct key *key = key_of(number);
    const struct cell *cell = key == NULL ? NULL : cell_of(number - outside_count);
    return cell != NULL && cell->sequence == key->sequence ? cell->value : NULL;
}

static bool far_make(void) {
    const size_t size = (PTHREAD_KEYS_MAX - CELLS_NEAR) * sizeof(struct cell);
    values.far = heap_take(size);
    if (values.far == NULL) {
        return false;
    }
    memset(values.far, 0, size);
    return true;
}

HOOK int pthread_setspecific(pthread_key_t number, const void *value) {
    if (!hook_simulated() || number < outside_count) {
        return REAL(pthread_setspecific)(number, value);
    }
    const struct key *key = key_of(number);
    if (key == NULL) {
        return EINVAL;
    }
    struct cell *cell = cell_of(number - outside_count);
    if (cell == NULL) {
        if (value == NULL) {
            return 0;
        }
        if (!far_make()) {
            return ENOMEM;
        }
        cell = cell_of(number - outside_count);
    }
    *cell = (struct cell){.value = (void *)(uintptr_t)value, .sequence = key->sequence};
    return 0;
}

/* ---- destructors ---- */

/* Takes a value that libc keeps; true when there was one. */
static bool destroy_outside(pthread_key_t number) {
    void *value = REAL(pthread_getspecific)(number);
    if (value == NULL) {
        return false;
    }
    REAL(pthread_setspecific)(number, NULL);
    if (!outside[number].deleted && outside[number].destructor != NULL) {
        outside[number].destructor(value);
    }
    return true;
}

static bool destroy(uint32_t index) {
    struct cell *cell = cell_of(index);
    if (cell == NULL || cell->value == NULL) {
        return false;
    }
    void *value = cell->value;
    cell->value = NULL;
    const struct key key = keys[hook_node()][index];
    if (key.sequence == cell->sequence && key.destructor != NULL) {
        key.destructor(value);
    }
    return true;
}

/* One round over all keys; false when no value was left. */
static bool destroy_all(void) {
    bool found = false;
    for (uint32_t number = 0; number < outside_count; number++) {
        found = destroy_outside(number) || found;
    }
    for (uint32_t index = 0; index < key_count[hook_node()]; index++) {
        found = destroy(index) || found;
    }
    return found;
}

void hooks_key_thread_end(void) {
    unsigned round = 0;
    while (round < PTHREAD_DESTRUCTOR_ITERATIONS && destroy_all()) {
        round++;
    }
    if (values.far != NULL) {
        heap_give(values.far);
        values.far = NULL;
    }
}
