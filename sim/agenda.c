#include "sim/agenda.h"

#include <stddef.h>

#include "sim/panic.h"

#define DIGIT_BITS 6u
#define SLOTS 64u
#define LEVELS 11u /* 11 digits of 6 bits hold 64 bits */
#define OVERDUE LEVELS
#define ALIGNMENT 64u

struct entry {
    struct agenda_item item;
    uint32_t generation; /* odd while the entry is in the agenda */
    uint32_t previous, next;
    uint16_t level; /* OVERDUE: in the overdue list */
    uint16_t slot;
};

struct list {
    uint32_t first, last;
};

struct agenda {
    uint64_t elapsed; /* due time of the last entry that was popped, at least */
    uint64_t next_ns;
    uint64_t sequence;
    uint32_t capacity;
    uint32_t used; /* entries 1 … used were taken since the reset */
    uint32_t free;
    uint32_t count;
    uint32_t levels_used; /* bit per level with an entry */
    struct list overdue;
    uint64_t occupied[LEVELS];        /* bit per slot with an entry */
    struct list slots[LEVELS][SLOTS]; /* valid where occupied */
    struct entry entries[];
};

static struct list *list_of(struct agenda *agenda, const struct entry *entry) {
    return entry->level == OVERDUE ? &agenda->overdue : &agenda->slots[entry->level][entry->slot];
}

