#include "executor/wheel.h"

#include <ex/panic.h>

/* A slot of a million nodes is a walk through memory in no order, one miss after the other. Each
 * node therefore names the one that was appended this many places after it, and a walk prefetches
 * it: misses overlap, and a node costs 80 ns instead of 200. When that one has been cancelled
 * since, its memory is prefetched in vain; nothing is ever read through this pointer. */
enum { AHEAD = 4 };

/* A sort by merging holds one run of 2^i nodes at most for each i. */
enum { RUNS_MAX = 64 };

#define DIGIT_MASK ((1u << EX_WHEEL_DIGIT_BITS) - 1)

_Static_assert(sizeof(struct ex_wheel_node) <= 32, "two to a cache line");
_Static_assert(EX_WHEEL_LEVELS *EX_WHEEL_DIGIT_BITS >= 64, "levels hold any deadline");
_Static_assert(EX_WHEEL_SLOTS >> EX_WHEEL_DIGIT_BITS == EX_WHEEL_LEVELS - 1, "the top is partial");

static void clear(struct ex_wheel_node *head);
static bool is_empty(const struct ex_wheel_node *head);
static void append(struct ex_wheel_node *head, struct ex_wheel_node *node);
static void place(struct ex_wheel *wheel, struct ex_wheel_node *node);
static uint32_t slot_of(const struct ex_wheel *wheel, uint64_t deadline_ns);
static uint32_t earliest_slot(const struct ex_wheel *wheel);
static void vacate(struct ex_wheel *wheel, uint32_t slot);
static void search(struct ex_wheel *wheel);
static void take(struct ex_wheel *wheel, uint32_t slot);
static void sort(struct ex_wheel_node *head);
static void verify_slot(const struct ex_wheel *wheel, uint32_t slot);
static void verify_list(const struct ex_wheel_node *head, uint64_t deadline_ns_max);

void ex_wheel_init(struct ex_wheel *wheel) {
    wheel->now_ns = 0;
    wheel->reached_ns = 0;
    wheel->levels = 0;
    for (uint32_t level = 0; level < EX_WHEEL_LEVELS; level++) {
        wheel->occupied[level] = 0;
    }
    clear(&wheel->lists[EX_WHEEL_DUE]);
    clear(&wheel->lists[EX_WHEEL_LATE]);
}

void ex_wheel_insert(struct ex_wheel *wheel, struct ex_wheel_node *node, uint64_t deadline_ns) {
    EX_REQUIRE(
        !ex_wheel_armed(node),
        "ex_sleep, ex_deadline: its timer runs already: a frame was awaited twice at one time");
    node->deadline_ns = deadline_ns;
    if (deadline_ns > wheel->now_ns) {
        place(wheel, node);
    } else {
        append(&wheel->lists[EX_WHEEL_LATE], node);
    }
}

bool ex_wheel_cancel(struct ex_wheel *wheel, struct ex_wheel_node *node) {
    if (!ex_wheel_armed(node)) {
        return false;
    }
    struct ex_wheel_node *next = node->next;
    struct ex_wheel_node *previous = node->previous;
    previous->next = next;
    next->previous = previous;
    node->next = NULL;
    if (next == previous) { /* it was alone in its list, and this is the head */
        const ptrdiff_t list = next - wheel->lists;
        EX_REQUIRE(list >= 0 && list < EX_WHEEL_LISTS,
                   "ex_sleep, ex_deadline: a timer of another scheduler is cancelled");
        if (list < EX_WHEEL_SLOTS) {
            vacate(wheel, (uint32_t)list);
        }
    }
    return true;
}

uint64_t ex_wheel_next(const struct ex_wheel *wheel) {
    const struct ex_wheel_node *due = &wheel->lists[EX_WHEEL_DUE];
    const struct ex_wheel_node *late = &wheel->lists[EX_WHEEL_LATE];
    uint64_t next_ns = EX_WHEEL_NEVER;
    if (!is_empty(due)) {
        next_ns = due->next->deadline_ns;
    } else if (wheel->levels != 0) {
        next_ns = wheel->lists[earliest_slot(wheel)].deadline_ns;
    }
    if (!is_empty(late) && late->deadline_ns < next_ns) {
        next_ns = late->deadline_ns;
    }
    return next_ns;
}

/* What was inserted late is by now either later than what has been reached, and belongs among what
 * is still in the slots, or before all of it. */
