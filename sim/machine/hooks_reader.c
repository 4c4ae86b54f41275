/* The functions of sim/reader.h. */
#include "sim/reader.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sim/machine/hook.h"
#include "sim/machine/loader.h"
#include "sim/machine/whereabouts.h"

static const struct description *description_in(const struct sim_world *world) {
    return (const struct description *)(const void *)world;
}

static struct description thrown_away;
static const void *kept;

static struct sim_world *again(void) {
    return (struct sim_world *)(void *)&thrown_away;
}

HOOK void sim_keep(struct sim_world *world, const void *what) {
    (void)world;
    kept = what;
}

HOOK const void *sim_kept(void) {
    return kept;
}

HOOK struct sim_world *sim_world_again(void) {
    description_init(&thrown_away, machine.record->description.name);
    return again();
}

HOOK const char *sim_file(const struct sim_world *world) {
    return description_in(world)->file;
}

HOOK uint32_t sim_module(struct sim_world *world, const char *name) {
    char path[PATH_MAX];
    if (world == again()) {
        return description_module_add(hook_description(world), name);
    }
    if (!whereabouts_module(description_in(world)->file, name, path)) {
        description_refuse(hook_description(world),
                           "there is no module \"%.128s\" (looked for %.512s)",
                           name,
                           path);
        return 0;
    }
    const uint32_t number = description_module_add(hook_description(world), path);
    if (number != 0 && machine.modules[number] == NULL) {
        char error[DESCRIPTION_ERROR_SIZE];
        machine.modules[number] = loader_open(number, path, error, sizeof error);
        if (machine.modules[number] == NULL) {
            description_refuse(hook_description(world), "%s", error);
            return 0;
        }
    }
    return number;
}

HOOK uint32_t sim_node_of(struct sim_world *world,
                          uint32_t module,
                          const char *name,
                          const char *program,
                          const char *const *arguments) {
    struct description *description = hook_description(world);
    if (module > description->module_count) {
        description_refuse(description, "there is no module number %u", module);
        return 0;
    }
    if (world != again() && program != NULL && dlsym(machine.modules[module], program) == NULL) {
        description_refuse(description,
                           "%.512s has no function %.128s(), which node %.64s is to run",
                           module == 0 ? "the reader" : description->modules[module],
                           program,
                           name == NULL ? "" : name);
        return 0;
    }
    const uint32_t node = description_node_add(description, name, program, arguments);
    if (node != 0) {
        description->nodes[node].module = module;
    }
    return node;
}

HOOK uint32_t sim_node_named(const struct sim_world *world, const char *name) {
    return description_node_find(description_in(world), name);
}

HOOK void sim_expect(struct sim_world *world, const char *outcome) {
    struct description *description = hook_description(world);
    if (strlen(outcome) >= sizeof description->expected) {
        description_refuse(description, "what is expected has too many characters");
        return;
    }
    strcpy(description->expected, outcome);
}

HOOK void sim_refuse(struct sim_world *world, const char *sentence) {
    hook_description(world)->error[0] = '\0';
    description_refuse(hook_description(world), "%s", sentence);
}

HOOK const char *sim_refusal(struct sim_world *world) {
    description_check_parts(hook_description(world));
    return hook_description(world)->error;
}

HOOK const char *sim_refusal_at_end(struct sim_world *world) {
    description_check(hook_description(world));
    return hook_description(world)->error;
}
