/* Who and where a program is: ids, names, processors. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"

#define TID_BASE 1000u /* as in the thread descriptors of back_fiber.c */
#define PID_PARENT 1
#define USER_ID 1000
#define UMASK_START 022

static mode_t umasks[DESCRIPTION_NODES_MAX + 1];

/* libc's own name of the process, which error() prints. One for all nodes, since they share libc;
 * it must not be how the worker was started. */
static char process_name[sizeof((struct description *)NULL)->name];

void hooks_identity_open(void) {
    program_invocation_name = process_name;
    program_invocation_short_name = process_name;
}

void hooks_identity_begin(void) {
    memcpy(process_name, machine.world.description->name, sizeof process_name);
    const uint32_t count = machine.world.description->node_count;
    for (uint32_t node = 1; node <= count; node++) {
        umasks[node] = UMASK_START;
    }
}

void hooks_identity_node_begin(uint32_t node) {
    umasks[node] = UMASK_START;
}

uint32_t hooks_environment_tid(uint32_t thread) {
    return TID_BASE + thread;
}

uint32_t hooks_environment_pid(uint32_t node) {
    return TID_BASE + machine.world.nodes[node].main;
}

static uint32_t self(void) {
    return schedule_running(hook_schedule())->id;
}

uint32_t hooks_environment_thread(int32_t tid) {
    if (tid == 0) {
        return self();
    }
    const uint32_t id = (uint32_t)tid - TID_BASE;
    if (!threads_known(&machine.world.threads, id)) {
        return 0;
    }
    const struct thread *thread = threads_at(&machine.world.threads, id);
    const bool stays = thread->state == THREAD_ALIVE || thread->main;
    return stays && thread->node == hook_node() ? id : 0;
}

HOOK pid_t getpid(void) {
    return hook_simulated() ? (pid_t)hooks_environment_pid(hook_node())
                            : (pid_t)real_call3(SYS_getpid, 0, 0, 0);
}

HOOK pid_t getppid(void) {
    return hook_simulated() ? PID_PARENT : (pid_t)real_call3(SYS_getppid, 0, 0, 0);
}

HOOK pid_t gettid(void) {
    return hook_simulated() ? (pid_t)hooks_environment_tid(self())
                            : (pid_t)real_call3(SYS_gettid, 0, 0, 0);
}

HOOK pid_t getpgrp(void) {
    return hook_simulated() ? (pid_t)hooks_environment_pid(hook_node()) : REAL(getpgrp)();
}

static pid_t group_of(pid_t pid, const char *name, const void *site) {
    const pid_t own = (pid_t)hooks_environment_pid(hook_node());
    if (pid != 0 && pid != own) {
        hook_escape(site, "%s() of process %d", name, pid);
    }
    return own;
}

HOOK pid_t getpgid(pid_t pid) {
    return hook_simulated() ? group_of(pid, "getpgid", HOOK_SITE) : REAL(getpgid)(pid);
}

HOOK pid_t getsid(pid_t pid) {
    return hook_simulated() ? group_of(pid, "getsid", HOOK_SITE) : REAL(getsid)(pid);
}

HOOK uid_t getuid(void) {
    return hook_simulated() ? USER_ID : REAL(getuid)();
}

HOOK uid_t geteuid(void) {
    return hook_simulated() ? USER_ID : REAL(geteuid)();
}

HOOK gid_t getgid(void) {
    return hook_simulated() ? USER_ID : REAL(getgid)();
}

HOOK gid_t getegid(void) {
    return hook_simulated() ? USER_ID : REAL(getegid)();
}

/* ---- names ---- */

static const char *node_name(void) {
    return machine.world.description->nodes[hook_node()].name;
}

