#include "sim/agenda.h"

#include <stddef.h>

#include "sim/panic.h"

#define ALIGNMENT 64u
#define INDEX_BITS 24u
#define SEQUENCE_MAX (UINT64_MAX >> INDEX_BITS)

/* Rows of slots in order of time: row 0 has one slot, for what is overdue; row k + 1 is level k.
 * Slots are numbered across rows. */
#define DIGIT_BITS 8u
#define SLOTS 256u
#define ROWS 9u
#define WORDS (SLOTS / 64u)
#define OVERDUE 0u
#define LEVEL_1 (2u * SLOTS)

#define LIST_SHARE 16u /* one in so many entries lengthens a root's list, see adopt */

_Static_assert((ROWS - 1) * DIGIT_BITS == 64, "the levels hold every time");
_Static_assert(SLOTS == 1u << DIGIT_BITS, "a slot for each value of a digit");
_Static_assert(AGENDA_CAPACITY_MAX < 1u << INDEX_BITS, "an index fits into a handle");

/* A slot is a pairing heap: no child is earlier than its parent, siblings stand in no order.
 *
 *   root ──child──► a ──next──► b ──next──► c          a.previous is root, b.previous is a
 *                   │
 *                   └──child──► d                      d.previous is a
 *
 * Index 0 ends a list; what lies there is written, in place of a branch, and never read. A root's
 * own next and previous mean nothing. */
struct entry {
    _Alignas(ALIGNMENT) struct agenda_item item; /* handle 0: the entry is free */
    uint32_t child;
    uint32_t next; /* also links free entries */
    uint32_t previous;
};

_Static_assert(sizeof(struct entry) == ALIGNMENT, "to visit an entry is to fetch one cache line");

struct agenda {
    uint64_t elapsed; /* the latest due time that was popped */
    uint64_t next_ns;
    uint64_t now_ns; /* of the last agenda_pop */
    uint64_t sequence;
    uint32_t capacity;
    uint32_t used; /* entries 1 … used were taken since the reset */
    uint32_t free; /* first free one of these, 0 = none */
    uint32_t count;
    uint32_t rows;                  /* bit per row with an entry */
    uint32_t words[ROWS];           /* bit per word that is not 0: a search of them would be
                                       mispredicted half of the time */
    uint64_t occupied[ROWS][WORDS]; /* bit per slot with an entry */
    uint32_t roots[ROWS * SLOTS];   /* valid where occupied */
    struct entry entries[];
};

uint64_t agenda_size(uint32_t capacity) {
    ASSERT(capacity > 0);
    ASSERT(capacity <= AGENDA_CAPACITY_MAX);
    return sizeof(struct agenda) + sizeof(struct entry) * ((uint64_t)capacity + 1);
}

struct agenda *agenda_init(void *memory, uint32_t capacity) {
    ASSERT(memory != NULL && (uintptr_t)memory % ALIGNMENT == 0);
    ASSERT(capacity > 0 && capacity <= AGENDA_CAPACITY_MAX);
    struct agenda *agenda = memory;
    agenda->capacity = capacity;
    agenda->rows = (1u << ROWS) - 1;
    agenda_reset(agenda);
    return agenda;
}

void agenda_reset(struct agenda *agenda) {
    for (; agenda->rows != 0; agenda->rows &= agenda->rows - 1) {
        const uint32_t row = (uint32_t)__builtin_ctz(agenda->rows);
        agenda->words[row] = 0;
        for (uint32_t i = 0; i < WORDS; i++) {
            agenda->occupied[row][i] = 0;
        }
    }
    agenda->elapsed = 0;
    agenda->next_ns = AGENDA_NEVER;
    agenda->now_ns = 0;
    agenda->sequence = 0;
    agenda->used = 0;
    agenda->free = 0;
    agenda->count = 0;
}

static uint32_t entry_take(struct agenda *agenda) {
    uint32_t index = agenda->free;
    if (index != 0) {
        ASSERT(agenda->entries[index].item.handle == 0);
        agenda->free = agenda->entries[index].next;
    } else if (agenda->used < agenda->capacity) {
        index = ++agenda->used;
    } else {
        ASSERT(agenda->count == agenda->capacity);
        return 0;
    }
    agenda->count++;
    return index;
}

