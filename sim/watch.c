#include "sim/watch.h"

#include "sim/panic.h"
#include "sim/verdict.h"

uint64_t watch_arena_size(void) {
    return ((uint64_t)WATCHES_MAX + 1) * sizeof(struct watch) + 64;
}

void watch_init(struct watches *watches, struct arena *arena, struct files *files) {
    *watches = (struct watches){.files = files};
    pool_init(&watches->table, arena, sizeof(struct watch), WATCHES_MAX);
}

void watch_begin(struct watches *watches) {
    pool_reset(&watches->table);
}

uint32_t watch_add(struct watches *watches, uint32_t file_index, bool last) {
    struct schedule *schedule = watches->files->schedule;
    const uint32_t index = pool_take(&watches->table);
    if (index == 0) {
        verdict_set(schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %u files watched at once",
                    WATCHES_MAX);
        schedule_end(schedule);
        UNREACHABLE();
    }
    struct file *file = file_at(watches->files, file_index);
    struct watch *watch = watch_at(watches, index);
    *watch = (struct watch){.file = file_index,
                            .previous = last ? file->watch_last : 0,
                            .next = last ? 0 : file->watch_first};
    if (watch->previous != 0) {
        watch_at(watches, watch->previous)->next = index;
    } else {
        file->watch_first = index;
    }
    if (watch->next != 0) {
        watch_at(watches, watch->next)->previous = index;
    } else {
        file->watch_last = index;
    }
    return index;
}

void watch_remove(struct watches *watches, uint32_t index) {
    const struct watch *watch = watch_at(watches, index);
    struct file *file = file_at(watches->files, watch->file);
    ASSERT(!watch->ready);
    if (watch->previous != 0) {
        watch_at(watches, watch->previous)->next = watch->next;
    } else {
        file->watch_first = watch->next;
    }
    if (watch->next != 0) {
        watch_at(watches, watch->next)->previous = watch->previous;
    } else {
        file->watch_last = watch->previous;
    }
    pool_give(&watches->table, index);
}

void watch_sibling_add(struct watches *watches, uint32_t *first, uint32_t index) {
    watch_at(watches, index)->sibling_next = *first;
    if (*first != 0) {
        watch_at(watches, *first)->sibling_previous = index;
    }
    *first = index;
}

void watch_sibling_remove(struct watches *watches, uint32_t *first, uint32_t index) {
    const struct watch *watch = watch_at(watches, index);
    if (watch->sibling_previous != 0) {
        watch_at(watches, watch->sibling_previous)->sibling_next = watch->sibling_next;
    } else {
        *first = watch->sibling_next;
    }
    if (watch->sibling_next != 0) {
        watch_at(watches, watch->sibling_next)->sibling_previous = watch->sibling_previous;
    }
}

void watch_ready_add(struct watches *watches, struct watch_list *list, uint32_t index) {
    struct watch *watch = watch_at(watches, index);
    ASSERT(!watch->ready);
    watch->ready = true;
    watch->ready_next = 0;
    watch->ready_previous = list->last;
    if (list->last != 0) {
        watch_at(watches, list->last)->ready_next = index;
    } else {
        list->first = index;
    }
    list->last = index;
}

void watch_ready_remove(struct watches *watches, struct watch_list *list, uint32_t index) {
    struct watch *watch = watch_at(watches, index);
    ASSERT(watch->ready);
    watch->ready = false;
    if (watch->ready_previous != 0) {
        watch_at(watches, watch->ready_previous)->ready_next = watch->ready_next;
    } else {
        list->first = watch->ready_next;
    }
    if (watch->ready_next != 0) {
        watch_at(watches, watch->ready_next)->ready_previous = watch->ready_previous;
    } else {
        list->last = watch->ready_previous;
    }
}
