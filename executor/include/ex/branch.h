/* Branches: several async functions at one time inside one task.
 *
 *   struct fetch_both {
 *       struct ex_frame frame;
 *       struct ex_branch branches[2];
 *       struct ex_join join;
 *       struct fetch left, right;             // what the branches run, built in place
 *   };
 *
 *   ex_branch_init(&self->branches[0], fetch(&self->left, "a"));
 *   ex_branch_init(&self->branches[1], fetch(&self->right, "b"));
 *   EX_AWAIT(ex_join_all(&self->join, self->branches, 2));
 *   total = self->branches[0].result + self->branches[1].result;
 *
 *        strand ──leaf──► [join] ──► branch 0 ──leaf──► [read] ─up─► [fetch]
 *                            └─────► branch 1 ──leaf──► [read] ─up─► [fetch]
 *
 * A wake of a branch makes the join ready, and the join resumes just the branches that were woken,
 * in their order. A branch may join and select in turn. All branches of a task run on its thread,
 * one at a time: between two awaits nothing needs a lock.
 *
 * Ending early (select, a failed try, a cancelled task) never drops a function half-way: each
 * branch that has begun is told to cancel at its await, and whoever waits for the branches goes on
 * only when all have returned. So none of them is left holding a lock that nobody will release. One
 * that has not begun is not begun any more: its result is -ECANCELED, and what its arguments own is
 * the caller's still.
 *
 * Memory:  the branches and what they run are the caller's, and may be reused once it goes on.
 * Errors:  per branch, in `result`.
 * Threads: the task's own.
 * Cost:    a wake looks at each branch; for hundreds of functions spawn tasks (ex/scope.h).
 */
#ifndef EXECUTOR_INCLUDE_EX_BRANCH_H
#define EXECUTOR_INCLUDE_EX_BRANCH_H

#include <ex/strand.h>

/* Makes the initialised frame, which is no other branch's, one to be joined or selected. It runs
 * nothing. */
static inline void ex_branch_init(struct ex_branch *branch, struct ex_frame *frame) {
    branch->strand = (struct ex_strand){.leaf = frame, .owner = EX_STRAND_OWNER_BRANCH};
    frame->up = (struct ex_frame *)(uintptr_t)1; /* nobody above */
}

/* Whether any of it ran. False for one that was still to come when the others were ended. */
static inline bool ex_branch_began(const struct ex_branch *branch) {
    return ex_strand_is(&branch->strand, EX_STRAND_LIVE);
}

/* What joins and selects keep; theirs alone. */
struct ex_branch_set {
    struct ex_branch *branches;
    size_t count;
    size_t live_count; /* have not returned */
    size_t decided;    /* the first whose result is at most `ends`; `count`: none */
    int64_t ends;      /* a result of at most this ends the others; EX_PENDING: none does */
    bool is_ending;    /* all are told to cancel */
    bool is_handed;    /* … since the task was told */
};

#endif
