/* How a program ends: exit and its kin, abort, failed assertions. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/machine/guard.h"
#include "sim/machine/hook.h"
#include "sim/machine/process.h"
#include "sim/panic.h"

HOOK _Noreturn void exit(int status) {
    if (!hook_simulated()) {
        REAL(exit)(status);
        UNREACHABLE();
    }
    hook_point(POINT_EXIT, 0, true, HOOK_SITE);
    process_exit(status);
}

HOOK _Noreturn void _exit(int status) {
    if (!hook_simulated()) {
        real_exit(status);
    }
    hook_point(POINT_EXIT, 0, true, HOOK_SITE);
    machine_node_exit(status & 0xff);
}

HOOK _Noreturn void _Exit(int status) {
    _exit(status);
}

HOOK _Noreturn void quick_exit(int status) {
    if (!hook_simulated()) {
        real_exit(status);
    }
    hook_point(POINT_EXIT, 0, true, HOOK_SITE);
    process_quick_exit(status);
}

extern int __cxa_atexit(void (*function)(void *), void *argument, void *image);
extern int __cxa_at_quick_exit(void (*function)(void *), void *image);

HOOK int __cxa_atexit(void (*function)(void *), void *argument, void *image) {
    if (!hook_simulated()) {
        return REAL(__cxa_atexit)(function, argument, image);
    }
    return process_at_exit(PROCESS_EXIT, (void *)function, argument);
}

HOOK int atexit(void (*function)(void)) {
    if (!hook_simulated()) {
        return REAL(__cxa_atexit)((void (*)(void *))function, NULL, NULL);
    }
    return process_at_exit(PROCESS_EXIT, (void *)function, NULL);
}

HOOK int on_exit(void (*function)(int, void *), void *argument) {
    if (!hook_simulated()) {
        return REAL(on_exit)(function, argument);
    }
    return process_at_exit(PROCESS_EXIT_STATUS, (void *)function, argument);
}

HOOK int __cxa_at_quick_exit(void (*function)(void *), void *image) {
    if (!hook_simulated()) {
        return REAL(__cxa_at_quick_exit)(function, image);
    }
    return process_at_exit(PROCESS_QUICK, (void *)function, NULL);
}

HOOK int at_quick_exit(void (*function)(void)) {
    return __cxa_at_quick_exit((void (*)(void *))function, NULL);
}

HOOK _Noreturn void abort(void) {
    if (!hook_simulated()) {
        REAL(abort)();
        UNREACHABLE();
    }
    world_fail(&machine.world, VERDICT_ASSERTION, HOOK_SITE, "abort() was called");
}

/* The bare name: gcc gives `work`, clang gives `void *work(void *)`, and both are the same bug. */
static void bare_name(const char *function, char *name, size_t size) {
    const char *end = function + strcspn(function, "(");
    const char *start = end;
    while (start > function && start[-1] != ' ' && start[-1] != '*' && start[-1] != '&') {
        start--;
    }
    snprintf(name, size, "%.*s", (int)(end - start), start);
}

HOOK _Noreturn void
__assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
    if (!hook_simulated()) {
        REAL(__assert_fail)(assertion, file, line, function);
        UNREACHABLE();
    }
    (void)line; /* lines move; the signature must not */
    (void)file;
    char name[128];
    bare_name(function == NULL ? "?" : function, name, sizeof name);
    world_fail(&machine.world,
               VERDICT_ASSERTION,
               HOOK_SITE,
               "assertion `%s' failed in %s()",
               assertion,
               name);
}

extern _Noreturn void __assert(const char *assertion, const char *file, int line);
extern _Noreturn void __stack_chk_fail(void);
extern _Noreturn void __chk_fail(void);

HOOK _Noreturn void __assert(const char *assertion, const char *file, int line) {
    __assert_fail(assertion, file, (unsigned)line, NULL);
}

HOOK _Noreturn void
__assert_perror_fail(int error, const char *file, unsigned line, const char *function) {
    __assert_fail(strerrordesc_np(error), file, line, function);
}

/* What -fstack-protector and _FORTIFY_SOURCE call when they find an overflow. */
HOOK _Noreturn void __stack_chk_fail(void) {
    guard_crash("stack smashing detected (SIGABRT)", SIGABRT);
}

HOOK _Noreturn void __chk_fail(void) {
    guard_crash("buffer overflow detected (SIGABRT)", SIGABRT);
}
