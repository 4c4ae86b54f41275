#include <ex/select.h>

#include "executor/branch.h"

static struct ex_branch *branch_at(struct ex_frame *frame, size_t index) {
    return ex_branch_at(&((struct ex_select *)(void *)frame)->set, index);
}

EX_RESUME(ex_select) {
    EX_BEGIN_BRANCHES(ex_select, branch_at);
    EX_REQUIRE(self->set.count > 0, "ex_select: no branches, so that nothing could end it");
    ex_branch_begin(&self->set, strand);
    while (!ex_branch_run(&self->set, strand)) {
        EX_SUSPEND();
    }
    value = ex_branch_end(&self->set, strand);
    EX_ASSERT(self->set.decided < self->set.count);
    EX_RETURN(value < 0 ? value : (int64_t)self->set.decided);
    EX_END();
}

struct ex_frame *ex_select(struct ex_select *self, struct ex_branch *branches, size_t count) {
    self->set = (struct ex_branch_set){.branches = branches, .count = count, .ends = INT64_MAX};
    return EX_FRAME(self, ex_select);
}
