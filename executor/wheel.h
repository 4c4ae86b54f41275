/* What is due when: the timers of one scheduler, in a hierarchical timing wheel.
 *
 *   ex_wheel_insert(deadline) ──► slots ──► ex_wheel_advance(now) ··· ex_wheel_pop(), until NULL:
 *                                           those with deadline <= now, by (deadline, start)
 *
 *   level k   64 slots of 64^k ns each. A node lies at the level of the highest 6-bit digit in
 *             which its deadline differs from `reached`, in the slot of that digit: whatever lies
 *             at a lower level is earlier. Eleven levels hold any 64-bit deadline: none overflows.
 *   due       taken out of the slots, not yet given out; all with deadline <= reached
 *   late      inserted with a deadline that has passed: due with the next advance
 *
 *   insert ──► slot ──► slot of a lower level ──► due ──► pop
 *        └───► late ───(next advance)──────────────┘
 *
 * Whoever inserts while due nodes are given out is not given out in the same turn, also when what
 * it inserts is due already: a timer that starts itself again cannot keep the loop from ending. Any
 * node may be cancelled meanwhile, also one that is due and was not given out.
 *
 * Order needs no sequence number. Nodes of equal deadline always lie in the same list and are
 * appended to it in the order of their start; a slot moves to lower levels front to back; a slot of
 * the lowest level is one nanosecond. Only `late` must be sorted, by a sort that is stable.
 *
 * Memory:      nodes are the caller's, zeroed before the first use; a node that is armed is neither
 *              moved nor freed. Nothing is allocated.
 * Limits:      none on the number of nodes; time ends before EX_WHEEL_NEVER.
 * Units:       nanoseconds, from whatever moment the caller counts.
 * Errors:      misuse panics.
 * Threads:     one at a time.
 * Cost:        insert and cancel O(1); a node moves down at most ten times, and once or twice when
 *              neighbours are few, since a node alone in its slot goes to `due` at once.
 * Source:      Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 7;
 *              64 slots a level with a word of occupancy bits as in tokio. What differs: the tick
 *              is a nanosecond, so that order is exact without a sort; levels follow from the
 *              digits of the deadline, as in a radix heap (Ahuja et al., JACM 1990), so that none
 *              overflows; slots are searched as their nodes are given out, when these are in the
 *              cache; each slot keeps a bound on its earliest deadline, so that who sleeps until
 *              ex_wheel_next is not woken at each level; nodes name the one to prefetch (wheel.c).
 */
#ifndef EXECUTOR_WHEEL_H
#define EXECUTOR_WHEEL_H

#include <stdbool.h>

#include <ex/wheel.h>

enum {
    EX_WHEEL_DIGIT_BITS = 6,
    EX_WHEEL_LEVELS = 11,
    EX_WHEEL_SLOTS = 10 * 64 + 16, /* the top digit has four bits */
    EX_WHEEL_DUE = EX_WHEEL_SLOTS,
    EX_WHEEL_LATE,
    EX_WHEEL_LISTS,
};

struct ex_wheel {
    uint64_t now_ns;     /* of the last advance */
    uint64_t reached_ns; /* <= now_ns; the slots hold what is later than this */
    uint64_t occupied[EX_WHEEL_LEVELS];
    uint32_t levels; /* those with an occupied slot */
    struct ex_wheel_node
        lists[EX_WHEEL_LISTS]; /* slots by level; a slot's is valid when occupied */
};

/* An empty wheel at time 0. Touches little of it: a slot's memory is first used by a node in it. */
void ex_wheel_init(struct ex_wheel *wheel);

/* Arms a node that is not armed. A deadline that has passed is due with the next advance;
 * EX_WHEEL_NEVER is allowed and never due. */
void ex_wheel_insert(struct ex_wheel *wheel, struct ex_wheel_node *node, uint64_t deadline_ns);

/* Disarms it, wherever it is. False when it was not armed: given out, cancelled, never inserted. */
bool ex_wheel_cancel(struct ex_wheel *wheel, struct ex_wheel_node *node);

/* The time at which to advance next: the earliest deadline, EX_WHEEL_NEVER when there is none.
 * Exact, but when the earliest node of a slot was cancelled it may be too early, though not before
 * that node's deadline. Who sleeps until then, advances and pops finds something due or a later
 * time, and wakes in vain at most once for each cancelled node. */
uint64_t ex_wheel_next(const struct ex_wheel *wheel);

/* Moves time to now, which must not be earlier than before nor EX_WHEEL_NEVER: all armed nodes with
 * deadline <= now are due. O(1) apart from those that were inserted late. */
void ex_wheel_advance(struct ex_wheel *wheel, uint64_t now_ns);

/* Takes out what is due and was armed when time was moved, by (deadline, start), disarmed; NULL
 * when nothing is left. Who stops earlier finds the rest later, before what becomes due meanwhile.
 */
struct ex_wheel_node *ex_wheel_pop(struct ex_wheel *wheel);

static inline bool ex_wheel_armed(const struct ex_wheel_node *node) {
    return node->next != NULL;
}

/* Nothing is armed. */
static inline bool ex_wheel_is_empty(const struct ex_wheel *wheel) {
    const struct ex_wheel_node *const due = &wheel->lists[EX_WHEEL_DUE];
    const struct ex_wheel_node *const late = &wheel->lists[EX_WHEEL_LATE];

    return wheel->levels == 0 && due->next == due && late->next == late;
}

/* Asserts the invariants; for tests. */
void ex_wheel_verify(const struct ex_wheel *wheel);

#endif
