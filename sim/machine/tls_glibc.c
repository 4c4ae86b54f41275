#include "sim/machine/tls_glibc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "sim/machine/real.h"
#include "sim/panic.h"

/* GLIBC_PRIVATE: resolved through ld.so's and libc's own symbol tables. */
extern void *_dl_allocate_tls(void *block);
extern void _dl_get_tls_static_info(size_t *size, size_t *alignment);
extern void __call_tls_dtors(void);
extern void __ctype_init(void);

/* libthread_db's own description of the thread descriptor: {bits, count, byte offset} of a field
 * and the size of the whole. glibc keeps it up to date for debuggers. */
extern const uint32_t _thread_db_sizeof_pthread;
extern const uint32_t _thread_db_pthread_tid[3];
extern const ptrdiff_t __rseq_offset;

/* Offsets in glibc's thread descriptor, which begins at the thread pointer. */
#define OFFSET_TCB 0x00
#define OFFSET_DTV 0x08
#define OFFSET_SELF 0x10
#define OFFSET_COPY_FIRST 0x18 /* multiple_threads … pointer_guard … feature_1 */
#define OFFSET_COPY_END 0x50
#define DESCRIPTOR_SIZE_MAX 0x2000
#define OFFSET_POINTER_GUARD 0x30
#define JUMP_STACK_WORD 6 /* of a jmp_buf; sysdeps/x86_64/jmpbuf-offsets.h */
#define RSEQ_CPU_ID 4
#define RSEQ_NOT_REGISTERED (-2)

#define FSGSBASE_AT_HWCAP2 2u

/* Of a thread's vector, which leads to the storage of each image (dtv_t). */
union entry {
    size_t number; /* [-1] how many follow the generation, [0] the generation */
    struct {
        void *at; /* UNALLOCATED: made at the first access */
        void *to_free;
    } storage;
};

/* In front of a block: where its vector is. */
#define HEAD_SIZE 64
#define ALIGNMENT_MIN 64

static uint64_t first_pointer; /* thread pointer of the process's first thread */

/* A block that ld.so made and on which no thread ever runs: all others are copies of it. To ask
 * ld.so for each would write to its pages in every run, which are then to be restored. */
static struct {
    uint64_t thread_pointer;
    uint64_t below; /* bytes of it under the thread pointer that images use */
    uint64_t room;  /* what ld.so keeps there for images to come, too */
    uint64_t alignment;
} pattern;

static uint64_t *word_at(uint64_t thread_pointer, unsigned offset) {
    return (uint64_t *)(uintptr_t)(thread_pointer + offset);
}

static uint32_t *tid_of(uint64_t thread_pointer) {
    return (uint32_t *)(uintptr_t)(thread_pointer + _thread_db_pthread_tid[2]);
}

const char *tls_check(void) {
    if ((getauxval(AT_HWCAP2) & FSGSBASE_AT_HWCAP2) == 0) {
        return "the kernel or processor does not allow FSGSBASE instructions";
    }
    if (_thread_db_sizeof_pthread > DESCRIPTOR_SIZE_MAX || _thread_db_pthread_tid[0] != 32 ||
        _thread_db_pthread_tid[2] + sizeof(uint32_t) > _thread_db_sizeof_pthread) {
        return "the thread descriptor of this glibc has an unknown shape";
    }
    const uint64_t self = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    if (*word_at(self, OFFSET_TCB) != self || *word_at(self, OFFSET_SELF) != self) {
        return "the thread descriptor does not begin as expected";
    }
    const uint32_t tid = *tid_of(self);
    if ((long)tid != real_call3(SYS_gettid, 0, 0, 0)) {
        return "the thread descriptor has no thread id where expected";
    }
    first_pointer = self;
    return NULL;
}

static union entry *vector_of(uint64_t thread_pointer) {
    return (union entry *)(uintptr_t)*word_at(thread_pointer, OFFSET_DTV);
}

/* How far below the pattern's thread pointer an image's storage begins; 0 = it is elsewhere, or not
 * made before somebody uses it. */
static uint64_t below_of(const union entry *entry) {
    const uint64_t below = pattern.thread_pointer - (uint64_t)(uintptr_t)entry->storage.at;
    return below <= pattern.room ? below : 0;
}

