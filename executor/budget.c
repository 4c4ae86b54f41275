#include "executor/worker.h"

#include <ex/budget.h>

#ifdef EX_SMALL
int32_t ex_budget_left;
#else
__thread int32_t ex_budget_left;
#endif

bool ex_budget_is_endless(void) {
    return ex_worker_self == NULL;
}
