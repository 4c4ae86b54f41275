/* The only door to libc and the operating system from inside the simulator.
 *
 * Inside libsim a plain call to write() or pthread_create() would reach our own hooks. What must
 * really happen goes through here: raw system calls, issued from libsim's own text, and the next
 * definition of a libc function.
 *
 * Memory:      none.
 * Errors:      raw calls return -errno and never touch errno.
 * Threads:     any; async-signal-safe but for real_symbol.
 * Determinism: nothing here may decide anything in a run.
 */
#ifndef SIM_MACHINE_REAL_H
#define SIM_MACHINE_REAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#define REAL_DESCRIPTOR_FIRST 1000 /* the host's descriptors lie above what programs see */

static inline long real_call6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long real_call3(long number, long a, long b, long c) {
    return real_call6(number, a, b, c, 0, 0, 0);
}

static inline long real_read(int descriptor, void *bytes, size_t size) {
    return real_call3(SYS_read, descriptor, (long)bytes, (long)size);
}

static inline long real_write(int descriptor, const void *bytes, size_t size) {
    return real_call3(SYS_write, descriptor, (long)bytes, (long)size);
}

/* Private anonymous memory without reservation, at `address` exactly (NULL: anywhere). NULL when
 * it cannot be had. */
void *real_map(void *address, size_t size, int protection);

/* Panics when the kernel refuses. */
void real_protect(void *address, size_t size, int protection);

/* Ends the process at once. */
_Noreturn static inline void real_exit(int status) {
    for (;;) {
        real_call3(SYS_exit_group, status, 0, 0);
    }
}

/* The next definition of a symbol after libsim's own; panics when there is none. `cache` keeps it.
 * Use through REAL(). */
void *real_symbol(void **cache, const char *name);

/* The function that our hook of the same name hides: REAL(read)(descriptor, bytes, size). */
#define REAL(name)                                                                                 \
    (__extension__({                                                                               \
        static void *cache_;                                                                       \
        (__typeof__(&name))real_symbol(&cache_, #name);                                            \
    }))

#endif