static uint64_t round_up(uint64_t size) {
    return (size + pattern.alignment - 1) & ~(pattern.alignment - 1);
}

bool tls_open(void) {
    ASSERT(first_pointer != 0 && pattern.thread_pointer == 0);
    size_t size;
    size_t alignment;
    _dl_get_tls_static_info(&size, &alignment);
    ASSERT(size >= _thread_db_sizeof_pthread && (alignment & (alignment - 1)) == 0);
    pattern.alignment = alignment < ALIGNMENT_MIN ? ALIGNMENT_MIN : alignment;
    pattern.room = round_up(size - _thread_db_sizeof_pthread);
    pattern.thread_pointer = (uint64_t)(uintptr_t)_dl_allocate_tls(NULL);
    if (pattern.thread_pointer == 0) {
        return false;
    }
    const union entry *vector = vector_of(pattern.thread_pointer);
    for (size_t i = 1; i <= vector[-1].number; i++) {
        const uint64_t below = below_of(&vector[i]);
        pattern.below = below > pattern.below ? below : pattern.below;
    }
    return true;
}

static union entry **head_of(uint64_t thread_pointer) {
    return (union entry **)(uintptr_t)(thread_pointer - pattern.room - HEAD_SIZE);
}

uint64_t tls_block_create(void) {
    ASSERT(pattern.thread_pointer != 0);
    const size_t count = vector_of(pattern.thread_pointer)[-1].number + 2;
    const uint64_t below = round_up(HEAD_SIZE) + pattern.room;
    unsigned char *block =
        aligned_alloc(pattern.alignment, round_up(below + _thread_db_sizeof_pthread));
    union entry *vector = malloc(count * sizeof *vector);
    if (block == NULL || vector == NULL) {
        return 0;
    }
    const uint64_t thread_pointer = (uint64_t)(uintptr_t)block + below;
    *head_of(thread_pointer) = vector + 1;
    return thread_pointer;
}

/* What the pattern's vector says, said of another block. */
static void vector_renew(uint64_t thread_pointer) {
    const union entry *from = vector_of(pattern.thread_pointer);
    union entry *to = *head_of(thread_pointer);
    to[-1] = from[-1];
    to[0] = from[0];
    for (size_t i = 1; i <= from[-1].number; i++) {
        const uint64_t below = below_of(&from[i]);
        to[i] = from[i];
        if (below != 0) {
            to[i].storage.at = (void *)(uintptr_t)(thread_pointer - below);
        }
    }
    *word_at(thread_pointer, OFFSET_DTV) = (uint64_t)(uintptr_t)to;
}

void tls_block_renew(uint64_t thread_pointer, uint32_t tid) {
    ASSERT(thread_pointer != 0);
    memcpy((void *)(uintptr_t)(thread_pointer - pattern.below),
           (const void *)(uintptr_t)(pattern.thread_pointer - pattern.below),
           pattern.below);
    memset(word_at(thread_pointer, 0), 0, _thread_db_sizeof_pthread);
    *word_at(thread_pointer, OFFSET_TCB) = thread_pointer;
    *word_at(thread_pointer, OFFSET_SELF) = thread_pointer;
    vector_renew(thread_pointer);
    memcpy(word_at(thread_pointer, OFFSET_COPY_FIRST),
           word_at(first_pointer, OFFSET_COPY_FIRST),
           OFFSET_COPY_END - OFFSET_COPY_FIRST);
    *tid_of(thread_pointer) = tid;
    if (__rseq_offset > 0) {
        *(int32_t *)(uintptr_t)(thread_pointer + (uint64_t)__rseq_offset + RSEQ_CPU_ID) =
            RSEQ_NOT_REGISTERED;
    }
}

void tls_thread_start(void) {
    __ctype_init();
}

void tls_thread_end(void) {
    __call_tls_dtors();
}

uintptr_t tls_jump_stack(const void *buffer) {
    const uint64_t mangled = ((const uint64_t *)buffer)[JUMP_STACK_WORD];
    const uint64_t guard =
        *word_at((uint64_t)(uintptr_t)__builtin_thread_pointer(), OFFSET_POINTER_GUARD);
    return (mangled >> 17 | mangled << 47) ^ guard;
}
