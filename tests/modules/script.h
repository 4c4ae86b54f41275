/* A random sequence of calls and what came of them, as text: what calls.c and paths.c are made of.
 * It must depend on nothing but its seed and the kernel. */
#ifndef TESTS_MODULES_SCRIPT_H
#define TESTS_MODULES_SCRIPT_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SCRIPT_BYTES_MAX 9000

struct script {
    uint64_t state;
    char *text;
    size_t size, used;
    char bytes[SCRIPT_BYTES_MAX];
};

/* splitmix64 */
static inline uint64_t script_next(struct script *script) {
    uint64_t z = script->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline unsigned script_below(struct script *script, unsigned limit) {
    return (unsigned)(script_next(script) % limit);
}

__attribute__((format(printf, 2, 3))) static inline void
script_say(struct script *script, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length =
        vsnprintf(script->text + script->used, script->size - script->used, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < script->size - script->used) {
        script->used += (size_t)length;
    }
}

static inline void script_result(struct script *script, long value) {
    if (value < 0) {
        script_say(script, " = %s\n", strerrorname_np(errno));
    } else {
        script_say(script, " = %ld\n", value);
    }
}

static inline void script_sum(struct script *script, const char *bytes, long count) {
    uint32_t sum = 0;
    for (long i = 0; i < count; i++) {
        sum = sum * 31 + (unsigned char)bytes[i];
    }
    script_say(script, "  sum %08x\n", sum);
}

#endif
