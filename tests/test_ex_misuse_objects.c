#include "tests/misuse.h"

#include <ex/broadcast.h>
#include <ex/counter.h>
#include <ex/file.h>
#include <ex/future.h>
#include <ex/oneshot.h>
#include <ex/resolve.h>
#include <ex/signal.h>
#include <ex/socket.h>
#include <ex/stream.h>
#include <ex/watch.h>
#include <fcntl.h>

/* ---- functions ---- */

struct impatient {
    struct ex_frame frame;
};

EX_RESUME(impatient) {
    EX_BEGIN(impatient);
    (void)self;
    EX_RETURN(EX_PENDING);
    EX_END();
}

static void return_pending(void) {
    struct impatient *const self = ex_task_new(scheduler, sizeof *self);

    ex_task_spawn(EX_FRAME(self, impatient));
    ex_scheduler_run(scheduler);
}

static int64_t pending(void *argument) {
    (void)argument;
    return EX_PENDING;
}

static struct ex_frame *block(struct misuse *self, struct ex_strand *strand) {
    ex_blocking_function *const *const function = self->argument;
    (void)strand;
    return ex_blocking_call(&self->as.call, function == NULL ? NULL : *function, NULL);
}

static void block_in_null(void) {
    misuse_poll(block, NULL);
}

static void block_and_return_pending(void) {
    ex_blocking_function *function = pending;

    misuse_spawn(block, (void *)&function);
    ex_scheduler_run(scheduler);
}

static void fiber_of_null(void) {
    ex_fiber_spawn(scheduler, NULL, NULL);
    ex_scheduler_run(scheduler);
}

static struct ex_frame *shield(struct misuse *self, struct ex_strand *strand) {
    (void)self;
    ex_strand_shield(strand);
    return NULL;
}

static struct ex_frame *shield_often(struct misuse *self, struct ex_strand *strand) {
    for (int i = 0; i < 16; i++) {
        shield(self, strand);
    }
    return NULL;
}

static void shield_too_often(void) {
    misuse_poll(shield_often, NULL);
}

static struct ex_frame *unshield(struct misuse *self, struct ex_strand *strand) {
    (void)self;
    ex_strand_unshield(strand);
    return NULL;
}

static void unshield_without_a_shield(void) {
    misuse_poll(unshield, NULL);
}

static struct ex_frame *select_from_nowhere(struct misuse *self, struct ex_strand *strand) {
    (void)strand;
    return ex_select(&self->select, NULL, 2);
}

static void select_null(void) {
    misuse_poll(select_from_nowhere, NULL);
}

static void deadline_of_null(void) {
    struct ex_deadline self;

    ex_deadline(&self, NULL, 0);
}

static void release_twice(void) {
    struct ex_recycler recycler = {.idle = NULL};
    struct misuse *const self = ex_recycler_take(&recycler, sizeof *self);
    const struct ex_future future = ex_future_of_block(EX_FRAME(self, misuse));

    ex_future_release(future);
    ex_future_release(future);
}

/* ---- locks and channels ---- */

static struct ex_mutex mutex;

static void lock_again(enum ex_wait_kind kind) {
    ex_mutex_init(&mutex, kind);
    ex_mutex_deinit(&mutex);
    ex_mutex_try_lock(&mutex);
}

static void lock_destroyed(void) {
    lock_again(EX_WAIT_LOCAL);
}

static void lock_destroyed_shared(void) {
    lock_again(EX_WAIT_SHARED);
}

static void destroy_twice(void) {
    ex_mutex_init(&mutex, EX_WAIT_SHARED);
    ex_mutex_deinit(&mutex);
    ex_mutex_deinit(&mutex);
}

static struct ex_frame *lock_it(struct misuse *self, struct ex_strand *strand) {
    (void)strand;
    return ex_mutex_lock(&self->as.lock, &mutex);
}

static void await_destroyed(void) {
    ex_mutex_init(&mutex, EX_WAIT_LOCAL);
    ex_mutex_deinit(&mutex);
    misuse_poll(lock_it, NULL);
}

static void lock_what_was_never_made(void) {
    memset(&mutex, 0x5a, sizeof mutex);
    ex_mutex_try_lock(&mutex);
}

