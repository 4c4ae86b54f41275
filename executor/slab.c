#include "executor/slab.h"

#include <ex/panic.h>
#include <string.h>

enum {
    CLASS_SIZE_MAX = EX_SLAB_STEP * EX_SLAB_CLASS_COUNT,
    SIZE_MAX_OF_ALL = CLASS_SIZE_MAX << EX_SLAB_BIG_COUNT,
    TOGETHER_MAX = 16, /* pages that are allocated at once */
    SHARE_MIN = 8,     /* slots that do not fit this often into a page have a block of their own */
};

_Static_assert(sizeof(struct ex_slab_page) <= EX_SLAB_SLOTS_AT, "the header fits before the slots");
_Static_assert(sizeof(struct ex_strand) == 32, "two strands fill a cache line");

void ex_slab_init(struct ex_slab *slab,
                  struct ex_strand **lists,
                  struct ex_memory *memory,
                  void *owner,
                  void *home) {
    memset(slab, 0, sizeof *slab);
    slab->free = lists;
    slab->memory = memory;
    slab->owner = owner;
    slab->home = home;
    slab->owner_id = EX_STRAND_OWNER_NONE;
}

void ex_slab_deinit(struct ex_slab *slab) {
    struct ex_slab_page *allocations = NULL; /* linked by `next` in their first pages */

    while (slab->pages != NULL) {
        struct ex_slab_page *const page = slab->pages;
        slab->pages = page->next;
        if (page->is_first) {
            page->next = allocations;
            allocations = page;
        }
    }
    while (allocations != NULL) {
        struct ex_slab_page *const page = allocations;
        allocations = page->next;
        ex_memory_release(slab->memory, page);
    }
}

/* The class of a size, at most SIZE_MAX_OF_ALL; *size becomes that of its slots. */
static uint32_t class_of(size_t *size) {
    if (*size <= CLASS_SIZE_MAX) {
        const size_t class = (*size + EX_SLAB_STEP - 1) / EX_SLAB_STEP;
        *size = class * EX_SLAB_STEP;
        return (uint32_t) class - 1;
    }
    uint32_t class = EX_SLAB_CLASS_COUNT;
    size_t slot_size = 2 * CLASS_SIZE_MAX;
    while (slot_size < *size) {
        slot_size *= 2;
        class ++;
    }
    EX_ASSERT(class < EX_SLAB_CLASS_COUNT + EX_SLAB_BIG_COUNT);
    *size = slot_size;
    return class;
}

/* As many again as there are, within limits; at least one. */
static bool allocate_pages(struct ex_slab *slab) {
    uint32_t count = slab->page_count < TOGETHER_MAX ? slab->page_count : TOGETHER_MAX;

    if (count == 0 || !ex_memory_is_endless(slab->memory)) {
        count = 1;
    }
    slab->spare = ex_memory_allocate(slab->memory, (size_t)count * EX_MEMORY_PAGE_SIZE);
    if (slab->spare == NULL && count > 1) {
        count = 1;
        slab->spare = ex_memory_allocate(slab->memory, EX_MEMORY_PAGE_SIZE);
    }
    slab->spare_count = slab->spare == NULL ? 0 : count;
    return slab->spare != NULL;
}

static struct ex_slab_page *take_page(struct ex_slab *slab) {
    const bool is_first = slab->spare_count == 0;

    if (is_first && !allocate_pages(slab)) {
        return NULL;
    }
    struct ex_slab_page *const page = (struct ex_slab_page *)(void *)slab->spare;
    slab->spare += EX_MEMORY_PAGE_SIZE;
    slab->spare_count--;
    slab->page_count++;
    page->is_first = is_first;
    return page;
}

static struct ex_slab_page *allocate_single(struct ex_slab *slab, size_t slot_size) {
    struct ex_slab_page *const page =
        ex_memory_allocate(slab->memory, EX_SLAB_SLOTS_AT + slot_size);

    if (page != NULL) {
        page->is_first = true;
    }
    return page;
}

static struct ex_slab_page *add_page(struct ex_slab *slab, uint32_t class, size_t slot_size) {
    const bool is_single = slot_size > (EX_MEMORY_PAGE_SIZE - EX_SLAB_SLOTS_AT) / SHARE_MIN;
    struct ex_slab_page *const page =
        is_single ? allocate_single(slab, slot_size) : take_page(slab);

