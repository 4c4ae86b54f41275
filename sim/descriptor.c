#include "sim/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sim/causal.h"
#include "sim/panic.h"

#define STANDARD_STREAMS 3u

/* From one node's slots to the next one's: a page and a cache line more than they need. A power of
 * two would bring the low numbers of all nodes into one set of each cache. */
#define SLOTS_STRIDE (DESCRIPTORS_MAX + (4096u + 64u) / sizeof(uint32_t))

uint64_t descriptor_arena_size(uint32_t nodes) {
    return ((uint64_t)nodes + 1) *
               (sizeof(struct descriptor_table) + SLOTS_STRIDE * sizeof(uint32_t)) +
           128;
}

void descriptor_init(struct descriptors *descriptors,
                     struct arena *arena,
                     struct files *files,
                     uint32_t nodes) {
    *descriptors = (struct descriptors){.files = files, .schedule = files->schedule};
    descriptors->tables = arena_take(arena, (nodes + 1) * sizeof *descriptors->tables);
    uint32_t *slots = arena_take(arena, (nodes + (size_t)1) * SLOTS_STRIDE * sizeof *slots);
    for (uint32_t i = 0; i <= nodes; i++) {
        descriptors->tables[i] =
            (struct descriptor_table){.slots = slots + (size_t)i * SLOTS_STRIDE};
    }
}

void descriptor_begin(struct descriptors *descriptors) {
    descriptors->run++;
}

static void slot_set(struct descriptor_table *table, uint32_t number, uint32_t slot) {
    ASSERT(table->slots[number] == 0 && slot > 1);
    table->slots[number] = slot;
    table->open++;
    if (number >= table->high) {
        table->high = number + 1;
    }
}

static void standard_add(struct descriptors *descriptors, uint32_t node, uint32_t number) {
    const uint32_t file = file_create(descriptors->files,
                                      FILE_STANDARD,
                                      node,
                                      number == 0 ? O_RDONLY : O_WRONLY,
                                      0,
                                      number);
    ASSERT(file != 0);
    slot_set(&descriptors->tables[node], number, file << 1);
}

static __attribute__((noinline)) void table_begin(struct descriptors *descriptors, uint32_t node) {
    struct descriptor_table *table = &descriptors->tables[node];
    memset(table->slots, 0, table->high * sizeof table->slots[0]);
    table->run = descriptors->run;
    table->high = table->open = 0;
    for (uint32_t number = 0; number < STANDARD_STREAMS; number++) {
        standard_add(descriptors, node, number);
    }
    table->lowest = STANDARD_STREAMS;
}

/* Inline: every call on a descriptor asks twice. */
static inline struct descriptor_table *own_table(struct descriptors *descriptors) {
    const uint32_t node = schedule_running(descriptors->schedule)->node;
    struct descriptor_table *table = &descriptors->tables[node];
    if (__builtin_expect(table->run != descriptors->run, 0)) {
        table_begin(descriptors, node);
    }
    return table;
}

static inline uint32_t file_of(struct descriptors *descriptors, int64_t number) {
    const struct descriptor_table *table = own_table(descriptors);
    return number >= 0 && number < table->high ? table->slots[number] >> 1 : 0;
}

uint32_t descriptor_file(struct descriptors *descriptors, int64_t number) {
    return file_of(descriptors, number);
}

static uint32_t object_of(const struct descriptors *descriptors, uint32_t file) {
    return file == 0 ? 0 : file_at(descriptors->files, file)->object;
}

/* Whether others cannot see that this was done; who writes does not see what others did. */
static bool only_sees(enum point_kind kind) {
    return kind == POINT_READ || kind == POINT_RECEIVE || kind == POINT_ACCEPT ||
           kind == POINT_EPOLL_WAIT;
}

uint32_t descriptor_enter(struct descriptors *descriptors,
                          int64_t number,
                          enum point_kind kind,
                          const void *site) {
    const struct point point = {.kind = (uint16_t)kind,
                                .write = 1,
                                .object = object_of(descriptors, file_of(descriptors, number)),
                                .site = site};
    schedule_point(descriptors->schedule, &point);
    if (!only_sees(kind)) {
        causal_tells(descriptors->schedule);
    }
    const uint32_t file = file_of(descriptors, number);
    if (file != 0) {
        file_hold(descriptors->files, file);
    }
    return file;
}

int64_t descriptor_leave(struct descriptors *descriptors,
                         uint32_t file,
                         enum point_kind kind,
                         int64_t result,
                         const void *site) {
    if (result >= 0 && (only_sees(kind) || kind == POINT_CONNECT)) {
        causal_learns(descriptors->schedule);
    }
    schedule_event(descriptors->schedule, kind, object_of(descriptors, file), result, site);
    if (file != 0) {
        file_drop(descriptors->files, file);
    }
    return result;
}

