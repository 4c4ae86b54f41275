#include "executor/branch.h"

#include "executor/turn.h"

#include <errno.h>

void ex_branch_begin(struct ex_branch_set *set, struct ex_strand *strand) {
    EX_REQUIRE(set->branches != NULL || set->count == 0,
               "ex_join or ex_select: no array of branches");
    set->live_count = set->count;
    set->decided = set->count;
    set->is_ending = false;
    set->is_handed = false;
    for (size_t i = 0; i < set->count; i++) {
        struct ex_branch *const branch = &set->branches[i];
        EX_REQUIRE(branch->strand.owner == EX_STRAND_OWNER_BRANCH && branch->strand.state == 0,
                   "ex_join or ex_select: a branch was not initialised, or was run before; "
                   "ex_branch_init each before each await");
        ex_branch_adopt(branch, strand);
        ex_strand_set(&branch->strand, EX_STRAND_READY);
    }
}

static void store(struct ex_branch_set *set, struct ex_branch *branch, int64_t result) {
    EX_ASSERT(set->live_count > 0);
    ex_strand_clear(&branch->strand, EX_STRAND_READY);
    ex_strand_set(&branch->strand, EX_STRAND_RETURNED);
    branch->result = result;
    set->live_count--;
}

static void tell_all(struct ex_branch_set *set) {
    set->is_ending = true;
    for (size_t i = 0; i < set->count; i++) {
        struct ex_branch *const branch = &set->branches[i];
        if (!ex_branch_began(branch)) {
            store(set, branch, -ECANCELED);
        } else if (!ex_strand_is(&branch->strand, EX_STRAND_RETURNED)) {
            ex_strand_set(&branch->strand, EX_STRAND_CANCEL | EX_STRAND_READY);
        }
    }
}

/* Resumes a branch; true when its result ends the others. */
static bool resume(struct ex_branch_set *set, size_t index, struct ex_strand *strand) {
    struct ex_branch *const branch = &set->branches[index];

    ex_strand_clear(&branch->strand, EX_STRAND_READY);
    ex_strand_set(&branch->strand, EX_STRAND_LIVE);
    const int64_t value = ex_turn_resume(&branch->strand, 0);
    if (value == EX_PENDING) {
        if (ex_strand_is(&branch->strand, EX_STRAND_READY)) {
            ex_strand_set(strand, EX_STRAND_READY); /* it yields, and so does all of the task */
        }
        return false;
    }
    ex_turn_close(&branch->strand);
    store(set, branch, value);
    if (value > set->ends || set->decided != set->count) {
        return false;
    }
    set->decided = index;
    return !set->is_ending;
}

static void pass(struct ex_branch_set *set, struct ex_strand *strand) {
    for (size_t i = 0; i < set->count; i++) {
        if (ex_strand_is(&set->branches[i].strand, EX_STRAND_READY) && resume(set, i, strand)) {
            tell_all(set);
            pass(set, strand); /* once: they are ending now */
            return;
        }
    }
}

/* A wake for a branch that is not known is for each of them. */
static void spread_wake(struct ex_branch_set *set, struct ex_strand *strand) {
    if (!ex_strand_is(strand, EX_STRAND_WAKE_ALL)) {
        return;
    }
    ex_strand_clear(strand, EX_STRAND_WAKE_ALL);
    for (size_t i = 0; i < set->count; i++) {
        struct ex_strand *const branch = &set->branches[i].strand;
        if (!ex_strand_is(branch, EX_STRAND_RETURNED)) {
            ex_strand_set(branch, EX_STRAND_READY | EX_STRAND_WAKE_ALL);
        }
    }
}

bool ex_branch_run(struct ex_branch_set *set, struct ex_strand *strand) {
    spread_wake(set, strand);
    pass(set, strand);
    if (set->live_count > 0 && !set->is_ending && ex_strand_take_cancel(strand)) {
        set->is_handed = true;
        tell_all(set);
        pass(set, strand);
    }
    return set->live_count == 0;
}

int64_t ex_branch_end(const struct ex_branch_set *set, struct ex_strand *strand) {
    EX_ASSERT(set->live_count == 0);

    if (!set->is_handed) {
        return 0;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (ex_strand_is(&set->branches[i].strand, EX_STRAND_CANCELED)) {
            return -ECANCELED;
        }
    }
    ex_strand_set(strand, EX_STRAND_CANCEL);
    return 0;
}
