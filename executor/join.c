#include <ex/join.h>

#include "executor/branch.h"

static struct ex_branch *branch_at(struct ex_frame *frame, size_t index) {
    return ex_branch_at(&((struct ex_join *)(void *)frame)->set, index);
}

EX_RESUME(ex_join) {
    EX_BEGIN_BRANCHES(ex_join, branch_at);
    ex_branch_begin(&self->set, strand);
    while (!ex_branch_run(&self->set, strand)) {
        EX_SUSPEND();
    }
    value = ex_branch_end(&self->set, strand);
    if (value == 0 && self->set.decided < self->set.count) {
        value = self->set.branches[self->set.decided].result;
    }
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *
init(struct ex_join *self, struct ex_branch *branches, size_t count, int64_t ends) {
    self->set = (struct ex_branch_set){.branches = branches, .count = count, .ends = ends};
    return EX_FRAME(self, ex_join);
}

struct ex_frame *ex_join_all(struct ex_join *self, struct ex_branch *branches, size_t count) {
    return init(self, branches, count, EX_PENDING);
}

struct ex_frame *ex_join_try(struct ex_join *self, struct ex_branch *branches, size_t count) {
    return init(self, branches, count, -1);
}
