/* A channel against a naive twin: an array of elements, and who waits with what. */
#include "tests/permit_twin.h"

#include <ex/channel.h>

enum { RECEIVER = 4, PUPPETS = 5, CAPACITY_MAX = 4, ELEMENTS_MAX = 4096 };

static struct ex_channel *channel;

struct channel_twin {
    struct twin base; /* ready, told, cancelled, results; `waiting` are senders */
    int64_t inside[ELEMENTS_MAX];
    int inside_count;
    int capacity;
    int64_t element[PUPPETS]; /* what each sends, or has received */
    bool is_local;
    bool is_receiving;
    bool is_given; /* the receiver has what it waited for, and was not resumed yet */
    bool is_closed;
};

static struct ex_frame *send(struct puppet *self) {
    self->element = self->argument;
    return ex_channel_send((struct ex_channel_send *)(void *)self->leaf, channel, &self->element);
}

static struct ex_frame *receive(struct puppet *self) {
    return ex_channel_recv((struct ex_channel_recv *)(void *)self->leaf, channel, &self->element);
}

/* ---- what the twin does ---- */

static bool twin_is_ready(const struct twin *base, int id) {
    return twin_index_of(base->ready, base->ready_count, id) < base->ready_count;
}

static int twin_put(struct channel_twin *twin, int64_t element) {
    if (twin->is_closed) {
        return -EPIPE;
    }
    if (twin->inside_count == twin->capacity) {
        return -EAGAIN;
    }
    twin->inside[twin->inside_count++] = element;
    if (twin->is_receiving) {
        twin_ready(&twin->base, RECEIVER);
    }
    return 0;
}

/* By a task: a receiver that waits, and nothing else is due to, has the element at once. */
static int twin_send(struct channel_twin *twin, int64_t element) {
    if (twin->is_closed || !twin->is_local || !twin->is_receiving ||
        twin_is_ready(&twin->base, RECEIVER)) {
        return twin_put(twin, element);
    }
    twin->element[RECEIVER] = element;
    twin->is_receiving = false;
    twin->is_given = true;
    twin_ready(&twin->base, RECEIVER);
    return 0;
}

static int twin_take(struct channel_twin *twin, int64_t *element) {
    if (twin->inside_count == 0) {
        return twin->is_closed ? -EPIPE : -EAGAIN;
    }
    *element = twin->inside[0];
    memmove(&twin->inside[0],
            &twin->inside[1],
            (size_t)--twin->inside_count * sizeof twin->inside[0]);
    if (twin->base.waiting_count > 0) {
        const int id = twin_take_at(twin->base.waiting, &twin->base.waiting_count, 0);
        ck_assert_int_eq(twin_put(twin, twin->element[id]), 0);
        twin->base.result[id] = 0;
        twin_ready(&twin->base, id);
    }
    return 0;
}

static void twin_close(struct channel_twin *twin) {
    twin->is_closed = true;
    while (twin->base.waiting_count > 0) {
        const int id = twin_take_at(twin->base.waiting, &twin->base.waiting_count, 0);
        twin->base.result[id] = -EPIPE;
        twin_ready(&twin->base, id);
    }
    if (twin->is_receiving) {
        twin_ready(&twin->base, RECEIVER);
    }
}

static void twin_resume_sender(struct channel_twin *twin, int id) {
    struct twin *const base = &twin->base;
    const int at = twin_index_of(base->waiting, base->waiting_count, id);
    const bool is_waiting = at < base->waiting_count;

    if ((is_waiting || base->is_told[id]) && base->is_canceled[id]) {
        base->is_canceled[id] = false;
        base->result[id] = -ECANCELED;
        if (is_waiting) {
            twin_take_at(base->waiting, &base->waiting_count, at);
        }
    } else if (base->is_told[id]) {
        const int status = twin_send(twin, twin->element[id]);
        if (status == -EAGAIN) {
            base->waiting[base->waiting_count++] = id;
        } else {
            base->result[id] = status;
        }
    }
    base->is_told[id] = false;
}

