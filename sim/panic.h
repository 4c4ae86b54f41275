/* Assertions on the simulator's own state: a state that cannot be ends the process.
 *
 * ASSERT is on in every build; it judges only our code, never the code under test (that is a
 * verdict, sim/verdict.h). One fact each.
 *
 * Memory:      none.
 * Errors:      does not return.
 * Threads:     any.
 * Determinism: no effect on a run that passes.
 */
#ifndef SIM_PANIC_H
#define SIM_PANIC_H

/* Called by a failing assertion with a complete line (no newline). Must not return. */
typedef void panic_function(const char *file, int line, const char *what);

/* Replaces what a panic does; NULL restores printing to stderr and abort(). The machine installs
 * its own, since there even write() and abort() are simulated. */
void panic_install(panic_function *function);

_Noreturn void panic(const char *file, int line, const char *what);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            panic(__FILE__, __LINE__, #condition);                                                 \
        }                                                                                          \
    } while (0)

#define UNREACHABLE() panic(__FILE__, __LINE__, "unreachable")

#endif
