#include "executor/budget.h"

bool ex_budget_spend(void) {
    return ex_budget_take();
}