static void twin_resume_receiver(struct channel_twin *twin) {
    struct twin *const base = &twin->base;
    const bool is_new = base->is_told[RECEIVER];

    base->is_told[RECEIVER] = false;
    if (twin->is_given) {
        twin->is_given = false;
        base->result[RECEIVER] = 0;
        return;
    }
    if (!is_new && !twin->is_receiving) {
        return;
    }
    int status = -ECANCELED;
    if (!is_new || !base->is_canceled[RECEIVER]) {
        twin->is_receiving = false;
        status = twin_take(twin, &twin->element[RECEIVER]);
    }
    if (status == -EAGAIN && base->is_canceled[RECEIVER]) {
        status = -ECANCELED;
    }
    if (status == -ECANCELED) {
        base->is_canceled[RECEIVER] = false;
    }
    twin->is_receiving = status == -EAGAIN;
    if (status != -EAGAIN) {
        base->result[RECEIVER] = status;
    }
}

static void twin_run_all(struct channel_twin *twin) {
    while (twin->base.ready_count > 0) {
        const int id = twin_take_at(twin->base.ready, &twin->base.ready_count, 0);
        if (id == RECEIVER) {
            twin_resume_receiver(twin);
        } else {
            twin_resume_sender(twin, id);
        }
    }
}

/* ---- the same to both ---- */

static void tell(struct channel_twin *twin, int id, int64_t element) {
    if (puppet_result(id) == EX_PENDING) {
        return;
    }
    if (id == RECEIVER) {
        puppet_do(id, receive);
    } else {
        puppet_do_with(id, send, element);
        twin->element[id] = element;
    }
    twin->base.result[id] = EX_PENDING;
    twin->base.is_told[id] = true;
    twin_ready(&twin->base, id);
}

static void random_step(struct channel_twin *twin, uint64_t *chance, int64_t element) {
    const int id = (int)puppets_random(chance, PUPPETS);
    int64_t taken = 0, expected = 0;

    switch (puppets_random(chance, 12)) {
    case 0:
        puppet_abort(id);
        twin->base.is_canceled[id] = true;
        twin_ready(&twin->base, id);
        break;
    case 1:
        ck_assert_int_eq(ex_channel_try_send(channel, &element), twin_put(twin, element));
        break;
    case 2:
        ck_assert_int_eq(ex_channel_try_recv(channel, &taken), twin_take(twin, &expected));
        ck_assert_int_eq(taken, expected);
        break;
    case 3:
        if (puppets_random(chance, 30) == 0) {
            ex_channel_close(channel);
            twin_close(twin);
        }
        break;
    case 4:
    case 5:
    case 6:
        tell(twin, RECEIVER, 0);
        break;
    default:
        tell(twin, id, element);
    }
}

static void compare(const struct channel_twin *twin) {
    twin_compare(&twin->base);
    ck_assert_uint_eq(ex_channel_count(channel), (size_t)twin->inside_count);
    if (twin->base.result[RECEIVER] == 0) {
        ck_assert_int_eq(puppets.all[RECEIVER]->element, twin->element[RECEIVER]);
    }
}

/* Capacities 1 to 4, and no bound. */
START_TEST(it_does_as_its_naive_twin) {
    static struct channel_twin twin;
    uint64_t chance = (uint64_t)_i;
    for (int life = 0; life < 40; life++) {
        const int capacity = 1 + (int)puppets_random(&chance, CAPACITY_MAX + 1);
        const bool is_bounded = capacity <= CAPACITY_MAX;
        puppets_start(PUPPETS);
        memset(&twin, 0, sizeof twin);
        twin_init(&twin.base, 0);
        twin.capacity = is_bounded ? capacity : ELEMENTS_MAX;
        twin.is_local = _i % 2 == EX_WAIT_LOCAL;
        channel = ex_channel_create((enum ex_wait_kind)(_i % 2),
                                    sizeof(int64_t),
                                    is_bounded ? (size_t)capacity : EX_CHANNEL_UNBOUNDED);

        for (int step = 0; step < 300; step++) {
            random_step(&twin, &chance, step);
            if (puppets_random(&chance, 2) == 0) {
                continue; /* more of it before anybody runs */
            }
            puppets_run();
            twin_run_all(&twin);
            compare(&twin);
        }

        puppets_stop();
        ex_channel_receiver_drop(channel);
        ex_channel_sender_drop(channel);
    }
}
END_TEST

SUITE(ex_channel_twin) {
    SUITE_LOOP(it_does_as_its_naive_twin, 0, 20);
}
