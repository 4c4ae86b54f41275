/* Reads a scenario file and declares what it says. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/lua_node.h"
#include "scenarios/lua_sandbox.h"
#include "sim/reader.h"

#define ERROR_SIZE 1000

/* Its number; what is missing in a file is missing there. */
static int last_line(const char *path) {
    FILE *const file = fopen(path, "r");
    int count = 1;
    int last = 0;
    for (int byte; file != NULL && (byte = fgetc(file)) != EOF; last = byte) {
        count += last == '\n';
    }
    if (file != NULL) {
        fclose(file);
    }
    return count;
}

static void complain_at_end(struct sim_world *world) {
    char error[ERROR_SIZE];
    const char *const path = sim_file(world);
    const char *const slash = strrchr(path, '/');
    snprintf(error,
             sizeof error,
             "%.200s:%d: %.700s",
             slash == NULL ? path : slash + 1,
             last_line(path),
             sim_refusal_at_end(world));
    sim_refuse(world, error);
}

SIM_SCENARIO(world) {
    char error[ERROR_SIZE] = "no memory to read the file";
    struct lua_sandbox *const sandbox = lua_sandbox_open(NULL);
    if (sandbox == NULL || !lua_node_define(sandbox, world) ||
        !lua_sandbox_run(sandbox, sim_file(world), error, sizeof error)) {
        sim_refuse(world, error);
    } else if (sim_refusal_at_end(world)[0] != '\0') {
        complain_at_end(world);
    } else {
        lua_node_keep(sandbox, world);
    }
    if (sandbox != NULL) {
        lua_sandbox_close(sandbox);
    }
}
