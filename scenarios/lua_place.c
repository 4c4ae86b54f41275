#include "scenarios/lua_place.h"

#include <lua.h>
#include <string.h>

#include "scenarios/lua_run.h"
#include "scenarios/lua_task.h"
#include "sim/scenario.h"

/* What a file's text is called, without its folder. */
static const char *file_name(const char *source) {
    const char *const slash = strrchr(source, '/');

    return slash != NULL ? slash + 1 : source + (source[0] == '@');
}

/* 0: the coroutine has not begun. */
static int place_of(const struct lua_run *run, struct sim_place *place) {
    lua_State *const coroutine = run->coroutine;
    lua_Debug frame;

    for (int level = 0; lua_getstack(coroutine, level, &frame) != 0; level++) {
        lua_getinfo(coroutine, "Sln", &frame);
        if (level == 0) {
            place->call = frame.name; /* valid while the coroutine stands there */
        }
        if (frame.currentline > 0) {
            place->file = file_name(frame.source);
            place->line = (uint32_t)frame.currentline;
            place->task = run->task->number;
            place->name = run->task->name;
            return 1;
        }
    }
    return 0;
}

static int here(void *context, struct sim_place *place) {
    const struct lua_run_task *const task = lua_task_shown();

    (void)context;
    return task != NULL && task->turn != NULL && place_of(task->turn, place);
}

static int task(void *context, uint32_t index, struct sim_place *place) {
    const struct lua_run_node *const node = context;
    const struct lua_run_task *task = node->tasks;

    while (task != NULL && index-- > 0) {
        task = task->next;
    }
    if (task != NULL) {
        place_of(task->turn, place);
    }
    return task != NULL;
}

void lua_place_begin(struct lua_run_node *node) {
    const struct sim_interpreter interpreter = {.context = node, .here = here, .task = task};

    sim_interpret(&interpreter);
}

void lua_place_end(void) {
    sim_interpret(NULL);
}
