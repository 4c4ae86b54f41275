#include "tools/module.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/case.h"
#include "tools/complain.h"
#include "tools/runner.h"

static bool fits(const char *name) {
    if (strlen(name) < CASE_NAME_SIZE) {
        return true;
    }
    complain("a scenario's path has at most %d bytes, for a case must keep it; this one has %zu: "
             "%s; move the module to a path that is shorter",
             CASE_NAME_SIZE - 1,
             strlen(name),
             name);
    return false;
}

static bool is_path(const char *scenario) {
    return strchr(scenario, '/') != NULL || strchr(scenario, '.') != NULL;
}

bool module_find(const char *scenario, char *path) {
    if (!fits(scenario)) {
        return false;
    }
    if (is_path(scenario)) {
        snprintf(path, PATH_MAX, "%s", scenario);
    } else {
        char beside[PATH_MAX / 2];
        runner_folder(beside, sizeof beside);
        snprintf(path, PATH_MAX, "%s/scenarios/%s.so", beside, scenario);
        if (access(path, R_OK) != 0) {
            snprintf(path, PATH_MAX, "%s/scenarios/%s.lua", beside, scenario);
        }
    }
    if (access(path, R_OK) == 0) {
        return true;
    }
    complain("there is no scenario %s (looked for %s); sim list shows what there is",
             scenario,
             path);
    return false;
}

bool module_name(const char *scenario, char *name) {
    char path[PATH_MAX];
    const char *whole = is_path(scenario) ? realpath(scenario, path) : scenario;
    whole = whole == NULL ? scenario : whole;
    if (!fits(whole)) {
        return false;
    }
    strcpy(name, whole);
    return true;
}
