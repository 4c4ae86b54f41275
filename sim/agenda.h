/* What is due when: every timer and every message on its way, in one hierarchical timing wheel.
 *
 *   agenda_insert(due) ──► wheel ──► agenda_pop(now): entries with due <= now, by (due, sequence)
 *
 *   level k   256 slots of 256^k ns each; an entry lies at the level of the highest 8-bit digit in
 *             which its due time differs from `elapsed`, the latest due time that was popped, in
 *             the slot of that digit: whatever lies at a lower level is earlier
 *   overdue   one slot more, for entries that are due before `elapsed`
 *
 * A slot is a heap, so that its earliest entry is known at any time without looking at the others.
 * Time reaches a slot when its first entry is popped; the others then move to lower levels, at
 * most seven times in the life of an entry.
 *
 * Why heaps: with lists, either one slot is searched after every pop and cancel (10,000 timeouts
 * due in 30 s, and one short timer that ticks: 10,000 steps a tick), or time runs ahead to the
 * first entry and back again when an earlier one comes.
 *
 * Equal deadlines come out in the order of insertion: the sequence number is part of the order.
 * Entries are records in a pool and named by handles {sequence, index} packed in 64 bits, so that
 * cancelling an entry that already fired is harmless. No handle comes twice between two resets.
 *
 * Memory:      records live in the memory given to agenda_init; nothing is allocated later. It is
 *              linked by index, so it may be mapped anywhere.
 * Limits:      capacity as given, up to AGENDA_CAPACITY_MAX; agenda_insert returns 0 when full.
 *              2^40 insertions between two resets.
 * Units:       nanoseconds of virtual time.
 * Errors:      as said; misuse panics.
 * Threads:     the world's only.
 * Determinism: a function of the calls since the last reset.
 * Cost:        insert and next are O(1), pop O(1) amortised while few entries are overdue or due at
 *              the same time, else O(log of these); cancel O(log of the slot's entries) amortised.
 * Source:      Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 7;
 *              differs in that levels follow from the digits of the due time, as in a radix heap
 *              (Ahuja et al., "Faster algorithms for the shortest path problem", JACM 1990), and
 *              that a slot is a pairing heap (Fredman et al., "The pairing heap", 1986).
 */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_NEVER UINT64_MAX
#define AGENDA_CAPACITY_MAX 0xffffffu /* an index has 24 bits of a handle */

/* What an entry is for: which handler runs (an index the owner chose) and two words for it. */
struct agenda_item {
    uint64_t due_ns;
    uint64_t sequence; /* order of insertion, from 1 */
    uint64_t handle;   /* what agenda_insert returned */
    uint32_t handler;
    uint32_t subject; /* e.g. a thread or a socket, by index */
    uint64_t value;
};

struct agenda;

/* Bytes that an agenda of this capacity needs, aligned to 64. */
uint64_t agenda_size(uint32_t capacity);

/* Makes an agenda in memory of agenda_size(capacity) bytes. The memory need not be zeroed and is
 * touched only as far as it is used. */
struct agenda *agenda_init(void *memory, uint32_t capacity);

/* Forgets everything and starts again at time 0, in time proportional to what was used since the
 * last reset (constant when nothing was). */
void agenda_reset(struct agenda *agenda);

/* Adds an entry; due may be in the past, but not AGENDA_NEVER. Returns its handle (never 0), or 0
 * when full. */
uint64_t agenda_insert(struct agenda *agenda,
                       uint64_t due_ns,
                       uint32_t handler,
                       uint32_t subject,
                       uint64_t value);

/* Takes an entry out before it is popped. False when it was popped or cancelled before, and for 0.
 * A handle from before a reset means nothing: it may name an entry of now. */
bool agenda_cancel(struct agenda *agenda, uint64_t handle);

/* The earliest due time, AGENDA_NEVER when empty. Exact. O(1): kept up to date by the others. */
uint64_t agenda_next_ns(const struct agenda *agenda);

/* Removes the earliest entry if its time has come (due <= now). now must not decrease between
 * calls; a cancel or an insert may come between. */
bool agenda_pop(struct agenda *agenda, uint64_t now_ns, struct agenda_item *item);

uint32_t agenda_count(const struct agenda *agenda);

/* Asserts the invariants; for tests. */
void agenda_verify(const struct agenda *agenda);

#endif
