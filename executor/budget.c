#include "executor/worker.h"

#include <ex/budget.h>

#ifdef EX_SMALL
int32_t ex_budget_left;
#else
__thread int32_t ex_budget_left;
#endif

bool ex_budget_is_endless(void) {
    ex_budget_left = 0; /* some of those who found none left had taken it all the same */
    return ex_worker_self == NULL;
}