/* A function of (due, elapsed) alone, so that equal deadlines always share a slot. */
static uint32_t slot_of(const struct agenda *agenda, uint64_t due_ns) {
    if (due_ns < agenda->elapsed) {
        return OVERDUE;
    }
    const uint64_t differs = due_ns ^ agenda->elapsed;
    const uint32_t level = (63u - (uint32_t)__builtin_clzll(differs | 1)) / DIGIT_BITS;
    return (level + 1) * SLOTS + (uint32_t)(due_ns >> (level * DIGIT_BITS)) % SLOTS;
}

static bool earlier(const struct entry *a, const struct entry *b) {
    return a->item.due_ns < b->item.due_ns ||
           (a->item.due_ns == b->item.due_ns && a->item.sequence < b->item.sequence);
}

/* Makes one heap of two and returns its root. Lists that a and b stood in are the caller's to
 * mend. */
static uint32_t meld(struct agenda *agenda, uint32_t a, uint32_t b) {
    ASSERT(a != 0 && b != 0);
    ASSERT(a != b);
    struct entry *entries = agenda->entries;
    const bool in_order = earlier(&entries[a], &entries[b]);
    const uint32_t parent = in_order ? a : b;
    const uint32_t child = in_order ? b : a;
    const uint32_t sibling = entries[parent].child;
    entries[child].next = sibling;
    entries[child].previous = parent;
    entries[sibling].previous = child;
    entries[parent].child = child;
    return parent;
}

/* Adds an entry without children to a heap and returns the root. Most go below the root's first
 * child: with all of them in one list, scatter would wait for the memory at every step, since only
 * an entry tells where the next one lies (240 ns in place of 80 with a million entries). */
static uint32_t adopt(struct agenda *agenda, uint32_t root, uint32_t index) {
    struct entry *entries = agenda->entries;
    ASSERT(entries[index].child == 0);
    const uint32_t first = entries[root].child;
    if (first == 0 || entries[index].item.sequence % LIST_SHARE == 0 ||
        earlier(&entries[index], &entries[root])) {
        return meld(agenda, root, index);
    }
    const uint32_t second = entries[first].next;
    const uint32_t parent = meld(agenda, first, index);
    entries[parent].next = second;
    entries[parent].previous = root;
    entries[second].previous = parent;
    entries[root].child = parent;
    return root;
}

/* Puts an entry into the slot where it belongs. */
static void place(struct agenda *agenda, uint32_t index) {
    struct entry *entry = &agenda->entries[index];
    entry->child = 0;
    const uint32_t slot = slot_of(agenda, entry->item.due_ns);
    const uint32_t row = slot / SLOTS;
    ASSERT(row < ROWS);
    const uint32_t word = slot % SLOTS / 64;
    const uint64_t bit = UINT64_C(1) << (slot % 64);
    if ((agenda->occupied[row][word] & bit) != 0) {
        agenda->roots[slot] = adopt(agenda, agenda->roots[slot], index);
        return;
    }
    agenda->roots[slot] = index;
    agenda->occupied[row][word] |= bit;
    agenda->words[row] |= 1u << word;
    agenda->rows |= 1u << row;
}

uint64_t agenda_insert(struct agenda *agenda,
                       uint64_t due_ns,
                       uint32_t handler,
                       uint32_t subject,
                       uint64_t value) {
    ASSERT(due_ns != AGENDA_NEVER);
    ASSERT(agenda->sequence < SEQUENCE_MAX);
    const uint32_t index = entry_take(agenda);
    if (index == 0) {
        return 0;
    }
    const uint64_t sequence = ++agenda->sequence;
    struct agenda_item *item = &agenda->entries[index].item;
    item->due_ns = due_ns;
    item->sequence = sequence;
    item->handle = sequence << INDEX_BITS | index;
    item->handler = handler;
    item->subject = subject;
    item->value = value;
    place(agenda, index);
    if (due_ns < agenda->next_ns) {
        agenda->next_ns = due_ns;
    }
    return item->handle;
}

/* The occupied slot with the earliest entries: the first of the lowest row. */
static uint32_t slot_first(const struct agenda *agenda) {
    ASSERT(agenda->rows != 0);
    const uint32_t row = (uint32_t)__builtin_ctz(agenda->rows);
    const uint32_t word = (uint32_t)__builtin_ctz(agenda->words[row]);
    return row * SLOTS + word * 64 + (uint32_t)__builtin_ctzll(agenda->occupied[row][word]);
}

