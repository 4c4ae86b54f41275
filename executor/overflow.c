#include "executor/overflow.h"

#include <errno.h>
#include <ex/panic.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define DIGITS_MAX 20 /* of a 64-bit number */

_Thread_local const struct ex_stack *ex_overflow_stack;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction before; /* what handled SIGSEGV before; written once */
static pthread_key_t key;       /* a thread's alternate stack, if it is ours */
static bool has_key;            /* false: this process has none left */

static char *append(char *at, const char *text) {
    const size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

static char *append_number(char *at, uint64_t number) {
    char digits[DIGITS_MAX];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

/* Without printf: the fiber may have overflowed anywhere in libc. */
__attribute__((noreturn)) static void tell(const struct ex_stack *stack) {
    char sentence[128];
    char *at = append(sentence, "fiber ");
    at = append_number(at, stack->number);
    at = append(at, " overflowed its stack of ");
    at = append_number(at, stack->pool->size);
    at = append(at, " bytes");
    *at = '\0';
    ex_panic(__FILE__, __LINE__, sentence);
}

static void pass_on(int number, siginfo_t *info, void *context) {
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(number, info, context);
        return;
    }
    const bool is_fault = info->si_code > 0;
    if (before.sa_handler == SIG_IGN && !is_fault) {
        return;
    }
    if (before.sa_handler != SIG_IGN && before.sa_handler != SIG_DFL) {
        before.sa_handler(number);
        return;
    }
    struct sigaction plain;
    memset(&plain, 0, sizeof plain);
    plain.sa_handler = SIG_DFL;
    sigaction(number, &plain, NULL);
    if (!is_fault) {
        pthread_kill(pthread_self(), number); /* a fault comes again by itself */
    }
}

static void on_fault(int number, siginfo_t *info, void *context) {
    const struct ex_stack *stack = ex_overflow_stack;
    if (stack != NULL && info->si_code > 0) {
        const uintptr_t below = (uintptr_t)stack->low - (uintptr_t)info->si_addr;
        if (below != 0 && below <= stack->pool->guard_size) {
            tell(stack);
        }
    }
    const int error = errno;
    pass_on(number, info, context);
    errno = error;
}

/* The thread ends: its alternate stack goes, unless somebody put another in its place. */
static void take_back(void *memory) {
    stack_t stack;
    int result = sigaltstack(NULL, &stack);
    EX_ASSERT(result == 0);
    if (stack.ss_sp == memory) {
        stack = (stack_t){.ss_flags = SS_DISABLE, .ss_size = EX_OVERFLOW_STACK_SIZE};
        result = sigaltstack(&stack, NULL);
        EX_ASSERT(result == 0);
    }
    result = munmap(memory, EX_OVERFLOW_STACK_SIZE);
    EX_ASSERT(result == 0);
}

static void install(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    /* Its mask and whether it may be interrupted by itself are
     * those that the one before asked for. */
    int result = sigaction(SIGSEGV, NULL, &before);
    EX_ASSERT(result == 0);
    action.sa_mask = before.sa_mask;
    action.sa_flags |= before.sa_flags & SA_NODEFER;
    result = sigaction(SIGSEGV, &action, NULL);
    EX_ASSERT(result == 0);
    has_key = pthread_key_create(&key, take_back) == 0;
}

static int give_alternate_stack(void) {
    stack_t stack;
    int result = sigaltstack(NULL, &stack);
    EX_ASSERT(result == 0);
    if ((stack.ss_flags & SS_DISABLE) == 0) {
        return 0;
    }
    void *memory = mmap(NULL,
                        EX_OVERFLOW_STACK_SIZE,
                        PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
                        -1,
                        0);
    if (memory == MAP_FAILED) {
        return -ENOMEM;
    }
    if (!has_key || pthread_setspecific(key, memory) != 0) {
        munmap(memory, EX_OVERFLOW_STACK_SIZE);
        return -ENOMEM;
    }
    stack = (stack_t){.ss_sp = memory, .ss_size = EX_OVERFLOW_STACK_SIZE};
    result = sigaltstack(&stack, NULL);
    EX_ASSERT(result == 0);
    return 0;
}

int ex_overflow_watch(void) {
    static _Thread_local bool is_watching;
    if (is_watching) {
        return 0;
    }
    const int status = pthread_once(&once, install);
    EX_ASSERT(status == 0);
    const int result = give_alternate_stack();
    is_watching = result == 0;
    return result;
}
