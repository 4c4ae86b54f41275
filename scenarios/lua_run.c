#include "scenarios/lua_run.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_sandbox.h"
#include "sim/reader.h"
#include "sim/scenario.h"

#define ERROR_SIZE 1000

static const char canceled[] = "canceled";

/* ---- whose turn it is ---- */

static void begin_turn(struct lua_run_node *node, struct lua_run *run) {
    if (node->has_workers) {
        pthread_mutex_lock(&node->turn);
    }
    assert(node->current == NULL);
    node->current = run;
    if (run != NULL) {
        lua_core_of(node->state)->thread = run->coroutine;
    }
}

static void end_turn(struct lua_run_node *node) {
    node->current = NULL;
    if (node->has_workers) {
        pthread_mutex_unlock(&node->turn);
    }
}

void lua_run_enter(struct lua_run_node *node) {
    begin_turn(node, NULL);
}

void lua_run_leave(struct lua_run_node *node) {
    end_turn(node);
}

struct lua_run *lua_run_suspend(lua_State *state) {
    struct lua_run_node *const node = lua_core_of(state)->context;
    struct lua_run *const run = node->current;

    if (node->has_workers) {
        end_turn(node);
    }
    return run;
}

void lua_run_go_on(struct lua_run *run) {
    if (run->node->has_workers) {
        begin_turn(run->node, run);
    }
}

/* ---- the end ---- */

void lua_run_fail(struct lua_run_node *node, lua_State *coroutine, int status) {
    char error[ERROR_SIZE];

    lua_sandbox_complain(node->sandbox, coroutine, status, error, sizeof error);
    error[strcspn(error, "\n")] = '\0'; /* without the line and its caret */
    sim_fail("%s", error);
}

static bool is_cancel(lua_State *coroutine) {
    return lua_type(coroutine, -1) == LUA_TSTRING &&
           strcmp(lua_tostring(coroutine, -1), canceled) == 0;
}

/* What the run returns when its coroutine has ended. */
static int64_t end(struct lua_run *self, int status) {
    lua_State *const coroutine = self->coroutine;
    const struct lua_core *const core = lua_core_of(coroutine);

    if (status == LUA_OK) {
        return 0;
    }
    if (self->is_told && is_cancel(coroutine) && !core->exhausted) {
        status = lua_resetthread(coroutine); /* closes its variables, which may fail */
        if (is_cancel(coroutine)) {
            lua_settop(coroutine, 0);
            return -ECANCELED;
        }
    }
    if (!self->is_part || status == LUA_ERRMEM || core->exhausted) {
        lua_run_fail(self->node, coroutine, status);
    }
    self->is_failed = true;
    return 0;
}

/* ---- turns ---- */

/* EX_PENDING when it awaits its child, else what it returns. */
static int64_t take_turn(struct lua_run *self) {
    struct lua_run_node *const node = self->node;
    int count;
    int64_t value = EX_PENDING;

    begin_turn(node, self);
    lua_core_of(node->state)->instructions = 0;
    self->child = NULL;
    self->task->turn = self;
    const int status = lua_resume(self->coroutine, NULL, self->argument_count, &count);
    self->argument_count = 0;
    if (status != LUA_YIELD) {
        value = end(self, status);
        self->task->turn = self->task->first;
    } else {
        assert(self->child != NULL); /* coroutine.yield refuses where nobody resumed */
    }
    end_turn(node);
    return value;
}

/* Outside of a turn: who is held keeps its thread, but no other one from its turn. */
static void announce(const struct lua_run *self, enum sim_thread_instant instant) {
    if (self->task->name != NULL && self == self->task->first) {
        sim_task(self->task->name, instant);
    }
}

EX_RESUME(lua_run) {
    EX_BEGIN(lua_run);
    announce(self, SIM_STARTS);
    for (;;) {
        self->value = take_turn(self);
        if (self->value != EX_PENDING) {
            break;
        }
        announce(self, SIM_BLOCKS);
        EX_AWAIT(self->child);
        self->value = value;
        announce(self, SIM_WAKES);
    }
    announce(self, SIM_ENDS);
    EX_RETURN(self->value);
    EX_END();
}

struct ex_frame *lua_run_begin(struct lua_run *self,
                               struct lua_run_node *node,
                               struct lua_run_task *task,
                               lua_State *coroutine,
                               int argument_count) {
    *self = (struct lua_run){.node = node,
                             .task = task,
                             .coroutine = coroutine,
                             .argument_count = argument_count};
    return EX_FRAME(self, lua_run);
}

EX_RESUME(lua_run_yield) {
    EX_BEGIN(lua_run_yield);
    EX_YIELD();
    EX_RETURN(ex_strand_take_cancel(strand) ? -ECANCELED : 0);
    EX_END();
}

/* ---- within a turn ---- */

struct lua_run *lua_run_now(lua_State *state) {
    struct lua_run_node *const node = lua_core_of(state)->context;

    return node->current != NULL && node->current->coroutine == state ? node->current : NULL;
}

struct lua_run *lua_run_wait(lua_State *state, const char *name) {
    struct lua_run *const run = lua_run_now(state);

    if (run == NULL) {
        luaL_error(state, "`%s` waits, within a coroutine of the file's own; use spawn", name);
    }
    if (lua_isyieldable(state) == 0) {
        luaL_error(state, "`%s` waits, in what table.sort, gsub, require … have called", name);
    }
    return run;
}

int lua_run_await(lua_State *state,
                  struct ex_frame *frame,
                  int (*go_on)(lua_State *state, int status, intptr_t context)) {
    struct lua_run *const run = lua_run_now(state);

    run->node->yield_count = 0;
    run->child = frame;
    return lua_yieldk(state, 0, 0, go_on);
}

int lua_run_give_way(lua_State *state,
                     int (*go_on)(lua_State *state, int status, intptr_t context)) {
    struct lua_run *const run = lua_run_wait(state, "yield");

    if (++run->node->yield_count > LUA_RUN_YIELDS) {
        return luaL_error(state,
                          "%d times in a row the tasks did nothing but `yield`; what do they "
                          "wait for?",
                          (int)LUA_RUN_YIELDS);
    }
    run->child = EX_FRAME(&run->await.yield, lua_run_yield);
    return lua_yieldk(state, 0, 0, go_on);
}

int64_t lua_run_value(lua_State *state) {
    struct lua_run *const run = lua_run_now(state);

    if (run == NULL) {
        luaL_error(state, "a task that waits was resumed as a coroutine");
        __builtin_unreachable();
    }
    if (run->value == -ECANCELED) {
        lua_run_cancel(state);
    }
    return run->value;
}

void lua_run_cancel(lua_State *state) {
    lua_run_now(state)->is_told = true;
    lua_pushliteral(state, "canceled");
    lua_error(state);
    __builtin_unreachable();
}
