/* Makes the one call of tests/modules/flags.h whose number the test gives, and compares. */
#include <stdlib.h>

#include "sim/scenario.h"
#include "tests/modules/flags.h"

int program(int argc, char **argv) {
    const unsigned number = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    const struct flags_case made = flags_case(number, true);
    if (made.expected.escape != NULL) {
        sim_fail("%s() returned %ld with errno %d", made.function, made.got.result, made.got.error);
    } else if (made.got.result != made.expected.result || made.got.error != made.expected.error) {
        sim_fail("%s() returned %ld with errno %d, expected %ld with %d",
                 made.function,
                 made.got.result,
                 made.got.error,
                 made.expected.result,
                 made.expected.error);
    }
    return 0;
}

SIM_SCENARIO(world) {
    const char *number = getenv("SIM_TEST_CASE");
    sim_node(world, "main", "program", (const char *const[]){number == NULL ? "0" : number, NULL});
}
