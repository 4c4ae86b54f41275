/* What happens when the runtime, or a program's use of it, is in a state that cannot be.
 *
 *   ex_panic("ex/task.c", 12, "join of a task that is being joined")
 *       stderr: executor: ex/task.c:12: join of a task that is being joined
 *       abort()
 *
 * A panic is for programmer errors: the runtime's own (EX_ASSERT on a relation of its state) and
 * its user's (a double join, an object of one thread touched by another). Operating errors (memory,
 * descriptors, cancellation) are negative errno values, never panics.
 *
 * A sentence names the function that was used wrongly, what was wrong, and what to do instead. What
 * cannot be seen without a cost on the paths that every step takes is not looked for: README.md,
 * "Wrong use", says what that is.
 *
 * A build for a small machine (EX_SMALL) has no stderr: what is not installed is not told, and the
 * end is a trap instruction.
 *
 * Memory:  none.
 * Errors:  ex_panic does not return.
 * Threads: any, ex_panic_install before the first scheduler only.
 */
#ifndef EXECUTOR_INCLUDE_EX_PANIC_H
#define EXECUTOR_INCLUDE_EX_PANIC_H

#ifdef __cplusplus
extern "C" {
#endif

#define EX_PUBLIC __attribute__((visibility("default")))

/* Told of a panic before abort(): file, line and a sentence without a newline. It may not return to
 * the runtime, nor use it; when it returns, the process is aborted. */
typedef void ex_panic_function(const char *file, int line, const char *what);

/* Replaces the line on stderr; NULL restores it. */
EX_PUBLIC void ex_panic_install(ex_panic_function *function);

EX_PUBLIC __attribute__((noreturn)) void ex_panic(const char *file, int line, const char *what);

/* On in every build. One fact each. */
#define EX_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            ex_panic(__FILE__, __LINE__, #condition);                                              \
        }                                                                                          \
    } while (0)

/* The same for what a user of the runtime can break; the sentence says what was wrong. */
#define EX_REQUIRE(condition, sentence)                                                            \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            ex_panic(__FILE__, __LINE__, sentence);                                                \
        }                                                                                          \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