HOOK int uname(struct utsname *name) {
    if (!hook_simulated()) {
        return REAL(uname)(name);
    }
    memset(name, 0, sizeof *name);
    snprintf(name->sysname, sizeof name->sysname, "Linux");
    snprintf(name->nodename, sizeof name->nodename, "%s", node_name());
    snprintf(name->release, sizeof name->release, "6.1.0-sim");
    snprintf(name->version, sizeof name->version, "#1 SMP");
    snprintf(name->machine, sizeof name->machine, "x86_64");
    snprintf(name->domainname, sizeof name->domainname, "(none)");
    return 0;
}

HOOK int gethostname(char *name, size_t size) {
    if (!hook_simulated()) {
        return REAL(gethostname)(name, size);
    }
    const size_t needed = strlen(node_name()) + 1;
    memcpy(name, node_name(), needed < size ? needed : size);
    return needed <= size ? 0 : hook_result(-ENAMETOOLONG);
}

HOOK int getdomainname(char *name, size_t size) {
    if (!hook_simulated()) {
        return REAL(getdomainname)(name, size);
    }
    snprintf(name, size, "(none)");
    return 0;
}

HOOK long gethostid(void) {
    return hook_simulated() ? (long)hook_node() : REAL(gethostid)();
}

uint32_t hooks_environment_mask(void) {
    return umasks[hook_node()];
}

HOOK mode_t umask(mode_t mask) {
    if (!hook_simulated()) {
        return REAL(umask)(mask);
    }
    const mode_t before = umasks[hook_node()];
    umasks[hook_node()] = mask & 0777;
    return before;
}

/* ---- processors ---- */

#define PROCESSORS_ALL ((UINT64_C(1) << HOOKS_ENVIRONMENT_PROCESSORS) - 1)

HOOK int sched_getcpu(void) {
    return hook_simulated() ? 0 : REAL(sched_getcpu)();
}

HOOK int get_nprocs(void) {
    return hook_simulated() ? HOOKS_ENVIRONMENT_PROCESSORS : REAL(get_nprocs)();
}

HOOK int get_nprocs_conf(void) {
    return hook_simulated() ? HOOKS_ENVIRONMENT_PROCESSORS : REAL(get_nprocs_conf)();
}

uint64_t hooks_environment_processors(const void *set, size_t size) {
    uint64_t processors = 0;
    memcpy(&processors, set, size < sizeof processors ? size : sizeof processors);
    return processors & PROCESSORS_ALL;
}

static int affinity_get(uint32_t thread, size_t size, cpu_set_t *set) {
    if (thread == 0) {
        return ESRCH;
    }
    if (size < sizeof(uint64_t)) {
        return EINVAL;
    }
    const uint64_t set_to = threads_at(&machine.world.threads, thread)->processors;
    const uint64_t processors = set_to != 0 ? set_to : PROCESSORS_ALL;
    memset(set, 0, size);
    memcpy(set, &processors, sizeof processors);
    return 0;
}

static int affinity_set(uint32_t thread, size_t size, const cpu_set_t *set) {
    if (thread == 0) {
        return ESRCH;
    }
    const uint64_t processors = hooks_environment_processors(set, size);
    if (processors == 0) {
        return EINVAL;
    }
    threads_at(&machine.world.threads, thread)->processors = processors;
    return 0;
}

HOOK int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
    return hook_simulated() ? hook_result(-affinity_get(hooks_environment_thread(pid), size, set))
                            : REAL(sched_getaffinity)(pid, size, set);
}

HOOK int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set) {
    return hook_simulated() ? hook_result(-affinity_set(hooks_environment_thread(pid), size, set))
                            : REAL(sched_setaffinity)(pid, size, set);
}

HOOK int pthread_getaffinity_np(pthread_t handle, size_t size, cpu_set_t *set) {
    return hook_simulated() ? affinity_get(hook_thread(handle), size, set)
                            : REAL(pthread_getaffinity_np)(handle, size, set);
}

HOOK int pthread_setaffinity_np(pthread_t handle, size_t size, const cpu_set_t *set) {
    return hook_simulated() ? affinity_set(hook_thread(handle), size, set)
                            : REAL(pthread_setaffinity_np)(handle, size, set);
}
