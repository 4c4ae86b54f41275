#include "scenarios/lua_task.h"

#include <errno.h>
#include <ex/scheduler.h>
#include <ex/select.h>
#include <lauxlib.h>
#include <lua.h>
#include <time.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_quantity.h"
#include "scenarios/lua_run.h"

#define BRANCHES_MAX 16

/* ---- tasks ---- */

/* The handle. Its user values are the coroutine and the name. */
struct lua_task {
    struct ex_event ended;
    struct ex_task *task; /* NULL: it has ended */
    lua_State *coroutine;
    bool is_canceled; /* it ended by a cancel */
};

enum { TASK_COROUTINE = 1, TASK_NAME };

/* The task's memory. */
struct lua_task_root {
    struct ex_frame frame;
    struct lua_run run;
    struct lua_run_task shown;
    struct lua_task *task;
    int reference; /* to the handle, in the registry */
};

/* ---- what is shown of them ---- */

static void list_add(struct lua_run_node *node, struct lua_run_task *task) {
    task->previous = node->task_last;
    *(node->task_last == NULL ? &node->tasks : &node->task_last->next) = task;
    node->task_last = task;
}

static void list_remove(struct lua_run_node *node, const struct lua_run_task *task) {
    *(task->previous == NULL ? &node->tasks : &task->previous->next) = task->next;
    *(task->next == NULL ? &node->task_last : &task->next->previous) = task->previous;
}

/* A node's tasks are all begun by lua_task_start; a root's frame lies behind its strand. */
const struct lua_run_task *lua_task_shown(void) {
    const struct ex_strand *const strand = (const void *)ex_task_current();
    const struct lua_task_root *const root = (const void *)(strand + 1);

    return strand == NULL ? NULL : &root->shown;
}

/* ---- from the beginning to the end ---- */

static void end_task(struct lua_task_root *self, int64_t value) {
    struct lua_run_node *const node = self->run.node;
    struct lua_task *const task = self->task;

    lua_run_enter(node);
    list_remove(node, &self->shown);
    self->shown.turn = NULL; /* its coroutine is Lua's from here on */
    task->is_canceled = value == -ECANCELED;
    ex_event_set(&task->ended);
    ex_task_detach(task->task);
    task->task = NULL;
    luaL_unref(node->state, LUA_REGISTRYINDEX, self->reference);
    lua_run_leave(node);
}

EX_RESUME(lua_task_root) {
    EX_BEGIN(lua_task_root);
    EX_AWAIT(&self->run.frame);
    end_task(self, value);
    EX_RETURN(value);
    EX_END();
}

static struct lua_task *check_task(lua_State *state) {
    return luaL_checkudata(state, 1, "sim.task");
}

/* Moves what the coroutine returned to who waited for it. */
static int take_results(lua_State *state, lua_State *coroutine) {
    const int count = lua_gettop(coroutine);

    if (lua_checkstack(state, count + 1) == 0 || lua_checkstack(coroutine, count) == 0) {
        return luaL_error(state, "too many results");
    }
    for (int i = 1; i <= count; i++) {
        lua_pushvalue(coroutine, i);
    }
    lua_xmove(coroutine, state, count);
    return count;
}

static int go_on_join(lua_State *state, int status, lua_KContext context) {
    const struct lua_task *const task = check_task(state);

    (void)status;
    (void)context;
    lua_run_value(state);
    if (task->is_canceled) {
        lua_pushnil(state);
        lua_pushliteral(state, "canceled");
        return 2;
    }
    return take_results(state, task->coroutine);
}

static int join(lua_State *state) {
    struct lua_task *const task = check_task(state);
    struct lua_run *const run = lua_run_wait(state, "join");

    if (task->coroutine == state) {
        return luaL_error(state, "a task waits for itself");
    }
    return lua_run_await(state, ex_event_wait(&run->await.event, &task->ended), go_on_join);
}

static int cancel(lua_State *state) {
    struct lua_task *const task = check_task(state);

    if (task->task != NULL) {
        ex_task_abort(task->task);
    }
    return 0;
}