static uint64_t earliest_ns(const struct agenda *agenda) {
    if (agenda->count == 0) {
        ASSERT(agenda->rows == 0);
        return AGENDA_NEVER;
    }
    return agenda->entries[agenda->roots[slot_first(agenda)]].item.due_ns;
}

/* Gives an occupied slot another root; 0 leaves it empty. */
static void slot_replace(struct agenda *agenda, uint32_t slot, uint32_t root) {
    const uint32_t row = slot / SLOTS;
    const uint32_t word = slot % SLOTS / 64;
    const uint64_t bit = UINT64_C(1) << (slot % 64);
    ASSERT((agenda->occupied[row][word] & bit) != 0);
    if (root != 0) {
        agenda->roots[slot] = root;
        return;
    }
    agenda->occupied[row][word] &= ~bit;
    agenda->words[row] &= ~((uint32_t)(agenda->occupied[row][word] == 0) << word);
    agenda->rows &= ~((uint32_t)(agenda->words[row] == 0) << row);
}

/* Makes one heap of the heaps in a list, in pairs from the left, then all from the right: any other
 * way loses the amortised logarithm. Returns 0 for an empty list. */
static uint32_t meld_siblings(struct agenda *agenda, uint32_t first) {
    struct entry *entries = agenda->entries;
    uint32_t pairs = 0; /* the rightmost first */
    while (first != 0) {
        const uint32_t second = entries[first].next;
        const uint32_t third = second == 0 ? 0 : entries[second].next;
        const uint32_t pair = second == 0 ? first : meld(agenda, first, second);
        entries[pair].next = pairs;
        pairs = pair;
        first = third;
    }
    if (pairs == 0) {
        return 0;
    }
    uint32_t root = pairs;
    for (uint32_t pair = entries[root].next; pair != 0;) {
        const uint32_t left = entries[pair].next;
        root = meld(agenda, pair, root);
        pair = left;
    }
    return root;
}

/* Takes an entry out of its slot. */
static void detach(struct agenda *agenda, uint32_t index) {
    struct entry *entries = agenda->entries;
    const uint32_t slot = slot_of(agenda, entries[index].item.due_ns);
    const uint32_t root = agenda->roots[slot];
    const uint32_t orphans = meld_siblings(agenda, entries[index].child);
    if (root == index) {
        slot_replace(agenda, slot, orphans);
        return;
    }
    const uint32_t previous = entries[index].previous;
    const uint32_t next = entries[index].next;
    ASSERT(previous != 0);
    if (entries[previous].child == index) {
        entries[previous].child = next;
    } else {
        ASSERT(entries[previous].next == index);
        entries[previous].next = next;
    }
    entries[next].previous = previous;
    if (orphans != 0) {
        slot_replace(agenda, slot, meld(agenda, root, orphans));
    }
}

static void entry_give(struct agenda *agenda, uint32_t index) {
    ASSERT(index != 0 && index <= agenda->used);
    ASSERT(agenda->count > 0);
    agenda->entries[index].item.handle = 0;
    agenda->entries[index].next = agenda->free;
    agenda->free = index;
    agenda->count--;
}

bool agenda_cancel(struct agenda *agenda, uint64_t handle) {
    const uint32_t index = (uint32_t)(handle & ((1u << INDEX_BITS) - 1));
    if (index == 0 || index > agenda->used || agenda->entries[index].item.handle != handle) {
        return false;
    }
    const uint64_t due_ns = agenda->entries[index].item.due_ns;
    ASSERT(due_ns >= agenda->next_ns);
    detach(agenda, index);
    entry_give(agenda, index);
    if (due_ns == agenda->next_ns) {
        agenda->next_ns = earliest_ns(agenda);
    }
    return true;
}

uint64_t agenda_next_ns(const struct agenda *agenda) {
    return agenda->next_ns;
}

/* Places anew all entries of a list of heaps. Breadth first, the queue linked by `previous`, so
 * that an entry is on its way from the memory a while before its turn. */
static void scatter(struct agenda *agenda, uint32_t first) {
    struct entry *entries = agenda->entries;
    uint32_t last = first;
    for (uint32_t index = first; index != 0;) {
        const uint32_t links[2] = {entries[index].next, entries[index].child};
        for (uint32_t i = 0; i < 2; i++) {
            if (links[i] != 0) {
                __builtin_prefetch(&entries[links[i]], 1);
                entries[last].previous = links[i];
                last = links[i];
            }
        }
        const uint32_t following = index == last ? 0 : entries[index].previous;
        place(agenda, index); /* overwrites the links */
        index = following;
    }
}

