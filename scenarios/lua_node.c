#include "scenarios/lua_node.h"

#include <errno.h>
#include <ex/scheduler.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_demand.h"
#include "scenarios/lua_meet.h"
#include "scenarios/lua_place.h"
#include "scenarios/lua_register.h"
#include "scenarios/lua_run.h"
#include "scenarios/lua_sandbox.h"
#include "scenarios/lua_socket.h"
#include "scenarios/lua_task.h"
#include "scenarios/lua_world.h"
#include "sim/reader.h"

#define ERROR_SIZE 1000

/* What the reader gives its nodes. */
struct kept {
    struct lua_source *texts;
    char path[LUA_CORE_FOLDER_SIZE];
};

/* ---- for what is counted and marked ---- */

static int mark(lua_State *state) {
    const char *const name = luaL_checkstring(state, 1);
    struct lua_run *const run = lua_run_suspend(state);

    sim_mark(name);
    lua_run_go_on(run);
    return 0;
}

static int count(lua_State *state) {
    const char *const name = luaL_checkstring(state, 1);
    const lua_Integer delta = luaL_optinteger(state, 2, 1);
    struct lua_run *const run = lua_run_suspend(state);

    const int64_t value = sim_count(name, delta);
    lua_run_go_on(run);
    lua_pushinteger(state, value);
    return 1;
}

/* ---- what a file sees ---- */

static const struct {
    const char *name;
    lua_CFunction function;
} words[] = {
    {"mark", mark},
    {"count", count},
    {"spawn", lua_task_spawn},
    {"yield", lua_task_yield},
    {"sleep", lua_task_sleep},
    {"busy", lua_task_busy},
    {"now", lua_task_now},
    {"timeout", lua_task_timeout},
    {"first", lua_task_first},
    {"mutex", lua_meet_mutex},
    {"semaphore", lua_meet_semaphore},
    {"notify", lua_meet_notify},
    {"channel", lua_meet_channel},
    {"listen", lua_socket_listen},
    {"connect", lua_socket_connect},
};

#define WORD_COUNT (sizeof words / sizeof words[0])

static int too_early(lua_State *state) {
    const size_t word = (size_t)(uintptr_t)lua_sandbox_context(state);
    return luaL_error(state, "`%s` is for the function that a node runs", words[word].name);
}

bool lua_node_define(struct lua_sandbox *sandbox, struct sim_world *world) {
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (!lua_sandbox_define(sandbox, words[i].name, too_early, (void *)(uintptr_t)i)) {
            return false;
        }
    }
    return lua_world_define(sandbox, world) && lua_demand_define(sandbox, world);
}

static bool define_words(struct lua_sandbox *sandbox) {
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (!lua_sandbox_define(sandbox, words[i].name, words[i].function, NULL)) {
            return false;
        }
    }
    return true;
}

void lua_node_keep(struct lua_sandbox *sandbox, struct sim_world *world) {
    struct kept *const kept = calloc(1, sizeof *kept);

    if (kept == NULL) {
        sim_refuse(world, "no memory to keep the file");
        return;
    }
    snprintf(kept->path, sizeof kept->path, "%s", sim_file(world));
    kept->texts = lua_sandbox_take_texts(sandbox);
    sim_keep(world, kept);
}

/* ---- the program ---- */

static uint64_t draw(void *context, uint64_t bound) {
    uint64_t value = 0;

    (void)context;
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
        sim_fail("getrandom() gives no number");
    }
    return value % bound;
}

static void print(void *context, const char *text, size_t size) {
    (void)context;
    for (size_t done = 0; done < size;) {
        const ssize_t more = write(STDOUT_FILENO, text + done, size - done);
        if (more <= 0) {
            return;
        }
        done += (size_t)more;
    }
    (void)!write(STDOUT_FILENO, "\n", 1);
}

/* What the node's function is given: its arguments. */
struct beginning {
    struct lua_run_node *node;
    int argument_count;
    char **arguments;
};

static int begin(lua_State *state) {
    const struct beginning *const beginning = lua_touserdata(state, 1);

    lua_register_push(state, beginning->arguments[0], LUA_REGISTER_FUNCTION);
    luaL_checkstack(state, beginning->argument_count + 4, NULL);
    for (int i = 1; i < beginning->argument_count; i++) {
        lua_pushstring(state, beginning->arguments[i]);
    }
    lua_task_start(state, beginning->node, NULL, beginning->argument_count - 1);
    return 0;
}

/* From here on the file's functions are a program. */
static void become_program(struct lua_run_node *node, const char *name) {
    struct lua_core *const core = lua_core_of(node->state);
    struct ex_scheduler_options options = {0};

    core->runs_tasks = true;
    core->random = draw;
    core->print = print;
    core->instructions_max = LUA_RUN_INSTRUCTIONS;
    if (!define_words(node->sandbox)) {
        sim_fail("no memory for node %s", name);
    }
    lua_register_push(node->state, name, LUA_REGISTER_WORKERS);
    options.worker_count = (uint32_t)lua_tointeger(node->state, -1);
    lua_settop(node->state, 0);
    node->has_workers = options.worker_count > 0;
    node->kind = node->has_workers ? EX_WAIT_SHARED : EX_WAIT_LOCAL;
    if (node->has_workers) {
        pthread_mutex_init(&node->turn, NULL);
    }
    const int status = ex_scheduler_create(&node->scheduler, &options);
    if (status < 0) {
        sim_fail("node %s has no scheduler: %s", name, strerror(-status));
    }
}

static void run(struct lua_run_node *node, int argument_count, char **arguments) {
    struct beginning beginning = {node, argument_count, arguments};
    lua_State *const state = node->state;

    lua_run_enter(node);
    lua_pushcfunction(state, begin);
    lua_pushlightuserdata(state, &beginning);
    if (lua_pcall(state, 1, 0, 0) != LUA_OK) {
        sim_fail("node %s does not begin: %s", arguments[0], lua_tostring(state, -1));
    }
    lua_run_leave(node);
    lua_place_begin(node);
    const int status = ex_scheduler_run(node->scheduler);
    lua_place_end();
    if (status < 0) {
        sim_fail("node %s does not run: %s", arguments[0], strerror(-status));
    }
    ex_scheduler_destroy(node->scheduler);
    if (node->has_workers) {
        pthread_mutex_destroy(&node->turn);
    }
}

/* The program of each node that runs a function: found by its name. */
int lua_node_main(int argument_count, char **arguments);

int lua_node_main(int argument_count, char **arguments) {
    const struct kept *const kept = sim_kept();
    struct lua_run_node node = {0};
    const struct lua_sandbox_options options = {.memory_bytes_max = LUA_NODE_MEMORY_BYTES,
                                                .context = &node,
                                                .texts = kept->texts};
    char error[ERROR_SIZE] = "no memory to read the file";

    node.sandbox = lua_sandbox_open(&options);
    struct sim_world *const world = sim_world_again();
    if (node.sandbox == NULL || !lua_node_define(node.sandbox, world) ||
        !lua_sandbox_run(node.sandbox, kept->path, error, sizeof error)) {
        sim_fail("%s", error);
    }
    sim_refuse(world, "a task declares nothing: that is what the file does before its nodes run");
    node.state = lua_sandbox_state(node.sandbox);
    become_program(&node, arguments[0]);
    run(&node, argument_count, arguments);
    lua_sandbox_close(node.sandbox);
    return 0;
}