static int done(lua_State *state) {
    lua_pushboolean(state, check_task(state)->task == NULL);
    return 1;
}

static int show(lua_State *state) {
    check_task(state);
    lua_getiuservalue(state, 1, TASK_NAME);
    lua_pushfstring(state, "task %s", lua_tostring(state, -1));
    return 1;
}

static void set_methods(lua_State *state) {
    static const luaL_Reg methods[] = {{"join", join},
                                       {"cancel", cancel},
                                       {"done", done},
                                       {NULL, NULL}};

    if (luaL_newmetatable(state, "sim.task") != 0) {
        luaL_newlib(state, methods);
        lua_setfield(state, -2, "__index");
        lua_pushcfunction(state, show);
        lua_setfield(state, -2, "__tostring");
        lua_pushboolean(state, 0);
        lua_setfield(state, -2, "__metatable");
    }
    lua_setmetatable(state, -2);
}

/* A coroutine for the function and the arguments on top, which it takes; pushed. */
static lua_State *make_coroutine(lua_State *state, int argument_count) {
    lua_core_charge(state, LUA_CORE_STEP);
    lua_State *const coroutine = lua_newthread(state);
    lua_insert(state, -(argument_count + 2));
    if (lua_checkstack(coroutine, argument_count + 1) == 0) {
        luaL_error(state, "too many arguments");
    }
    lua_xmove(state, coroutine, argument_count + 1);
    return coroutine;
}

void lua_task_start(lua_State *state,
                    struct lua_run_node *node,
                    const char *name,
                    int argument_count) {
    lua_State *const coroutine = make_coroutine(state, argument_count);
    struct lua_task *const task = lua_newuserdatauv(state, sizeof *task, 2);

    *task = (struct lua_task){.coroutine = coroutine};
    ex_event_init(&task->ended, node->kind);
    set_methods(state);
    lua_insert(state, -2);
    lua_setiuservalue(state, -2, TASK_COROUTINE);
    lua_pushvalue(state, -1);
    const int reference = luaL_ref(state, LUA_REGISTRYINDEX);
    struct lua_task_root *const root = ex_task_new(node->scheduler, sizeof *root);
    if (root == NULL) {
        luaL_unref(state, LUA_REGISTRYINDEX, reference);
        luaL_error(state, "there is no memory for a task");
        return;
    }
    root->task = task;
    root->reference = reference;
    root->shown = (struct lua_run_task){.first = &root->run,
                                        .turn = &root->run,
                                        .number = ++node->task_count,
                                        .name = name};
    list_add(node, &root->shown);
    lua_run_begin(&root->run, node, &root->shown, coroutine, argument_count);
    task->task = ex_task_spawn(EX_FRAME(root, lua_task_root));
}

int lua_task_spawn(lua_State *state) {
    struct lua_run_node *const node = lua_core_of(state)->context;
    const bool is_named = lua_type(state, 1) == LUA_TSTRING;
    const int function = is_named ? 2 : 1;

    luaL_checktype(state, function, LUA_TFUNCTION);
    lua_task_start(state,
                   node,
                   is_named ? lua_tostring(state, 1) : NULL,
                   lua_gettop(state) - function);
    if (is_named) {
        lua_pushvalue(state, 1);
    } else {
        lua_pushliteral(state, "without a name");
    }
    lua_setiuservalue(state, -2, TASK_NAME);
    return 1;
}

/* ---- giving way, and time ---- */

static int go_on(lua_State *state, int status, lua_KContext context) {
    (void)status;
    (void)context;
    lua_run_value(state);
    return 0;
}

int lua_task_yield(lua_State *state) {
    return lua_run_give_way(state, go_on);
}

int lua_task_sleep(lua_State *state) {
    const uint64_t duration_ns = lua_quantity_read(state, 1, LUA_QUANTITY_TIME, "sleep");
    struct lua_run *const run = lua_run_wait(state, "sleep");

    return lua_run_await(state, ex_sleep_for(&run->await.sleep, duration_ns), go_on);
}

