/* A server that echoes, and a client of it, over TCP. */
#include <errno.h>
#include <ex/scheduler.h>
#include <ex/scope.h>
#include <ex/socket.h>
#include <stdio.h>
#include <string.h>

/* One connection: it is closed whatever ends it. */
struct serve {
    struct ex_frame frame;
    struct ex_io connection;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
    };
    char bytes[256];
};

EX_RESUME(serve) {
    EX_BEGIN(serve);
    do {
        EX_AWAIT(ex_io_read(&self->read, self->connection, self->bytes, sizeof self->bytes));
        if (value > 0) {
            EX_AWAIT(ex_io_write(&self->write, self->connection, self->bytes, (size_t)value));
        }
    } while (value > 0);
    ex_io_close(self->connection);
    EX_RETURN(value);
    EX_END();
}

/* Accepts until it is told to end; then its connections end before it does. */
struct listen {
    struct ex_frame frame;
    struct ex_scope scope;
    struct ex_io listener, connection;
    struct ex_socket_accept accept;
};

EX_RESUME(listen) {
    EX_BEGIN(listen);
    ex_scope_open(&self->scope, strand, 0);
    for (;;) {
        EX_AWAIT(ex_socket_accept(&self->accept, self->listener, &self->connection, NULL));
        if (value < 0) {
            break;
        }
        struct serve *child = ex_scope_new(&self->scope, sizeof *child);
        if (child == NULL) {
            ex_io_close(self->connection);
            continue;
        }
        child->connection = self->connection;
        ex_scope_spawn(&self->scope, EX_FRAME(child, serve));
    }
    ex_io_close(self->listener);
    EX_AWAIT(ex_scope_leave(&self->scope));
    puts(value == 0 || value == -ECANCELED ? "the server has ended" : strerror((int)-value));
    EX_END();
}

struct client {
    struct ex_frame frame;
    struct ex_address address;
    struct ex_io connection;
    struct ex_task *server;
    union {
        struct ex_socket_dial dial;
        struct ex_io_write write;
        struct ex_io_read_all read;
        struct ex_task_join join;
    };
    int i;
    char bytes[8];
};

EX_RESUME(client) {
    static const char *const words[] = {"one", "two", "three"};
    EX_BEGIN(client);
    EX_AWAIT(ex_socket_dial(&self->dial, &self->connection, &self->address));
    for (self->i = 0; self->i < 3 && value >= 0; self->i++) {
        EX_AWAIT(ex_io_write(&self->write,
                             self->connection,
                             words[self->i],
                             strlen(words[self->i]) + 1));
        EX_AWAIT(
            ex_io_read_all(&self->read, self->connection, self->bytes, strlen(words[self->i]) + 1));
        if (value > 0) {
            puts(self->bytes);
        }
    }
    ex_io_close(self->connection);
    ex_task_abort(self->server);
    EX_AWAIT(ex_task_join(&self->join, self->server));
    EX_END();
}

int main(void) {
    struct ex_scheduler *scheduler;

    if (ex_scheduler_create(&scheduler, NULL) < 0) {
        return 1;
    }
    struct listen *server = ex_task_new(scheduler, sizeof *server);
    struct client *client = ex_task_new(scheduler, sizeof *client);
    if (server == NULL || client == NULL || ex_address_ip(&client->address, "127.0.0.1", 0) < 0 ||
        ex_socket_listen(&server->listener, scheduler, &client->address, 0) < 0 ||
        ex_socket_address(server->listener, &client->address) < 0) { /* with the port it got */
        return 1;
    }
    client->server = ex_task_spawn(EX_FRAME(server, listen));
    ex_task_spawn_detached(EX_FRAME(client, client));
    ex_scheduler_run(scheduler);
    ex_scheduler_destroy(scheduler);
    return 0;
}
