/* The budget as this library's own operations spend it: without a call. */
#ifndef EXECUTOR_BUDGET_H
#define EXECUTOR_BUDGET_H

#include "executor/worker.h"

#include <ex/budget.h>

static inline bool ex_budget_take(void) {
    struct ex_worker *const worker = ex_worker_self;

    return worker == NULL || --worker->budget >= 0;
}

#endif