bool agenda_pop(struct agenda *agenda, uint64_t now_ns, struct agenda_item *item) {
    ASSERT(now_ns >= agenda->now_ns);
    agenda->now_ns = now_ns;
    if (agenda->next_ns > now_ns || agenda->count == 0) {
        return false;
    }
    const uint32_t slot = slot_first(agenda);
    const uint32_t index = agenda->roots[slot];
    const uint32_t children = agenda->entries[index].child;
    *item = agenda->entries[index].item;
    ASSERT(item->due_ns == agenda->next_ns);
    if (item->due_ns > agenda->elapsed) {
        agenda->elapsed = item->due_ns;
    }
    if (slot < LEVEL_1) {
        /* Overdue, or due at the same time: the others belong where they are. */
        slot_replace(agenda, slot, meld_siblings(agenda, children));
    } else {
        slot_replace(agenda, slot, 0);
        scatter(agenda, children);
    }
    entry_give(agenda, index);
    agenda->next_ns = earliest_ns(agenda);
    return true;
}

uint32_t agenda_count(const struct agenda *agenda) {
    return agenda->count;
}

static void entry_verify(const struct agenda *agenda, uint32_t index, uint32_t slot) {
    const struct entry *entry = &agenda->entries[index];
    ASSERT(index <= agenda->used);
    ASSERT(entry->item.handle == (entry->item.sequence << INDEX_BITS | index));
    ASSERT(entry->item.sequence <= agenda->sequence);
    ASSERT(entry->item.due_ns >= agenda->next_ns);
    ASSERT(slot_of(agenda, entry->item.due_ns) == slot);
    uint32_t previous = index;
    for (uint32_t i = entry->child; i != 0; i = agenda->entries[i].next) {
        ASSERT(agenda->entries[i].previous == previous);
        ASSERT(earlier(entry, &agenda->entries[i]));
        previous = i;
    }
}

/* The entry after this one, parents before children; 0 after the last. */
static uint32_t heap_following(const struct agenda *agenda, uint32_t root, uint32_t index) {
    const struct entry *entries = agenda->entries;
    if (entries[index].child != 0) {
        return entries[index].child;
    }
    while (index != root && entries[index].next == 0) {
        while (entries[entries[index].previous].child != index) {
            index = entries[index].previous;
        }
        index = entries[index].previous;
    }
    return index == root ? 0 : entries[index].next;
}

static uint32_t slot_verify(const struct agenda *agenda, uint32_t slot) {
    const uint32_t root = agenda->roots[slot];
    uint32_t count = 0;
    ASSERT(root != 0);
    for (uint32_t i = root; i != 0; i = heap_following(agenda, root, i)) {
        entry_verify(agenda, i, slot);
        count++;
        ASSERT(count <= agenda->count);
    }
    return count;
}

void agenda_verify(const struct agenda *agenda) {
    uint32_t count = 0;
    uint32_t rows = 0;
    uint32_t words[ROWS] = {0};
    for (uint32_t slot = 0; slot < ROWS * SLOTS; slot++) {
        if (agenda->occupied[slot / SLOTS][slot % SLOTS / 64] >> (slot % 64) & 1) {
            rows |= 1u << (slot / SLOTS);
            words[slot / SLOTS] |= 1u << (slot % SLOTS / 64);
            count += slot_verify(agenda, slot);
        }
    }
    ASSERT(rows == agenda->rows);
    for (uint32_t row = 0; row < ROWS; row++) {
        ASSERT(words[row] == agenda->words[row]);
    }
    ASSERT(count == agenda->count);
    uint32_t unused = 0;
    for (uint32_t i = agenda->free; i != 0; i = agenda->entries[i].next) {
        ASSERT(agenda->entries[i].item.handle == 0);
        unused++;
        ASSERT(unused <= agenda->used);
    }
    ASSERT(count + unused == agenda->used);
    ASSERT(agenda->used <= agenda->capacity);
    ASSERT(agenda->elapsed <= agenda->now_ns);
    ASSERT(agenda->next_ns == earliest_ns(agenda));
}
