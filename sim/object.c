#include "sim/object.h"

#include <stdio.h>

_Noreturn void object_wild(struct schedule *schedule, const char *noun, const void *site) {
    char message[VERDICT_MESSAGE_SIZE];
    snprintf(message, sizeof message, "the %s was overwritten or never initialised", noun);
    schedule_fail(schedule, schedule->running, VERDICT_CRASH, site, message);
}
