/* Elements of channels: so many bytes, copied. */
#ifndef EXECUTOR_ELEMENT_H
#define EXECUTOR_ELEMENT_H

#include <stddef.h>
#include <string.h>

/* Most elements are a word: no call for those. */
static inline void ex_element_copy(void *to, const void *from, size_t size) {
    if (__builtin_expect(size == sizeof(void *), 1)) {
        memcpy(to, from, sizeof(void *));
    } else if (size != 0) { /* then the pointers may be NULL */
        memcpy(to, from, size);
    }
}

#endif
