/* A coroutine that the executor runs: an async function whose resume function resumes it.
 *
 *   a wake ──► lua_run_resume ──► lua_resume ──► the file's function ──► sleep("5ms")
 *                   ▲                                                        │ lua_run_await
 *                   └──────────── awaits the frame that it was given ◄───────┘
 *
 * Of a node's coroutines one at a time has its turn; with worker threads that is by a mutex, which
 * threads pass on where a program may be interrupted: between two turns, and at marks and counts.
 *
 * Memory:      a run is its owner's: part of a task, or of what awaits it. The coroutine is Lua's,
 *              and whoever started the run keeps it alive.
 * Limits:      LUA_RUN_INSTRUCTIONS in one turn; LUA_RUN_YIELDS of a node in which no task waited.
 * Errors:      a Lua error that nobody caught is a finding, with its file and line. A cancel is the
 *              error "canceled", at the await that was told.
 * Threads:     the node's; what is not said to be otherwise, within a turn.
 * Determinism: a function of the turns' order, which the scheduler's threads give.
 */
#ifndef SCENARIOS_LUA_RUN_H
#define SCENARIOS_LUA_RUN_H

#include <ex/channel.h>
#include <ex/event.h>
#include <ex/mutex.h>
#include <ex/notify.h>
#include <ex/semaphore.h>
#include <ex/socket.h>
#include <ex/timer.h>
#include <pthread.h>
#include <stdbool.h>

#define LUA_RUN_INSTRUCTIONS ((uint64_t)20 * 1000 * 1000)
#define LUA_RUN_YIELDS ((uint32_t)3 * 1000 * 1000)

struct ex_scheduler;
struct lua_State;
struct lua_run;
struct lua_sandbox;

/* What is shown of a task, in the list of those of its node that have not ended, in order of
 * creation. */
struct lua_run_task {
    struct lua_run_task *previous, *next;
    struct lua_run *first; /* its own */
    struct lua_run *turn;  /* whose turn it was last: that, or a part of it which has not ended;
                              NULL: the task has ended */
    uint32_t number;       /* from 1 */
    const char *name;      /* NULL: it has none */
};

/* A node whose program is a function of the file. */
struct lua_run_node {
    struct lua_sandbox *sandbox;
    struct lua_State *state; /* of which the coroutines are */
    struct lua_run *current; /* whose turn it is; NULL: nobody's */
    struct ex_scheduler *scheduler;
    enum ex_wait_kind kind; /* of its locks and channels */
    bool has_workers;       /* then a turn is had by who holds the mutex */
    pthread_mutex_t turn;
    uint32_t yield_count; /* since a task waited for anything else */
    uint32_t task_count;  /* so far */
    struct lua_run_task *tasks, *task_last;
};

/* Gives way once. */
struct lua_run_yield {
    struct ex_frame frame;
};

struct lua_run {
    struct ex_frame frame;
    struct lua_run_node *node;
    struct lua_run_task *task; /* of which it is, or is a part */
    struct lua_State *coroutine;
    struct ex_frame *child; /* what it awaits next */
    int64_t value;          /* what the last await returned */
    uint64_t number;        /* of the element that a channel takes or gives */
    int argument_count;     /* that lie on the coroutine's stack for its next resume */
    bool is_part;   /* somebody awaits it, who is given its errors; else they are findings */
    bool is_told;   /* an await has returned -ECANCELED */
    bool is_failed; /* it ended with the error that is on the coroutine's stack */
    union {         /* what is awaited often; the rest brings its own memory */
        struct lua_run_yield yield;
        struct ex_sleep sleep;
        struct ex_mutex_lock lock;
        struct ex_semaphore_acquire acquire;
        struct ex_notify_wait notified;
        struct ex_event_wait event;
        struct ex_channel_send send;
        struct ex_channel_recv receive;
        struct ex_io_read read;
        struct ex_io_write write;
        struct ex_socket_accept accept;
    } await;
};

/* Awaitable: runs the function that lies on the coroutine's stack under its arguments to its end.
 * 0: its results, or its error, are all that lies there. -ECANCELED: it was told, and ended by
 * that. */
struct ex_frame *lua_run_begin(struct lua_run *self,
                               struct lua_run_node *node,
                               struct lua_run_task *task,
                               struct lua_State *coroutine,
                               int argument_count);

/* In a function of the file's: whose turn it is. NULL: no run's, but a coroutine's of the file's
 * own. */
struct lua_run *lua_run_now(struct lua_State *state);

/* The same for a function that waits: an error where it cannot, which names it. */
struct lua_run *lua_run_wait(struct lua_State *state, const char *name);

/* Ends such a function: the frame is awaited, then `go_on` is called with the same stack. */
int lua_run_await(struct lua_State *state,
                  struct ex_frame *frame,
                  int (*go_on)(struct lua_State *state, int status, intptr_t context));

/* The same for who only gives way: an error when all do nothing else. */
int lua_run_give_way(struct lua_State *state,
                     int (*go_on)(struct lua_State *state, int status, intptr_t context));

/* There: what was returned. A cancel is raised. */
int64_t lua_run_value(struct lua_State *state);

/* Raises "canceled". */
_Noreturn void lua_run_cancel(struct lua_State *state);

/* Outside of a turn: begins and ends one of nobody's. */
void lua_run_enter(struct lua_run_node *node);
void lua_run_leave(struct lua_run_node *node);

/* Within a turn, where other coroutines may have theirs: the calling one's is suspended and goes
 * on. Nothing without worker threads. */
struct lua_run *lua_run_suspend(struct lua_State *state);
void lua_run_go_on(struct lua_run *run);

/* The error on the coroutine's stack is a finding. */
_Noreturn void lua_run_fail(struct lua_run_node *node, struct lua_State *coroutine, int status);

#endif