/* The lowest free number from `minimum` on; may be beyond every limit. */
static uint32_t lowest_free(struct descriptor_table *table, uint64_t minimum) {
    uint32_t number = minimum > table->lowest ? (uint32_t)minimum : table->lowest;
    while (number < table->high && table->slots[number] != 0) {
        number++;
    }
    if (minimum <= table->lowest) {
        table->lowest = number;
    }
    return number;
}

static uint64_t limit_of(uint64_t limit) {
    return limit < DESCRIPTORS_MAX ? limit : DESCRIPTORS_MAX;
}

int64_t descriptor_room(struct descriptors *descriptors, uint64_t limit) {
    return lowest_free(own_table(descriptors), 0) < limit_of(limit) ? 0 : -EMFILE;
}

int64_t descriptor_install(struct descriptors *descriptors,
                           uint32_t file,
                           uint64_t minimum,
                           uint64_t limit,
                           bool close_on_exec) {
    struct descriptor_table *table = own_table(descriptors);
    if (minimum >= limit_of(limit)) {
        file_drop(descriptors->files, file);
        return minimum == 0 ? -EMFILE : -EINVAL;
    }
    const uint32_t number = lowest_free(table, minimum);
    if (number >= limit_of(limit)) {
        file_drop(descriptors->files, file);
        return -EMFILE;
    }
    slot_set(table, number, file << 1 | close_on_exec);
    return number;
}

int64_t descriptor_create(struct descriptors *descriptors,
                          enum file_kind kind,
                          uint32_t status,
                          uint32_t subject,
                          uint64_t limit,
                          bool close_on_exec) {
    struct schedule *schedule = descriptors->schedule;
    const uint32_t file = file_create(descriptors->files,
                                      kind,
                                      schedule_running(schedule)->node,
                                      status,
                                      schedule_object(schedule),
                                      subject);
    return file == 0 ? -ENFILE : descriptor_install(descriptors, file, 0, limit, close_on_exec);
}

static void
slot_clear(struct descriptors *descriptors, struct descriptor_table *table, uint32_t number) {
    const uint32_t file = table->slots[number] >> 1;
    ASSERT(file != 0);
    table->slots[number] = 0;
    table->open--;
    if (number < table->lowest) {
        table->lowest = number;
    }
    while (table->high > 0 && table->slots[table->high - 1] == 0) {
        table->high--;
    }
    file_drop(descriptors->files, file);
}

void descriptor_replace(struct descriptors *descriptors,
                        uint32_t file,
                        uint32_t number,
                        bool close_on_exec) {
    ASSERT(number < DESCRIPTORS_MAX);
    struct descriptor_table *table = own_table(descriptors);
    if (descriptor_file(descriptors, number) != 0) {
        slot_clear(descriptors, table, number);
    }
    slot_set(table, number, file << 1 | close_on_exec);
}

int64_t descriptor_close(struct descriptors *descriptors, int64_t number) {
    if (descriptor_file(descriptors, number) == 0) {
        return -EBADF;
    }
    slot_clear(descriptors, own_table(descriptors), (uint32_t)number);
    return 0;
}

void descriptor_close_range(struct descriptors *descriptors,
                            uint32_t first,
                            uint32_t last,
                            bool only_mark) {
    struct descriptor_table *table = own_table(descriptors);
    for (uint32_t number = first; number < table->high && number <= last; number++) {
        if (table->slots[number] == 0) {
            continue;
        }
        if (only_mark) {
            table->slots[number] |= 1;
        } else {
            slot_clear(descriptors, table, number);
        }
    }
}

bool descriptor_close_on_exec(struct descriptors *descriptors, uint32_t number) {
    return (own_table(descriptors)->slots[number] & 1) != 0;
}

void descriptor_close_on_exec_set(struct descriptors *descriptors, uint32_t number, bool set) {
    uint32_t *slot = &own_table(descriptors)->slots[number];
    ASSERT(*slot != 0);
    *slot = (*slot & ~1u) | set;
}

int64_t descriptor_next(struct descriptors *descriptors, uint32_t node, uint32_t from) {
    const struct descriptor_table *table = &descriptors->tables[node];
    if (table->run != descriptors->run) {
        return -1;
    }
    for (uint32_t number = from; number < table->high; number++) {
        const uint32_t file = table->slots[number] >> 1;
        if (file != 0 && file_at(descriptors->files, file)->kind != FILE_STANDARD) {
            return number;
        }
    }
    return -1;
}

void descriptor_node_end(struct descriptors *descriptors, uint32_t node) {
    struct descriptor_table *table = &descriptors->tables[node];
    if (table->run != descriptors->run) {
        return;
    }
    for (uint32_t number = 0; number < table->high; number++) {
        if (table->slots[number] != 0) {
            slot_clear(descriptors, table, number);
        }
    }
    file_node_end(descriptors->files, node);
}

void descriptor_node_crash(struct descriptors *descriptors, uint32_t node) {
    descriptors->tables[node].run = 0;
}
