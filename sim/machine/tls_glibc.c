#include "sim/machine/tls_glibc.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "sim/machine/real.h"
#include "sim/panic.h"

/* GLIBC_PRIVATE: resolved through ld.so's and libc's own symbol tables. */
extern void *_dl_allocate_tls(void *block);
extern void *_dl_allocate_tls_init(void *block, bool main_map);
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

static uint64_t first_pointer; /* thread pointer of the process's first thread */

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

uint64_t tls_block_create(void) {
    ASSERT(first_pointer != 0);
    return (uint64_t)(uintptr_t)_dl_allocate_tls(NULL);
}

void tls_block_renew(uint64_t thread_pointer, uint32_t tid) {
    ASSERT(thread_pointer != 0);
    const uint64_t dtv = *word_at(thread_pointer, OFFSET_DTV);
    memset(word_at(thread_pointer, 0), 0, _thread_db_sizeof_pthread);
    *word_at(thread_pointer, OFFSET_TCB) = thread_pointer;
    *word_at(thread_pointer, OFFSET_DTV) = dtv;
    *word_at(thread_pointer, OFFSET_SELF) = thread_pointer;
    memcpy(word_at(thread_pointer, OFFSET_COPY_FIRST),
           word_at(first_pointer, OFFSET_COPY_FIRST),
           OFFSET_COPY_END - OFFSET_COPY_FIRST);
    *tid_of(thread_pointer) = tid;
    if (__rseq_offset > 0) {
        *(int32_t *)(uintptr_t)(thread_pointer + (uint64_t)__rseq_offset + RSEQ_CPU_ID) =
            RSEQ_NOT_REGISTERED;
    }
    _dl_allocate_tls_init((void *)(uintptr_t)thread_pointer, true);
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
