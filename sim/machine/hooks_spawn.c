/* Other processes and other libraries: nothing of it is simulated yet, and each says so. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/machine/hook.h"

HOOK pid_t fork(void) {
    if (!hook_simulated()) {
        return REAL(fork)();
    }
    hook_escape(HOOK_SITE, "fork()");
}

HOOK pid_t _Fork(void) {
    if (!hook_simulated()) {
        return REAL(_Fork)();
    }
    hook_escape(HOOK_SITE, "_Fork()");
}

/* Outside of a run as fork: a function of ours cannot return twice on one stack. */
HOOK pid_t vfork(void) {
    if (!hook_simulated()) {
        return REAL(fork)();
    }
    hook_escape(HOOK_SITE, "vfork()");
}

HOOK int clone(int (*function)(void *), void *stack, int flags, void *argument, ...) {
    (void)function;
    (void)stack;
    (void)argument;
    hook_escape(HOOK_SITE, "clone() with flags %#x", (unsigned)flags);
}

HOOK int execve(const char *path, char *const arguments[], char *const variables[]) {
    if (!hook_simulated()) {
        return REAL(execve)(path, arguments, variables);
    }
    hook_escape(HOOK_SITE, "execve()");
}

HOOK int execv(const char *path, char *const arguments[]) {
    if (!hook_simulated()) {
        return REAL(execv)(path, arguments);
    }
    hook_escape(HOOK_SITE, "execv()");
}

HOOK int execvp(const char *file, char *const arguments[]) {
    if (!hook_simulated()) {
        return REAL(execvp)(file, arguments);
    }
    hook_escape(HOOK_SITE, "execvp()");
}

HOOK int execvpe(const char *file, char *const arguments[], char *const variables[]) {
    if (!hook_simulated()) {
        return REAL(execvpe)(file, arguments, variables);
    }
    hook_escape(HOOK_SITE, "execvpe()");
}

HOOK int posix_spawn(pid_t *pid,
                     const char *path,
                     const posix_spawn_file_actions_t *actions,
                     const posix_spawnattr_t *attributes,
                     char *const arguments[],
                     char *const variables[]) {
    if (!hook_simulated()) {
        return REAL(posix_spawn)(pid, path, actions, attributes, arguments, variables);
    }
    hook_escape(HOOK_SITE, "posix_spawn()");
}

HOOK int posix_spawnp(pid_t *pid,
                      const char *file,
                      const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attributes,
                      char *const arguments[],
                      char *const variables[]) {
    if (!hook_simulated()) {
        return REAL(posix_spawnp)(pid, file, actions, attributes, arguments, variables);
    }
    hook_escape(HOOK_SITE, "posix_spawnp()");
}

HOOK int system(const char *command) {
    if (!hook_simulated()) {
        return REAL(system)(command);
    }
    hook_escape(HOOK_SITE, "system()");
}

HOOK FILE *popen(const char *command, const char *mode) {
    if (!hook_simulated()) {
        return REAL(popen)(command, mode);
    }
    hook_escape(HOOK_SITE, "popen()");
}

HOOK int daemon(int stay, int keep) {
    if (!hook_simulated()) {
        return REAL(daemon)(stay, keep);
    }
    hook_escape(HOOK_SITE, "daemon()");
}

/* ---- there are no children to wait for ---- */

#define WAIT_SELECTION (__WNOTHREAD | __WCLONE | __WALL) /* which children */
#define WAIT_OPTIONS ((int)(WNOHANG | WUNTRACED | WCONTINUED | WAIT_SELECTION))
#define WAITID_EVENTS (WEXITED | WSTOPPED | WCONTINUED)
#define WAITID_OPTIONS ((int)(WNOHANG | WNOWAIT | WAITID_EVENTS | WAIT_SELECTION))

static int wait_result(int options) {
    return hook_result((options & ~WAIT_OPTIONS) != 0 ? -EINVAL : -ECHILD);
}

HOOK pid_t wait(int *status) {
    return hook_simulated() ? wait_result(0) : REAL(wait)(status);
}

HOOK pid_t waitpid(pid_t pid, int *status, int options) {
    return hook_simulated() ? wait_result(options) : REAL(waitpid)(pid, status, options);
}

HOOK int waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
    if (!hook_simulated()) {
        return REAL(waitid)(type, id, info, options);
    }
    const bool known = (options & ~WAITID_OPTIONS) == 0 && (options & WAITID_EVENTS) != 0;
    if (type == P_PIDFD && known) {
        return hook_result(-EBADF); /* there are no descriptors of processes */
    }
    const bool selects = type == P_ALL || ((type == P_PID || type == P_PGID) && (int)id >= 0);
    return hook_result(known && selects ? -ECHILD : -EINVAL);
}

HOOK pid_t wait3(int *status, int options, struct rusage *usage) {
    return hook_simulated() ? wait_result(options) : REAL(wait3)(status, options, usage);
}

HOOK pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage) {
    return hook_simulated() ? wait_result(options) : REAL(wait4)(pid, status, options, usage);
}

/* ---- libraries: what is loaded already may be opened again ---- */

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int is_loaded(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    const char *path = context;
    return strcmp(info->dlpi_name, path) == 0 || strcmp(base_of(info->dlpi_name), path) == 0;
}

HOOK void *dlopen(const char *path, int flags) {
    if (!hook_simulated() || path == NULL) {
        return REAL(dlopen)(path, flags);
    }
    char *wanted = (char *)(uintptr_t)path; /* the walk's context is not const */
    if (dl_iterate_phdr(is_loaded, wanted) != 0) {
        return REAL(dlopen)(path, flags | RTLD_NOLOAD);
    }
    if ((flags & RTLD_NOLOAD) != 0) {
        return NULL; /* without the search that ld.so would make */
    }
    hook_escape(HOOK_SITE, "dlopen() of %s, which is not loaded yet,", path);
}

HOOK void *dlmopen(Lmid_t space, const char *path, int flags) {
    if (!hook_simulated()) {
        return REAL(dlmopen)(space, path, flags);
    }
    hook_escape(HOOK_SITE, "dlmopen()");
}