    if (page == NULL) {
        return NULL;
    }
    page->slab = slab;
    page->next = slab->pages;
    page->slot_size = (uint32_t)slot_size;
    page->class = class;
    page->begun = EX_SLAB_SLOTS_AT;
    page->is_single = is_single;
    page->words = NULL;
    page->local = slab->local;
    page->self = page;
    page->free = &slab->free[class];
    __atomic_store_n(&slab->pages, page, __ATOMIC_RELEASE);
    return page;
}

static struct ex_strand *slot_at(struct ex_slab_page *page, size_t at) {
    return (struct ex_strand *)(void *)((unsigned char *)page + at);
}

static void collect_remote(struct ex_slab *slab);

static struct ex_strand *cut_slot(struct ex_slab *slab, uint32_t class, size_t slot_size) {
    struct ex_slab_page *page = slab->current[class];

    if (page == NULL || page->begun + slot_size > EX_MEMORY_PAGE_SIZE) {
        page = add_page(slab, class, slot_size);
        if (page == NULL) {
            return NULL;
        }
        slab->current[class] = page->is_single ? NULL : page;
    }
    struct ex_strand *const slot = slot_at(page, page->begun);
    memset(slot, 0, sizeof *slot);
    slot->leaf = slab->local;
    slot->state = EX_STRAND_RETURNED;
    slot->owner = slab->owner_id;
    __atomic_store_n(&page->begun, page->begun + page->slot_size, __ATOMIC_RELEASE);
    return slot;
}

struct ex_strand *ex_slab_cut(struct ex_slab *slab, size_t size) {
    if (size > SIZE_MAX_OF_ALL) {
        return NULL;
    }
    const uint32_t class = class_of(&size);
    if (slab->free[class] == NULL) {
        collect_remote(slab);
    }
    struct ex_strand *const slot = slab->free[class];
    if (slot == NULL) {
        return cut_slot(slab, class, size + (slab->has_times ? EX_SLAB_STEP : 0));
    }
    slab->free[class] = slot->next;
    return slot;
}

void ex_slab_free_remote(struct ex_slab *slab, struct ex_strand *slot) {
    slot->next = __atomic_load_n(&slab->remote, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&slab->remote,
                                        &slot->next,
                                        slot,
                                        true,
                                        __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
    }
}

static void collect_remote(struct ex_slab *slab) {
    if (__atomic_load_n(&slab->remote, __ATOMIC_RELAXED) == NULL) {
        return;
    }
    struct ex_strand *slot = __atomic_exchange_n(&slab->remote, NULL, __ATOMIC_ACQUIRE);
    while (slot != NULL) {
        struct ex_strand *const next = slot->next;
        ex_slab_free(slot);
        slot = next;
    }
}

static size_t begun(const struct ex_slab_page *page) {
    return __atomic_load_n(&page->begun, __ATOMIC_ACQUIRE);
}

void **ex_slab_make_word(struct ex_slab *slab, const struct ex_strand *slot) {
    struct ex_slab_page *const page = ex_slab_page_of(slot);
    const size_t count =
        page->is_single ? 1 : (EX_MEMORY_PAGE_SIZE - EX_SLAB_SLOTS_AT) / page->slot_size;
    void **none = NULL;

    if (ex_slab_word(slot) != NULL) {
        return ex_slab_word(slot);
    }
    struct ex_strand *const memory =
        ex_slab_allocate(slab, sizeof(struct ex_strand) + count * sizeof(void *));
    if (memory == NULL) {
        return NULL;
    }
    void **const words = (void **)(void *)(memory + 1);
    memory->state = 0; /* no task */
    memset(words, 0, count * sizeof(void *));
    if (!__atomic_compare_exchange_n(&page->words,
                                     &none,
                                     words,
                                     false,
                                     __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        ex_slab_free(memory); /* another worker was faster */
    }
    return ex_slab_word(slot);
}

struct ex_strand *ex_slab_next(const struct ex_slab *slab, const struct ex_strand *slot) {
    struct ex_slab_page *page = __atomic_load_n(&slab->pages, __ATOMIC_ACQUIRE);

    if (slot != NULL) {
        page = ex_slab_page_of(slot);
        const size_t at = (size_t)((const unsigned char *)slot - (const unsigned char *)page);
        if (!page->is_single && at + page->slot_size < begun(page)) {
            return slot_at(page, at + page->slot_size);
        }
        page = page->next;
    }
    while (page != NULL && begun(page) == EX_SLAB_SLOTS_AT) {
        page = page->next;
    }
    return page == NULL ? NULL : slot_at(page, EX_SLAB_SLOTS_AT);
}