void ex_wheel_advance(struct ex_wheel *wheel, uint64_t now_ns) {
    EX_REQUIRE(now_ns >= wheel->now_ns, "the clock went back");
    EX_REQUIRE(now_ns != EX_WHEEL_NEVER, "the clock is at its end");
    wheel->now_ns = now_ns;
    struct ex_wheel_node *due = &wheel->lists[EX_WHEEL_DUE];
    struct ex_wheel_node *late = &wheel->lists[EX_WHEEL_LATE];
    struct ex_wheel_node *node = late->next;
    bool is_sorted = true;
    clear(late);
    while (node != late) {
        struct ex_wheel_node *following = node->next;
        if (node->deadline_ns > wheel->reached_ns) {
            place(wheel, node);
        } else {
            is_sorted =
                is_sorted && (is_empty(due) || due->previous->deadline_ns <= node->deadline_ns);
            append(due, node);
        }
        node = following;
    }
    if (!is_sorted) {
        sort(due);
    }
}

struct ex_wheel_node *ex_wheel_pop(struct ex_wheel *wheel) {
    struct ex_wheel_node *due = &wheel->lists[EX_WHEEL_DUE];
    if (is_empty(due)) {
        search(wheel);
        if (is_empty(due)) {
            return NULL;
        }
    }
    struct ex_wheel_node *node = due->next;
    EX_ASSERT(node->deadline_ns <= wheel->now_ns);
    due->next = node->next;
    due->next->previous = due;
    node->next = NULL;
    return node;
}

void ex_wheel_verify(const struct ex_wheel *wheel) {
    EX_ASSERT(wheel->reached_ns <= wheel->now_ns);
    EX_ASSERT(wheel->occupied[EX_WHEEL_LEVELS - 1] >> (EX_WHEEL_SLOTS & DIGIT_MASK) == 0);
    for (uint32_t level = 0; level < EX_WHEEL_LEVELS; level++) {
        EX_ASSERT((wheel->levels >> level & 1) == (wheel->occupied[level] != 0));
    }
    for (uint32_t slot = 0; slot < EX_WHEEL_SLOTS; slot++) {
        if (wheel->occupied[slot >> EX_WHEEL_DIGIT_BITS] >> (slot & DIGIT_MASK) & 1) {
            verify_slot(wheel, slot);
        }
    }
    const struct ex_wheel_node *due = &wheel->lists[EX_WHEEL_DUE];
    verify_list(due, wheel->reached_ns);
    verify_list(&wheel->lists[EX_WHEEL_LATE], wheel->now_ns);
    for (const struct ex_wheel_node *node = due->next; node != due; node = node->next) {
        EX_ASSERT(node->next == due || node->deadline_ns <= node->next->deadline_ns);
    }
}

static void clear(struct ex_wheel_node *head) {
    head->next = head;
    head->previous = head;
    head->deadline_ns = EX_WHEEL_NEVER;
}

static bool is_empty(const struct ex_wheel_node *head) {
    return head->next == head;
}

static void append(struct ex_wheel_node *head, struct ex_wheel_node *node) {
    struct ex_wheel_node *last = head->previous;
    struct ex_wheel_node *behind = last;
    for (int places = 1; places < AHEAD; places++) {
        behind = behind->previous; /* in a short list it goes round: wrong, and harmless */
    }
    behind->ahead = node;
    node->ahead = node;
    node->next = head;
    node->previous = last;
    last->next = node;
    head->previous = node;
    if (node->deadline_ns < head->deadline_ns) {
        head->deadline_ns = node->deadline_ns;
    }
}

/* Into the slot of its deadline, or among what is due. */
static void place(struct ex_wheel *wheel, struct ex_wheel_node *node) {
    if (node->deadline_ns <= wheel->reached_ns) {
        append(&wheel->lists[EX_WHEEL_DUE], node);
        return;
    }
    const uint32_t slot = slot_of(wheel, node->deadline_ns);
    const uint32_t level = slot >> EX_WHEEL_DIGIT_BITS;
    const uint64_t bit = UINT64_C(1) << (slot & DIGIT_MASK);
    if ((wheel->occupied[level] & bit) == 0) {
        clear(&wheel->lists[slot]);
        wheel->occupied[level] |= bit;
        wheel->levels |= 1u << level;
    }
    append(&wheel->lists[slot], node);
}

static uint32_t slot_of(const struct ex_wheel *wheel, uint64_t deadline_ns) {
    const uint64_t differing = deadline_ns ^ wheel->reached_ns;
    const uint32_t level = (63u - (uint32_t)__builtin_clzll(differing)) / EX_WHEEL_DIGIT_BITS;
    const uint64_t digit = deadline_ns >> (level * EX_WHEEL_DIGIT_BITS) & DIGIT_MASK;
    return level << EX_WHEEL_DIGIT_BITS | (uint32_t)digit;
}

/* Whatever is in the slots is not earlier than what is in this one. */
static uint32_t earliest_slot(const struct ex_wheel *wheel) {
    const uint32_t level = (uint32_t)__builtin_ctz(wheel->levels);
    const uint32_t digit = (uint32_t)__builtin_ctzll(wheel->occupied[level]);
    return level << EX_WHEEL_DIGIT_BITS | digit;
}

