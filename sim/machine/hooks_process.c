/* How a program ends: exit and its kin, abort, failed assertions. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
    _exit(status);
}

/* The signature of `function` is void (void *) here and void (int, void *) for on_exit; both take
 * no more than two integer arguments, which the calling convention passes in registers. */
extern int __cxa_atexit(void (*function)(void *), void *argument, void *image);

HOOK int __cxa_atexit(void (*function)(void *), void *argument, void *image) {
    if (!hook_simulated()) {
        return REAL(__cxa_atexit)(function, argument, image);
    }
    return process_at_exit(function, argument);
}

HOOK int atexit(void (*function)(void)) {
    if (!hook_simulated()) {
        return REAL(__cxa_atexit)((void (*)(void *))function, NULL, NULL);
    }
    return process_at_exit((void (*)(void *))function, NULL);
}

HOOK _Noreturn void abort(void) {
    if (!hook_simulated()) {
        REAL(abort)();
        UNREACHABLE();
    }
    world_fail(&machine.world, VERDICT_ASSERTION, HOOK_SITE, "abort() was called");
}

HOOK _Noreturn void
__assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
    if (!hook_simulated()) {
        REAL(__assert_fail)(assertion, file, line, function);
        UNREACHABLE();
    }
    (void)line; /* lines move; the signature must not */
    (void)file;
    world_fail(&machine.world,
               VERDICT_ASSERTION,
               HOOK_SITE,
               "assertion `%s' failed in %s()",
               assertion,
               function == NULL ? "?" : function);
}