static void a_kind_there_is_not(void) {
    ex_mutex_init(&mutex, (enum ex_wait_kind)7);
}

static void add_after_the_last(void) {
    struct ex_channel *const channel = ex_channel_create(EX_WAIT_LOCAL, 1, 1);

    ex_channel_sender_drop(channel);
    ex_channel_sender_add(channel);
}

static void channel_in_null(void) {
    struct ex_channel channel;

    ex_channel_init_mem(&channel, EX_WAIT_LOCAL, 1, NULL, 1);
}

static void broadcast_in_null(void) {
    struct ex_broadcast broadcast;

    ex_broadcast_init_mem(&broadcast, EX_WAIT_LOCAL, 1, NULL, 1);
}

static void unsubscribe_twice(void) {
    struct ex_broadcast *const broadcast = ex_broadcast_create(EX_WAIT_LOCAL, 1, 1);
    struct ex_broadcast_receiver receiver;

    ex_broadcast_subscribe(broadcast, &receiver);
    ex_broadcast_unsubscribe(&receiver);
    ex_broadcast_unsubscribe(&receiver);
}

static void watch_null(void) {
    ex_watch_create(EX_WAIT_LOCAL, 1, NULL);
}

static void watch_in_null(void) {
    struct ex_watch watch;

    ex_watch_init_mem(&watch, EX_WAIT_LOCAL, 1, NULL);
}

static void unwatch_twice(void) {
    struct ex_watch *const watch = ex_watch_create(EX_WAIT_LOCAL, 1, "");
    struct ex_watch_receiver receiver;

    ex_watch_subscribe(watch, &receiver);
    ex_watch_unsubscribe(&receiver);
    ex_watch_unsubscribe(&receiver);
}

static void get_unwatched(void) {
    struct ex_watch_receiver receiver = {.watch = NULL};
    char value;

    ex_watch_get(&receiver, &value);
}

static void oneshot_in_null(void) {
    struct ex_oneshot oneshot;

    ex_oneshot_init_mem(&oneshot, EX_WAIT_LOCAL, 1, NULL);
}

static void drop_the_receiver_twice(void) {
    struct ex_oneshot *const oneshot = ex_oneshot_create(EX_WAIT_LOCAL, 1);

    ex_oneshot_receiver_drop(oneshot);
    ex_oneshot_receiver_drop(oneshot);
}

/* ---- scopes and streams ---- */

static void open_outside(void) {
    struct ex_strand strand = {.leaf = NULL};
    struct ex_scope scope;

    ex_scope_open(&scope, &strand, 0);
}

static struct ex_frame *use_closed(struct misuse *self, struct ex_strand *strand) {
    void (*const *const use)(struct ex_scope *) = self->argument;
    (void)strand;
    self->scope.is_open = false;
    (*use)(&self->scope);
    return NULL;
}

static void in_a_closed_scope(void (*use)(struct ex_scope *)) {
    misuse_poll(use_closed, (void *)&use);
}

static void make_a_child(struct ex_scope *scope) {
    ex_scope_new(scope, sizeof(struct misuse));
}

static void new_in_a_closed_one(void) {
    in_a_closed_scope(make_a_child);
}

static void spawn_a_child(struct ex_scope *scope) {
    static struct misuse child;

    ex_scope_spawn(scope, &child.frame);
}

static void spawn_in_a_closed_one(void) {
    in_a_closed_scope(spawn_a_child);
}

struct leaver {
    struct ex_frame frame;
    struct ex_scope scope;
    struct ex_scope *left;
    bool opens, leaves_twice;
};

EX_RESUME(leaver) {
    EX_BEGIN(leaver);
    if (self->opens) {
        ex_scope_open(&self->scope, strand, 0);
    }
    EX_AWAIT(ex_scope_leave(self->left));
    if (self->leaves_twice) {
        EX_AWAIT(ex_scope_leave(self->left));
    }
    EX_END();
}

static void leave_twice(void) {
    struct leaver *const self = ex_task_new(scheduler, sizeof *self);

    *self = (struct leaver){.left = &self->scope, .opens = true, .leaves_twice = true};
    ex_task_spawn(EX_FRAME(self, leaver));
    ex_scheduler_run(scheduler);
}

