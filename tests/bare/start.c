/* All that executor/examples/small.c has below it on a machine without a libc: a place to start at,
 * a line to print to, and the two functions that compilers call by themselves. For Linux, of which
 * it uses two system calls. */
#include <stddef.h>

int main(void);
int puts(const char *text);
void *memcpy(void *target, const void *source, size_t size);
void *memset(void *target, int byte, size_t size);
void start(void) __attribute__((noreturn, used));

static long call(long number, long first, const void *second, size_t third) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register const void *x1 __asm__("x1") = second;
    register size_t x2 __asm__("x2") = third;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#endif
}

#if defined(__x86_64__)
enum { CALL_WRITE = 1, CALL_EXIT = 60 };
__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call start\n");
#else
enum { CALL_WRITE = 64, CALL_EXIT = 93 };
__asm__(".globl _start\n_start: bl start\n");
#endif

int puts(const char *text) {
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
    }
    call(CALL_WRITE, 1, text, length);
    return (int)call(CALL_WRITE, 1, "\n", 1);
}

/* Volatile, or the compiler would see memcpy in it, and call that. */
void *memcpy(void *target, const void *source, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((volatile char *)target)[i] = ((const char *)source)[i];
    }
    return target;
}

void *memset(void *target, int byte, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((volatile char *)target)[i] = (char)byte;
    }
    return target;
}

void start(void) {
    call(CALL_EXIT, main(), NULL, 0);
    __builtin_unreachable();
}