int lua_task_busy(lua_State *state) {
    const uint64_t duration_ns = lua_quantity_read(state, 1, LUA_QUANTITY_TIME, "busy");
    const struct timespec duration = {.tv_sec = (time_t)(duration_ns / EX_TIMER_S),
                                      .tv_nsec = (long)(duration_ns % EX_TIMER_S)};
    struct lua_run *const run = lua_run_suspend(state);

    nanosleep(&duration, NULL);
    lua_run_go_on(run);
    return 0;
}

int lua_task_now(lua_State *state) {
    lua_pushinteger(state, (lua_Integer)ex_timer_now());
    return 1;
}

/* ---- functions within a task ---- */

/* What a part of a task has returned, or its error. */
static int take_part(lua_State *state, const struct lua_run *part) {
    if (part->is_failed) {
        lua_xmove(part->coroutine, state, 1);
        return lua_error(state);
    }
    return take_results(state, part->coroutine);
}

struct timeout {
    struct ex_deadline deadline;
    struct lua_run run;
};

static int go_on_timeout(lua_State *state, int status, lua_KContext context) {
    const struct timeout *const self = lua_touserdata(state, 1);

    (void)status;
    (void)context;
    if (lua_run_value(state) == -ETIMEDOUT) {
        lua_pushnil(state);
        lua_pushliteral(state, "timeout");
        return 2;
    }
    return take_part(state, &self->run);
}

int lua_task_timeout(lua_State *state) {
    const uint64_t duration_ns = lua_quantity_read(state, 1, LUA_QUANTITY_TIME, "timeout");
    const struct lua_run *const run = lua_run_wait(state, "timeout");

    luaL_checktype(state, 2, LUA_TFUNCTION);
    const int count = lua_gettop(state) - 2;
    lua_State *const coroutine = make_coroutine(state, count);
    struct timeout *const self = lua_newuserdatauv(state, sizeof *self, 1);
    lua_replace(state, 1);
    lua_setiuservalue(state, 1, 1);
    struct ex_frame *const frame =
        lua_run_begin(&self->run, run->node, run->task, coroutine, count);
    self->run.is_part = true;
    return lua_run_await(state,
                         ex_deadline(&self->deadline, frame, ex_timer_now() + duration_ns),
                         go_on_timeout);
}

struct first {
    struct ex_select select;
    int count;
    struct ex_branch branches[BRANCHES_MAX];
    struct lua_run runs[BRANCHES_MAX];
};

static int go_on_first(lua_State *state, int status, lua_KContext context) {
    const struct first *const self = lua_touserdata(state, 1);
    const int64_t winner = lua_run_value(state);

    (void)status;
    (void)context;
    for (int i = 0; i < self->count; i++) {
        if (self->runs[i].is_failed) {
            return take_part(state, &self->runs[i]);
        }
    }
    lua_pushinteger(state, winner + 1);
    return 1 + take_part(state, &self->runs[winner]);
}

int lua_task_first(lua_State *state) {
    const struct lua_run *const run = lua_run_wait(state, "first");
    const int count = lua_gettop(state);

    if (count < 1 || count > BRANCHES_MAX) {
        return luaL_error(state, "`first` takes 1 to %d functions", BRANCHES_MAX);
    }
    struct first *const self = lua_newuserdatauv(state, sizeof *self, count);
    lua_insert(state, 1);
    self->count = count;
    for (int i = 0; i < count; i++) {
        luaL_checktype(state, 2 + i, LUA_TFUNCTION);
        lua_pushvalue(state, 2 + i);
        lua_State *const coroutine = make_coroutine(state, 0);
        lua_setiuservalue(state, 1, i + 1);
        struct ex_frame *const frame =
            lua_run_begin(&self->runs[i], run->node, run->task, coroutine, 0);
        self->runs[i].is_part = true;
        ex_branch_init(&self->branches[i], frame);
    }
    return lua_run_await(state,
                         ex_select(&self->select, self->branches, (size_t)count),
                         go_on_first);
}
