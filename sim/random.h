/* The generator behind every draw, and streams keyed by what is decided and for which node.
 *
 *   seed ──random_stream(seed, kind, node)──► stream ──random_next()──► 64 bits
 *
 * One more draw in one stream shifts nothing in another. The state is 256 bits because a weak
 * generator makes deep schedules unreachable: with a 32-bit generator a peer never let one thread
 * run more than nine steps in a row.
 *
 * Memory:      the caller's; nothing to free.
 * Errors:      none.
 * Threads:     a stream belongs to one thread at a time.
 * Determinism: integers only; the same seed and key give the same stream on every machine.
 * Source:      Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47
 *              (2021): xoshiro256++, seeded through splitmix64. Bounded numbers by multiply-shift
 *              (Lemire, "Fast random integer generation in an interval", 2019) without the
 *              rejection step: the bias is below bound / 2^64.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdint.h>

#define RANDOM_VERSION 1 /* changes whenever the same seed would give other numbers */

__extension__ typedef unsigned __int128 random_wide; /* a product of two words */

struct random {
    uint64_t state[4];
};

/* A well-mixed function of two words; for keys, never for sequences. */
static inline uint64_t random_mix(uint64_t a, uint64_t b) {
    uint64_t z = a + 0x9e3779b97f4a7c15u * (b + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Seeds a stream; any seed is fine, zero included. */
static inline void random_init(struct random *random, uint64_t seed) {
    for (unsigned i = 0; i < 4; i++) {
        random->state[i] = random_mix(seed, i);
    }
}

/* The stream for one kind of decision of one node. */
static inline void
random_stream(struct random *random, uint64_t seed, uint32_t kind, uint32_t node) {
    random_init(random, random_mix(seed, ((uint64_t)kind << 32) | node));
}

static inline uint64_t random_rotate(uint64_t x, unsigned k) {
    return (x << k) | (x >> (64 - k));
}

static inline uint64_t random_next(struct random *random) {
    uint64_t *s = random->state;
    const uint64_t result = random_rotate(s[0] + s[3], 23) + s[0];
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = random_rotate(s[3], 45);
    return result;
}

/* 64 bits brought below a bound that is not 0. */
static inline uint64_t random_scale(uint64_t bits, uint64_t bound) {
    return (uint64_t)(((random_wide)bits * bound) >> 64);
}

/* A number below bound; bound 0 means the full 64 bits. */
static inline uint64_t random_below(struct random *random, uint64_t bound) {
    const uint64_t bits = random_next(random);
    return bound == 0 ? bits : random_scale(bits, bound);
}

#endif