static void leave_anothers(void) {
    struct leaver *const self = ex_task_new(scheduler, sizeof *self);
    static struct ex_scope scope; /* as another task has it open */

    scope.is_open = true;
    *self = (struct leaver){.left = &scope};
    ex_task_spawn(EX_FRAME(self, leaver));
    ex_scheduler_run(scheduler);
}

static void stream_of_null(void) {
    struct ex_stream stream;

    ex_stream_open(&stream, NULL);
}

/* ---- descriptors ---- */

static void close_behind(bool reuses) {
    struct ex_io ends[2];

    ck_assert_int_eq(ex_io_pipe(ends, scheduler), 0);
    close(ex_io_descriptor(ends[0]));
    if (reuses) {
        ck_assert_int_ge(open("/dev/null", O_RDONLY), 0);
    }
    ex_io_close(ends[0]);
}

static void close_a_number_behind(void) {
    close_behind(false);
}

static void close_and_use_again(void) {
    close_behind(true);
}

static int64_t take_from_a_pipe(void *argument) {
    struct ex_io *const ends = argument;
    struct ex_counter_take self;

    ck_assert_int_eq(write(ex_io_descriptor(ends[1]), "few", 3), 3);
    return ex_fiber_await(ex_counter_take(&self, ends[0]));
}

static int64_t take_a_signal_from_a_pipe(void *argument) {
    struct ex_io *const ends = argument;
    struct ex_signal_next self;

    ck_assert_int_eq(write(ex_io_descriptor(ends[1]), "few", 3), 3);
    return ex_fiber_await(ex_signal_next(&self, ends[0], NULL));
}

static void with_a_pipe(ex_fiber_function *function) {
    struct ex_io ends[2];

    ck_assert_int_eq(ex_io_pipe(ends, scheduler), 0);
    ex_fiber_spawn(scheduler, function, ends);
    ex_scheduler_run(scheduler);
}

static void a_counter_that_is_none(void) {
    with_a_pipe(take_from_a_pipe);
}

static void signals_that_are_none(void) {
    with_a_pipe(take_a_signal_from_a_pipe);
}

static void block_null(void) {
    ex_signal_block(NULL);
}

static void open_signals_of_null(void) {
    struct ex_io io;

    ex_signal_open(&io, scheduler, NULL);
}

static void open_outside_of_a_scheduler(void) {
    struct ex_io io;

    ex_counter_open(&io, NULL, 0);
}

static void listen_at_null(void) {
    struct ex_io io;

    ex_socket_listen(&io, scheduler, NULL, 0);
}

static void bind_to_null(void) {
    struct ex_io io;

    ex_socket_bind(&io, scheduler, NULL);
}

static void connect_to_null(void) {
    struct ex_socket_connect self;

    ex_socket_connect(&self, EX_IO_NONE, NULL);
}

static void dial_null(void) {
    struct ex_socket_dial self;
    struct ex_io io;

    ex_socket_dial(&self, &io, NULL);
}

static void accept_into_null(void) {
    struct ex_socket_accept self;

    ex_socket_accept(&self, EX_IO_NONE, NULL, NULL);
}

static void resolve_null(void) {
    struct ex_resolve_host self;

    ex_resolve_host(&self, NULL, 0, NULL, 0);
}

static void open_null(void) {
    struct ex_file_open self;

    ex_file_open(&self, NULL, O_RDONLY, 0);
}

static void numbers_of_null(void) {
    struct ex_address address;

    ex_address_ip(&address, NULL, 0);
}

static void path_of_null(void) {
    struct ex_address address;

    ex_address_path(&address, NULL);
}

#define GONE "a lock, channel or the like is used after its ex_*_deinit"

