#include "sim/machine/hooks_chance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "sim/machine/hook.h"

#define ENTROPY_SIZE_MAX 256
#define AUXILIARY_WORDS 2
#define AUXILIARY_STREAM UINT64_C(0x41545f52414e444f) /* no run of a campaign has this number */
#define STATE_SIZE 128                                /* libc's default: a generator of degree 31 */

struct generators {
    bool seeded; /* srand(), srandom(), initstate() or setstate() was called */
    bool ready;  /* `random` can be used */
    bool seeded48;
    struct random_data random;
    struct drand48_data random48;
    char state[STATE_SIZE];
};

static struct generators nodes[DESCRIPTION_NODES_MAX + 1];

/* The kernel gives each process random bytes beside its arguments, where any code may read them:
 * libc did before the run, so that only the program's own look at them is left. */
static void auxiliary_fill(void) {
    static unsigned char *bytes; /* aligned to nothing */
    bytes = bytes != NULL ? bytes : (unsigned char *)getauxval(AT_RANDOM);
    for (unsigned i = 0; bytes != NULL && i < AUXILIARY_WORDS; i++) {
        const uint64_t word = random_mix(machine.world.choices.seed, AUXILIARY_STREAM + i);
        memcpy(bytes + i * sizeof word, &word, sizeof word);
    }
}

void hooks_chance_node_begin(uint32_t node) {
    nodes[node].seeded = false;
    nodes[node].ready = false;
    nodes[node].seeded48 = false;
}

void hooks_chance_begin(void) {
    auxiliary_fill();
    const uint32_t count = machine.world.description->node_count;
    for (uint32_t node = 1; node <= count; node++) {
        hooks_chance_node_begin(node);
    }
}

static uint64_t number(void) {
    return choices_number(&machine.world.choices, hook_node());
}

void hooks_chance_fill(void *bytes, size_t size) {
    unsigned char *to = bytes;
    while (size > 0) {
        const uint64_t value = number();
        const size_t part = size < sizeof value ? size : sizeof value;
        memcpy(to, &value, part);
        to += part;
        size -= part;
    }
}

static void announce(size_t size, const void *site) {
    hook_point(POINT_RANDOM, 0, false, site);
    schedule_event(hook_schedule(), POINT_RANDOM, 0, (int64_t)size, site);
}

/* ---- the kernel's ---- */

HOOK ssize_t getrandom(void *bytes, size_t size, unsigned flags) {
    if (!hook_simulated()) {
        return REAL(getrandom)(bytes, size, flags);
    }
    if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0) {
        hook_escape(HOOK_SITE, "getrandom() with flags %#x", flags);
    }
    announce(size, HOOK_SITE);
    hooks_chance_fill(bytes, size);
    return (ssize_t)size;
}

HOOK int getentropy(void *bytes, size_t size) {
    if (!hook_simulated()) {
        return REAL(getentropy)(bytes, size);
    }
    if (size > ENTROPY_SIZE_MAX) {
        return hook_result(-EIO);
    }
    announce(size, HOOK_SITE);
    hooks_chance_fill(bytes, size);
    return 0;
}

HOOK uint32_t arc4random(void) {
    if (!hook_simulated()) {
        return REAL(arc4random)();
    }
    announce(sizeof(uint32_t), HOOK_SITE);
    return (uint32_t)number();
}

HOOK void arc4random_buf(void *bytes, size_t size) {
    if (!hook_simulated()) {
        REAL(arc4random_buf)(bytes, size);
        return;
    }
    announce(size, HOOK_SITE);
    hooks_chance_fill(bytes, size);
}

HOOK uint32_t arc4random_uniform(uint32_t bound) {
    if (!hook_simulated()) {
        return REAL(arc4random_uniform)(bound);
    }
    announce(sizeof(uint32_t), HOOK_SITE);
    if (bound < 2) {
        return 0;
    }
    return (uint32_t)((number() >> 32) * bound >> 32); /* the bias is below 2^-32 */
}

/* std::random_device::_M_getval(): libstdc++ asks the processor's own generator. */
extern unsigned _ZNSt13random_device9_M_getvalEv(void *device);

