#include "sim/rights.h"

#include "sim/panic.h"

uint64_t rights_arena_size(void) {
    return ((uint64_t)RIGHTS_MAX + 1) * sizeof(struct rights_bundle) + 64;
}

void rights_init(struct rights *rights, struct arena *arena, struct files *files) {
    *rights = (struct rights){.files = files};
    pool_init(&rights->table, arena, sizeof(struct rights_bundle), RIGHTS_MAX);
}

void rights_begin(struct rights *rights) {
    pool_reset(&rights->table);
    rights->doomed = rights->held = 0;
    rights->dropping = false;
}

uint32_t rights_create(struct rights *rights, uint32_t node) {
    const uint32_t index = pool_take(&rights->table);
    if (index != 0) {
        struct rights_bundle *bundle = rights_at(rights, index);
        bundle->next = 0;
        bundle->node = node;
        bundle->count = 0;
        bundle->extent = 0;
        bundle->position = 0;
    }
    return index;
}

bool rights_add(struct rights *rights, uint32_t index, uint32_t file) {
    struct rights_bundle *bundle = rights_at(rights, index);
    if (bundle->count == RIGHTS_FILES_MAX) {
        return false;
    }
    file_hold(rights->files, file);
    bundle->files[bundle->count++] = file;
    return true;
}

uint32_t rights_copy(struct rights *rights, uint32_t index) {
    const struct rights_bundle *bundle = rights_at(rights, index);
    const uint32_t copy = rights_create(rights, bundle->node);
    for (uint32_t i = 0; copy != 0 && i < bundle->count; i++) {
        rights_add(rights, copy, bundle->files[i]);
    }
    return copy;
}

void rights_give(struct rights *rights, uint32_t index) {
    rights_at(rights, index)->count = 0;
    rights_at(rights, index)->node = 0;
    pool_give(&rights->table, index);
}

/* Files may be sockets with bundles of their own, these again … : one after the other, in whatever
 * depth. */
static void drain(struct rights *rights) {
    if (rights->dropping || rights->held > 0) {
        return;
    }
    rights->dropping = true;
    while (rights->doomed != 0) {
        const uint32_t first = rights->doomed;
        struct rights_bundle *bundle = rights_at(rights, first);
        rights->doomed = bundle->next;
        while (bundle->count > 0) {
            file_drop(rights->files, bundle->files[--bundle->count]);
        }
        rights_give(rights, first);
    }
    rights->dropping = false;
}

void rights_drop(struct rights *rights, uint32_t index) {
    rights_at(rights, index)->next = rights->doomed;
    rights->doomed = index;
    drain(rights);
}

void rights_hold(struct rights *rights) {
    rights->held++;
}

void rights_release(struct rights *rights) {
    ASSERT(rights->held > 0);
    rights->held--;
    drain(rights);
}

void rights_node_end(struct rights *rights, uint32_t node) {
    ASSERT(!rights->dropping);
    for (uint32_t i = 1; i <= rights->table.count; i++) {
        struct rights_bundle *bundle = rights_at(rights, i);
        while (bundle->node == node && bundle->count > 0) {
            file_drop(rights->files, bundle->files[--bundle->count]);
        }
    }
}