static const struct misuse_row rows[] = {
    {"return EX_PENDING", return_pending, "EX_RETURN(EX_PENDING)"},
    {"call NULL", block_in_null, "ex_blocking_call: the function is NULL"},
    {"call what returns EX_PENDING", block_and_return_pending, "ex_blocking_call: the function re"},
    {"a fiber of NULL", fiber_of_null, "ex_fiber_run, ex_fiber_spawn: the function is NULL"},
    {"16 shields", shield_too_often, "ex_strand_shield: 15 are up"},
    {"unshield without a shield", unshield_without_a_shield, "ex_strand_unshield: no shield is up"},
    {"select from NULL", select_null, "ex_join or ex_select: no array of branches"},
    {"deadline of NULL", deadline_of_null, "ex_deadline: the frame is NULL"},
    {"release a future twice", release_twice, "ex_future_release: it was awaited or released"},
    {"lock what is destroyed", lock_destroyed, GONE},
    {"lock what is destroyed, shared", lock_destroyed_shared, GONE},
    {"destroy twice", destroy_twice, GONE},
    {"await what is destroyed", await_destroyed, GONE},
    {"lock what was never made",
     lock_what_was_never_made,
     "a lock, channel or the like of kind EX"},
    {"a kind there is not", a_kind_there_is_not, "an ex_*_init or ex_*_create: a kind other than"},
    {"add after the last",
     add_after_the_last,
     "ex_channel_sender_add: the last sender was dropped"},
    {"a channel in NULL", channel_in_null, "ex_channel_init_mem: the memory is NULL"},
    {"a broadcast in NULL", broadcast_in_null, "ex_broadcast_init_mem: the memory is NULL"},
    {"unsubscribe twice", unsubscribe_twice, "ex_broadcast_unsubscribe: the receiver is not"},
    {"watch NULL", watch_null, "ex_watch_create: the initial value is NULL"},
    {"a watch in NULL", watch_in_null, "ex_watch_init_mem: the memory is NULL"},
    {"unwatch twice", unwatch_twice, "ex_watch_unsubscribe: the receiver is not subscribed"},
    {"get what is not watched",
     get_unwatched,
     "ex_watch_changed, ex_watch_get: the receiver is not"},
    {"a oneshot in NULL", oneshot_in_null, "ex_oneshot_init_mem: the memory is NULL"},
    {"drop a receiver twice", drop_the_receiver_twice, "ex_oneshot_receiver_drop: it was dropped"},
    {"a scope outside of a task", open_outside, "ex_scope_open: outside of any task"},
    {"a child of a closed scope", new_in_a_closed_one, "ex_scope_new: the scope is not open"},
    {"spawn into a closed scope", spawn_in_a_closed_one, "ex_scope_spawn: the scope is not open"},
    {"leave twice", leave_twice, "ex_scope_leave: the scope is not open, or was left before"},
    {"leave another's", leave_anothers, "ex_scope_leave: by another strand than opened it"},
    {"a stream of NULL", stream_of_null, "ex_stream_open: the generator is NULL"},
    {"close a number behind", close_a_number_behind, "ex_io_close: close(2) was called on its nu"},
    {"close and use again", close_and_use_again, "ex_io_close: close(2) was called on its number"},
    {"a counter that is none", a_counter_that_is_none, "ex_counter_take: the handle is not of"},
    {"signals that are none", signals_that_are_none, "ex_signal_next: the handle is not of"},
    {"block NULL", block_null, "ex_signal_block: the set is NULL"},
    {"signals of NULL", open_signals_of_null, "ex_signal_open: the set is NULL"},
    {"open outside", open_outside_of_a_scheduler, "ex_io_open or the like: a NULL scheduler"},
    {"listen at NULL", listen_at_null, "ex_socket_listen: the address is NULL"},
    {"bind to NULL", bind_to_null, "ex_socket_bind: the address is NULL"},
    {"connect to NULL", connect_to_null, "ex_socket_connect: the address is NULL"},
    {"dial NULL", dial_null, "ex_socket_dial: NULL for the handle or the address"},
    {"accept into NULL", accept_into_null, "ex_socket_accept: NULL where it is to write"},
    {"resolve NULL", resolve_null, "ex_resolve_host: NULL for the name or the addresses"},
    {"open NULL", open_null, "ex_file_open: the path is NULL"},
    {"an address of NULL", numbers_of_null, "ex_address_ip: the text is NULL"},
    {"a path of NULL", path_of_null, "ex_address_path: the path is NULL"},
};

START_TEST(the_panic_says_what_was_wrong) {
    misuse_try(&rows[_i]);
}
END_TEST

SUITE(ex_misuse_objects) {
    SUITE_LOOP(the_panic_says_what_was_wrong, 0, (int)(sizeof rows / sizeof rows[0]));
}