uint64_t agenda_size(uint32_t capacity) {
    const uint64_t size = sizeof(struct agenda) + sizeof(struct entry) * ((uint64_t)capacity + 1);
    return (size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

struct agenda *agenda_init(void *memory, uint32_t capacity) {
    ASSERT(memory != NULL && (uintptr_t)memory % ALIGNMENT == 0);
    ASSERT(capacity > 0 && capacity < UINT32_MAX);
    struct agenda *agenda = memory;
    *agenda = (struct agenda){.capacity = capacity, .next_ns = AGENDA_NEVER};
    return agenda;
}

void agenda_reset(struct agenda *agenda) {
    agenda->elapsed = 0;
    agenda->next_ns = AGENDA_NEVER;
    agenda->sequence = 0;
    agenda->used = 0;
    agenda->free = 0;
    agenda->count = 0;
    agenda->overdue = (struct list){0, 0};
    while (agenda->levels_used != 0) {
        const unsigned level = (unsigned)__builtin_ctz(agenda->levels_used);
        agenda->levels_used &= agenda->levels_used - 1;
        agenda->occupied[level] = 0;
    }
}

static uint32_t entry_take(struct agenda *agenda) {
    uint32_t index = agenda->free;
    if (index != 0) {
        agenda->free = agenda->entries[index].next;
    } else if (agenda->used < agenda->capacity) {
        index = ++agenda->used;
        agenda->entries[index].generation = 0;
    }
    return index;
}

/* Appends to the slot where an entry with its due time belongs. */
static void slot_append(struct agenda *agenda, uint32_t index) {
    struct entry *entry = &agenda->entries[index];
    const uint64_t differs = entry->item.due_ns ^ agenda->elapsed;
    const unsigned level =
        differs == 0 ? 0 : (63u - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
    const unsigned slot = (entry->item.due_ns >> (level * DIGIT_BITS)) % SLOTS;
    entry->level = (uint16_t)level;
    entry->slot = (uint16_t)slot;
    entry->next = 0;
    struct list *list = &agenda->slots[level][slot];
    if ((agenda->occupied[level] >> slot & 1) == 0) {
        *list = (struct list){index, index};
        entry->previous = 0;
        agenda->occupied[level] |= UINT64_C(1) << slot;
        agenda->levels_used |= 1u << level;
        return;
    }
    entry->previous = list->last;
    agenda->entries[list->last].next = index;
    list->last = index;
}

/* Inserts behind every overdue entry that is due no later. */
static void overdue_insert(struct agenda *agenda, uint32_t index) {
    struct entry *entry = &agenda->entries[index];
    uint32_t before = agenda->overdue.last;
    while (before != 0 && agenda->entries[before].item.due_ns > entry->item.due_ns) {
        before = agenda->entries[before].previous;
    }
    entry->level = OVERDUE;
    entry->previous = before;
    entry->next = before == 0 ? agenda->overdue.first : agenda->entries[before].next;
    *(before == 0 ? &agenda->overdue.first : &agenda->entries[before].next) = index;
    *(entry->next == 0 ? &agenda->overdue.last : &agenda->entries[entry->next].previous) = index;
}

static void unlink_entry(struct agenda *agenda, uint32_t index) {
    struct entry *entry = &agenda->entries[index];
    struct list *list = list_of(agenda, entry);
    *(entry->previous == 0 ? &list->first : &agenda->entries[entry->previous].next) = entry->next;
    *(entry->next == 0 ? &list->last : &agenda->entries[entry->next].previous) = entry->previous;
    if (list->first == 0 && entry->level != OVERDUE) {
        agenda->occupied[entry->level] &= ~(UINT64_C(1) << entry->slot);
        if (agenda->occupied[entry->level] == 0) {
            agenda->levels_used &= ~(1u << entry->level);
        }
    }
}

/* The first slot in order of time: the lowest level that is used holds the earliest entries. */
static struct list *earliest_slot(struct agenda *agenda, unsigned *level) {
    ASSERT(agenda->levels_used != 0);
    *level = (unsigned)__builtin_ctz(agenda->levels_used);
    const unsigned slot = (unsigned)__builtin_ctzll(agenda->occupied[*level]);
    return &agenda->slots[*level][slot];
}

static uint64_t earliest(struct agenda *agenda) {
    if (agenda->overdue.first != 0) {
        return agenda->entries[agenda->overdue.first].item.due_ns;
    }
    if (agenda->levels_used == 0) {
        return AGENDA_NEVER;
    }
    unsigned level;
    const struct list *list = earliest_slot(agenda, &level);
    uint64_t due_ns = agenda->entries[list->first].item.due_ns;
    for (uint32_t i = list->first; level > 0 && i != 0; i = agenda->entries[i].next) {
        if (agenda->entries[i].item.due_ns < due_ns) {
            due_ns = agenda->entries[i].item.due_ns;
        }
    }
    return due_ns;
}

uint64_t agenda_insert(struct agenda *agenda,
                       uint64_t due_ns,
                       uint32_t handler,
                       uint32_t subject,
                       uint64_t value) {
    ASSERT(due_ns != AGENDA_NEVER);
    const uint32_t index = entry_take(agenda);
    if (index == 0) {
        return 0;
    }
    struct entry *entry = &agenda->entries[index];
    entry->generation |= 1;
    const uint64_t handle = ((uint64_t)entry->generation << 32) | index;
    entry->item = (struct agenda_item){due_ns, ++agenda->sequence, handle, handler, subject, value};
    if (due_ns < agenda->elapsed) {
        overdue_insert(agenda, index);
    } else {
        slot_append(agenda, index);
    }
    agenda->count++;
    if (due_ns < agenda->next_ns) {
        agenda->next_ns = due_ns;
    }
    return handle;
}

static void entry_give(struct agenda *agenda, uint32_t index) {
    unlink_entry(agenda, index);
    agenda->entries[index].generation++;
    agenda->entries[index].next = agenda->free;
    agenda->free = index;
    agenda->count--;
}

bool agenda_cancel(struct agenda *agenda, uint64_t handle) {
    const uint32_t index = (uint32_t)handle;
    if (index == 0 || index > agenda->used ||
        agenda->entries[index].generation != (uint32_t)(handle >> 32)) {
        return false;
    }
    const uint64_t due_ns = agenda->entries[index].item.due_ns;
    entry_give(agenda, index);
    if (due_ns == agenda->next_ns) {
        agenda->next_ns = earliest(agenda);
    }
    return true;
}

uint64_t agenda_next_ns(const struct agenda *agenda) {
    return agenda->next_ns;
}

/* Time has come for the earliest slot: its entries move down until some lie at level 0. */
static void cascade(struct agenda *agenda) {
    agenda->elapsed = agenda->next_ns;
    for (;;) {
        unsigned level;
        struct list *list = earliest_slot(agenda, &level);
        if (level == 0) {
            return;
        }
        uint32_t index = list->first;
        const unsigned slot = agenda->entries[index].slot;
        agenda->occupied[level] &= ~(UINT64_C(1) << slot);
        if (agenda->occupied[level] == 0) {
            agenda->levels_used &= ~(1u << level);
        }
        while (index != 0) {
            const uint32_t next = agenda->entries[index].next;
            slot_append(agenda, index);
            index = next;
        }
    }
}

bool agenda_pop(struct agenda *agenda, uint64_t now_ns, struct agenda_item *item) {
    if (agenda->next_ns > now_ns || agenda->count == 0) {
        return false;
    }
    uint32_t index = agenda->overdue.first;
    if (index == 0) {
        cascade(agenda);
        unsigned level;
        index = earliest_slot(agenda, &level)->first;
        ASSERT(level == 0);
    }
    *item = agenda->entries[index].item;
    ASSERT(item->due_ns == agenda->next_ns);
    entry_give(agenda, index);
    agenda->next_ns = earliest(agenda);
    return true;
}

uint32_t agenda_count(const struct agenda *agenda) {
    return agenda->count;
}

static uint32_t list_verify(const struct agenda *agenda, const struct list *list, unsigned level) {
    uint32_t count = 0;
    uint32_t previous = 0;
    for (uint32_t i = list->first; i != 0; i = agenda->entries[i].next) {
        const struct entry *entry = &agenda->entries[i];
        ASSERT(entry->previous == previous);
        ASSERT(entry->level == level);
        ASSERT((entry->generation & 1) == 1);
        ASSERT(entry->item.due_ns >= agenda->next_ns);
        previous = i;
        count++;
    }
    ASSERT(list->last == previous);
    return count;
}

void agenda_verify(const struct agenda *agenda) {
    uint32_t count = list_verify(agenda, &agenda->overdue, OVERDUE);
    for (unsigned level = 0; level < LEVELS; level++) {
        ASSERT((agenda->occupied[level] != 0) == (agenda->levels_used >> level & 1));
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            if (agenda->occupied[level] >> slot & 1) {
                const struct list *list = &agenda->slots[level][slot];
                ASSERT(list->first != 0);
                count += list_verify(agenda, list, level);
            }
        }
    }
    ASSERT(count == agenda->count);
}