static void vacate(struct ex_wheel *wheel, uint32_t slot) {
    const uint32_t level = slot >> EX_WHEEL_DIGIT_BITS;
    wheel->occupied[level] &= ~(UINT64_C(1) << (slot & DIGIT_MASK));
    if (wheel->occupied[level] == 0) {
        wheel->levels &= ~(1u << level);
    }
}

/* Goes through the slots in order of time until something is due or now is reached. A slot in which
 * now lies is taken too, so that each node stays at the level of its highest differing digit. */
static void search(struct ex_wheel *wheel) {
    while (wheel->levels != 0) {
        const uint32_t slot = earliest_slot(wheel);
        const uint32_t shift = (slot >> EX_WHEEL_DIGIT_BITS) * EX_WHEEL_DIGIT_BITS;
        const uint64_t begin_ns = wheel->lists[slot].deadline_ns >> shift << shift;
        EX_ASSERT(begin_ns > wheel->reached_ns);
        if (begin_ns > wheel->now_ns) {
            break;
        }
        wheel->reached_ns = begin_ns;
        take(wheel, slot);
        if (!is_empty(&wheel->lists[EX_WHEEL_DUE])) {
            return;
        }
    }
    wheel->reached_ns = wheel->now_ns;
}

/* Moves the nodes of a slot, whose time has been reached, to lower levels or to what is due. One
 * that is alone needs no level to find its place: time is moved on to its deadline, before which
 * nothing else is due. */
static void take(struct ex_wheel *wheel, uint32_t slot) {
    struct ex_wheel_node *head = &wheel->lists[slot];
    struct ex_wheel_node *node = head->next;
    EX_ASSERT(node != head);
    vacate(wheel, slot);
    if (node->next == head && node->deadline_ns <= wheel->now_ns) {
        wheel->reached_ns = node->deadline_ns;
    }
    while (node != head) {
        struct ex_wheel_node *following = node->next;
        __builtin_prefetch(node->ahead, 1);
        place(wheel, node);
        node = following;
    }
}

/* Both end with NULL and the first was before the second. */
static struct ex_wheel_node *merge(struct ex_wheel_node *first, struct ex_wheel_node *second) {
    struct ex_wheel_node *merged = NULL;
    struct ex_wheel_node **end = &merged;
    while (first != NULL && second != NULL) {
        struct ex_wheel_node **earlier =
            second->deadline_ns < first->deadline_ns ? &second : &first;
        *end = *earlier;
        end = &(*earlier)->next;
        *earlier = (*earlier)->next;
    }
    *end = first != NULL ? first : second;
    return merged;
}

/* By deadline, stable: merges runs of equal length, as a binary counter carries. */
static void sort(struct ex_wheel_node *head) {
    struct ex_wheel_node *runs[RUNS_MAX] = {NULL};
    struct ex_wheel_node *node = head->next;
    while (node != head) {
        struct ex_wheel_node *following = node->next;
        uint32_t i = 0;
        node->next = NULL;
        for (; runs[i] != NULL; i++) {
            EX_ASSERT(i + 1 < RUNS_MAX);
            node = merge(runs[i], node);
            runs[i] = NULL;
        }
        runs[i] = node;
        node = following;
    }
    struct ex_wheel_node *sorted = NULL;
    for (uint32_t i = 0; i < RUNS_MAX; i++) {
        sorted = merge(runs[i], sorted);
    }
    clear(head);
    while (sorted != NULL) {
        struct ex_wheel_node *following = sorted->next;
        append(head, sorted);
        sorted = following;
    }
}

static void verify_slot(const struct ex_wheel *wheel, uint32_t slot) {
    const struct ex_wheel_node *head = &wheel->lists[slot];
    EX_ASSERT(!is_empty(head));
    verify_list(head, EX_WHEEL_NEVER);
    EX_ASSERT(slot_of(wheel, head->deadline_ns) == slot);
    for (const struct ex_wheel_node *node = head->next; node != head; node = node->next) {
        EX_ASSERT(node->deadline_ns > wheel->reached_ns);
        EX_ASSERT(slot_of(wheel, node->deadline_ns) == slot);
    }
}

static void verify_list(const struct ex_wheel_node *head, uint64_t deadline_ns_max) {
    EX_ASSERT(head->next->previous == head);
    for (const struct ex_wheel_node *node = head->next; node != head; node = node->next) {
        EX_ASSERT(node->next->previous == node);
        EX_ASSERT(node->deadline_ns >= head->deadline_ns);
        EX_ASSERT(node->deadline_ns <= deadline_ns_max);
    }
}
