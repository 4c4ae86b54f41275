#include "tools/module.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/case.h"
#include "tools/complain.h"
#include "tools/runner.h"

bool module_find(const char *scenario, char *path) {
    if (strlen(scenario) >= CASE_NAME_SIZE) {
        complain(
            "a scenario's path has at most %d bytes, for a case must keep it; this one has %zu: "
            "%s; start sim in a folder nearer to the module",
            CASE_NAME_SIZE - 1,
            strlen(scenario),
            scenario);
        return false;
    }
    if (strchr(scenario, '/') != NULL || strstr(scenario, ".so") != NULL) {
        snprintf(path, PATH_MAX, "%s", scenario);
    } else {
        char beside[PATH_MAX / 2];
        runner_folder(beside, sizeof beside);
        snprintf(path, PATH_MAX, "%s/scenarios/%s.so", beside, scenario);
    }
    if (access(path, R_OK) == 0) {
        return true;
    }
    complain("there is no scenario %s (looked for %s); sim list shows what there is",
             scenario,
             path);
    return false;
}
