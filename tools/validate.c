#include "tools/validate.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "sim/demand.h"
#include "tools/complain.h"
#include "tools/json.h"
#include "tools/module.h"
#include "tools/paint.h"
#include "tools/runner.h"

#define DEMAND_SIZE 256

static void count_print(uint32_t count, const char *one, const char *more) {
    if (count != 0) {
        printf(", %" PRIu32 " %s", count, count == 1 ? one : more);
    }
}

static void print_text(const char *name, const struct description *description) {
    char text[DEMAND_SIZE];
    paint_word(stdout, PAINT_GOOD, "ok");
    printf(" %s: %" PRIu32 " node%s",
           name,
           description->node_count,
           description->node_count == 1 ? "" : "s");
    count_print(description->link_count, "link", "links");
    count_print(description->fault_count, "fault", "faults");
    count_print(description->demanded.count, "constraint", "constraints");
    count_print(description->property_count, "property", "properties");
    count_print(description->history_count, "history", "histories");
    printf("\n");
    for (uint32_t i = 0; i < description->demanded.count; i++) {
        demand_print(description, i, text, sizeof text);
        printf("   %s\n", text);
    }
    if (description->expected[0] != '\0') {
        printf("   expected: %s\n", description->expected);
    }
}

static void print_json(const char *name, const struct description *description) {
    printf("{\"event\":\"check\",");
    json_field(stdout, "scenario", name);
    printf(",\"nodes\":%" PRIu32 ",\"links\":%" PRIu32 ",\"faults\":%" PRIu32
           ",\"constraints\":%" PRIu32 ",\"properties\":%" PRIu32 ",\"histories\":%" PRIu32 ",",
           description->node_count,
           description->link_count,
           description->fault_count,
           description->demanded.count,
           description->property_count,
           description->history_count);
    json_field(stdout, "expected", description->expected);
    printf("}\n");
}

static int validate(const struct options *options, const char *name) {
    char path[PATH_MAX];
    struct runner runner;
    if (!module_find(name, path)) {
        return EXIT_USAGE;
    }
    const struct runner_options how = {.backend = options->backend};
    const bool opened = runner_open(&runner, path, &how);
    if (!opened) {
        complain("%s", runner_error(&runner));
    } else {
        (options->json ? print_json : print_text)(name, &runner.record->description);
    }
    runner_close(&runner);
    return opened ? EXIT_CLEAN : EXIT_USAGE;
}

int validate_scenarios(const struct options *options) {
    int result = EXIT_CLEAN;
    if (options->operand_count == 0) {
        complain("check takes scenarios: names from sim list, or paths");
        return EXIT_USAGE;
    }
    for (unsigned i = 0; i < options->operand_count; i++) {
        result = validate(options, options->operands[i]) == EXIT_CLEAN ? result : EXIT_USAGE;
    }
    return result;
}