HOOK unsigned _ZNSt13random_device9_M_getvalEv(void *device) {
    if (!hook_simulated()) {
        return REAL(_ZNSt13random_device9_M_getvalEv)(device);
    }
    announce(sizeof(unsigned), HOOK_SITE);
    return (unsigned)number();
}

/* ---- rand and random: one generator, as in libc ---- */

static struct generators *seeded_now(void) {
    struct generators *node = &nodes[hook_node()];
    if (!node->ready) {
        memset(&node->random, 0, sizeof node->random);
        initstate_r(1, node->state, sizeof node->state, &node->random);
        node->ready = true;
    }
    node->seeded = true;
    return node;
}

static long generator_next(void) {
    struct generators *node = &nodes[hook_node()];
    if (!node->seeded) {
        return (long)(number() >> 33);
    }
    int32_t value;
    random_r(&node->random, &value);
    return value;
}

HOOK int rand(void) {
    return hook_simulated() ? (int)generator_next() : REAL(rand)();
}

HOOK long random(void) {
    return hook_simulated() ? generator_next() : REAL(random)();
}

HOOK void srand(unsigned seed) {
    if (!hook_simulated()) {
        REAL(srand)(seed);
        return;
    }
    srandom_r(seed, &seeded_now()->random);
}

HOOK void srandom(unsigned seed) {
    srand(seed);
}

HOOK char *initstate(unsigned seed, char *state, size_t size) {
    if (!hook_simulated()) {
        return REAL(initstate)(seed, state, size);
    }
    struct random_data *random = &seeded_now()->random;
    char *before = (char *)random->state - sizeof(int32_t); /* the type lies before it */
    return initstate_r(seed, state, size, random) == 0 ? before : NULL;
}

HOOK char *setstate(char *state) {
    if (!hook_simulated()) {
        return REAL(setstate)(state);
    }
    struct random_data *random = &seeded_now()->random;
    char *before = (char *)random->state - sizeof(int32_t);
    return setstate_r(state, random) == 0 ? before : NULL;
}

/* ---- the drand48 family ---- */

static struct drand48_data *state48(void) {
    struct generators *node = &nodes[hook_node()];
    if (!node->seeded48) {
        const uint64_t value = number();
        unsigned short seed[3];
        memcpy(seed, &value, sizeof seed);
        memset(&node->random48, 0, sizeof node->random48);
        seed48_r(seed, &node->random48);
        node->seeded48 = true;
    }
    return &node->random48;
}

HOOK double drand48(void) {
    if (!hook_simulated()) {
        return REAL(drand48)();
    }
    double value;
    drand48_r(state48(), &value);
    return value;
}

HOOK double erand48(unsigned short state[3]) {
    if (!hook_simulated()) {
        return REAL(erand48)(state);
    }
    double value;
    erand48_r(state, state48(), &value);
    return value;
}

HOOK long lrand48(void) {
    if (!hook_simulated()) {
        return REAL(lrand48)();
    }
    long value;
    lrand48_r(state48(), &value);
    return value;
}

HOOK long nrand48(unsigned short state[3]) {
    if (!hook_simulated()) {
        return REAL(nrand48)(state);
    }
    long value;
    nrand48_r(state, state48(), &value);
    return value;
}

HOOK long mrand48(void) {
    if (!hook_simulated()) {
        return REAL(mrand48)();
    }
    long value;
    mrand48_r(state48(), &value);
    return value;
}

HOOK long jrand48(unsigned short state[3]) {
    if (!hook_simulated()) {
        return REAL(jrand48)(state);
    }
    long value;
    jrand48_r(state, state48(), &value);
    return value;
}

HOOK void srand48(long seed) {
    if (!hook_simulated()) {
        REAL(srand48)(seed);
        return;
    }
    srand48_r(seed, state48());
}

HOOK unsigned short *seed48(unsigned short seed[3]) {
    if (!hook_simulated()) {
        return REAL(seed48)(seed);
    }
    struct drand48_data *state = state48();
    seed48_r(seed, state);
    return state->__old_x;
}

HOOK void lcong48(unsigned short parameters[7]) {
    if (!hook_simulated()) {
        REAL(lcong48)(parameters);
        return;
    }
    lcong48_r(parameters, state48());
}
