#include "sim/machine/whereabouts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder of this program, where sim lies. */
static void own_folder(char *folder, size_t size) {
    const ssize_t length = readlink("/proc/self/exe", folder, size - 1);
    folder[length < 0 ? 0 : length] = '\0';
    char *const slash = strrchr(folder, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

static const char *last_part(const char *path) {
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool whereabouts_reader(const char *scenario, char *path) {
    char folder[PATH_MAX / 2];
    const char *const name = last_part(scenario);
    const char *const dot = strrchr(name, '.');
    if (dot == NULL || strstr(name, ".so") != NULL) {
        return false;
    }
    own_folder(folder, sizeof folder);
    return snprintf(path, PATH_MAX, "%s/readers/%.64s.so", folder, dot + 1) < PATH_MAX;
}

bool whereabouts_module(const char *file, const char *name, char *path) {
    char folder[PATH_MAX / 2];
    const char *const ending = strstr(last_part(name), ".so") == NULL ? ".so" : "";
    const int length = (int)(last_part(file) - file);
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s%s", name, ending);
        return access(path, R_OK) == 0;
    }
    snprintf(path, PATH_MAX, "%.*s%s%s", length, file, name, ending);
    if (access(path, R_OK) == 0 || strchr(name, '/') != NULL) {
        return access(path, R_OK) == 0;
    }
    own_folder(folder, sizeof folder);
    snprintf(path, PATH_MAX, "%s/scenarios/%.128s%s", folder, name, ending);
    return access(path, R_OK) == 0;
}
