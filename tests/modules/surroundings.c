/* Counts all that a program can learn of where it runs, so that a run in other surroundings has
 * another fingerprint unless it is the simulated machine's alone. */
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sim/scenario.h"

static uint64_t hash;

static void add(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    }
}

static void told(const char *what) {
    sim_count(what, (int64_t)(hash >> 1));
    hash = 0;
}

static void add_string(const char *string) {
    add(string, strlen(string) + 1);
}

static int walk(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    add(&info->dlpi_phnum, sizeof info->dlpi_phnum);
    return 0;
}

static void names(char **argv) {
    add_string(argv[0]);
    told("argument 0");
    add_string(program_invocation_name);
    told("name");
    add_string(program_invocation_short_name);
    told("short name");
    struct utsname system;
    uname(&system);
    add(&system, sizeof system);
    told("system");
}

static void process(void) {
    for (char **variable = environ; *variable != NULL; variable++) {
        add_string(*variable);
    }
    told("environment");
    char folder[4096];
    add_string(getcwd(folder, sizeof folder) == NULL ? "" : folder);
    told("folder");
    const pid_t ids[] = {getpid(), getppid(), getpgrp(), getsid(0), (pid_t)getuid()};
    add(ids, sizeof ids);
    told("ids");
    for (int descriptor = 0; descriptor < 3; descriptor++) {
        const int terminal = isatty(descriptor);
        add(&terminal, sizeof terminal);
    }
    told("terminals");
}

static void machine(void) {
    add((const void *)getauxval(AT_RANDOM), 16);
    told("random bytes");
    dl_iterate_phdr(walk, NULL); /* ld.so holds a lock meanwhile */
    told("images");
    const long limits[] = {sysconf(_SC_NPROCESSORS_ONLN), sysconf(_SC_OPEN_MAX)};
    add(limits, sizeof limits);
    for (int resource = 0; resource < RLIMIT_NLIMITS; resource++) {
        struct rlimit limit = {0, 0};
        getrlimit((__rlimit_resource_t)resource, &limit);
        add(&limit, sizeof limit);
    }
    told("limits");
}

int program(int argc, char **argv) {
    (void)argc;
    names(argv);
    process();
    machine();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
