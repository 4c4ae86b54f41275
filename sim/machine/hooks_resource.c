/* What a program may use and has used: sysconf, limits, usage, load, terminals. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"

#define NS_PER_S 1000000000u
#define NS_PER_US 1000u
#define TICK_NS 10000000u
#define MEMORY_SIZE (UINT64_C(1) << 30) /* the machine's */
#define PAGE_SIZE 4096
#define LINE_SIZE 64
#define STACK_MAX (8u << 20)
#define SIGNAL_STACK_SIZE 16384
#define PROCESSES_MAX 4096

struct limits {
    struct rlimit files, stack, core, nice, real_time;
};

static struct limits nodes[DESCRIPTION_NODES_MAX + 1];
static struct rlimit unlimited; /* what a limit that cannot be changed shows */

void hooks_resource_node_begin(uint32_t node) {
    nodes[node] = (struct limits){
        .files = {HOOKS_ENVIRONMENT_FILES_MAX, 4 * HOOKS_ENVIRONMENT_FILES_MAX},
        .stack = {STACK_MAX, RLIM_INFINITY},
        .core = {0, RLIM_INFINITY},
    };
}

void hooks_resource_begin(void) {
    unlimited = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    const uint32_t count = machine.world.description->node_count;
    for (uint32_t node = 1; node <= count; node++) {
        hooks_resource_node_begin(node);
    }
}

uint64_t hooks_environment_files_max(void) {
    return nodes[hook_node()].files.rlim_cur;
}

HOOK long sysconf(int name) {
    if (!hook_simulated()) {
        return REAL(sysconf)(name);
    }
    switch (name) {
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
        return HOOKS_ENVIRONMENT_PROCESSORS;
    case _SC_PHYS_PAGES:
    case _SC_AVPHYS_PAGES:
        return (long)(MEMORY_SIZE / PAGE_SIZE);
    case _SC_OPEN_MAX:
        return (long)hooks_environment_files_max();
    case _SC_CHILD_MAX:
        return PROCESSES_MAX;
    case _SC_MINSIGSTKSZ:
    case _SC_SIGSTKSZ:
        return SIGNAL_STACK_SIZE;
    case _SC_LEVEL1_DCACHE_LINESIZE:
    case _SC_LEVEL1_ICACHE_LINESIZE:
    case _SC_LEVEL2_CACHE_LINESIZE:
    case _SC_LEVEL3_CACHE_LINESIZE:
        return LINE_SIZE;
    default: /* constants of libc, but for the processor's caches */
        return name >= _SC_LEVEL1_ICACHE_SIZE && name <= _SC_LEVEL4_CACHE_LINESIZE
                   ? 0
                   : REAL(sysconf)(name);
    }
}

/* ---- limits ---- */

static struct rlimit *limit_of(int resource) {
    struct limits *limits = &nodes[hook_node()];
    switch (resource) {
    case RLIMIT_NOFILE:
        return &limits->files;
    case RLIMIT_STACK:
        return &limits->stack;
    case RLIMIT_CORE:
        return &limits->core;
    case RLIMIT_NICE:
        return &limits->nice;
    case RLIMIT_RTPRIO:
        return &limits->real_time;
    default:
        return &unlimited;
    }
}

static int limit_change(int resource,
                        const struct rlimit *wanted,
                        struct rlimit *before,
                        const char *name,
                        const void *site) {
    if (resource < 0 || resource >= RLIMIT_NLIMITS) {
        return -EINVAL;
    }
    struct rlimit *limit = limit_of(resource);
    if (before != NULL) {
        *before = *limit;
    }
    if (wanted == NULL) {
        return 0;
    }
    if (wanted->rlim_cur > wanted->rlim_max) {
        return -EINVAL;
    }
    if (wanted->rlim_max > limit->rlim_max) {
        return -EPERM;
    }
    if (limit == &unlimited && wanted->rlim_cur != RLIM_INFINITY) {
        hook_escape(site, "%s() of resource %d", name, resource);
    }
    *limit = *wanted;
    return 0;
}

HOOK int getrlimit(__rlimit_resource_t resource, struct rlimit *limit) {
    if (!hook_simulated()) {
        return REAL(getrlimit)(resource, limit);
    }
    return hook_result(limit_change((int)resource, NULL, limit, "getrlimit", HOOK_SITE));
}

HOOK int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
    if (!hook_simulated()) {
        return REAL(setrlimit)(resource, limit);
    }
    return hook_result(limit_change((int)resource, limit, NULL, "setrlimit", HOOK_SITE));
}

HOOK int prlimit(pid_t pid,
                 __rlimit_resource_t resource,
                 const struct rlimit *limit,
                 struct rlimit *before) {
    if (!hook_simulated()) {
        return REAL(prlimit)(pid, resource, limit, before);
    }
    if (pid != 0 && pid != (pid_t)hooks_environment_pid(hook_node())) {
        hook_escape(HOOK_SITE, "prlimit() of process %d", pid);
    }
    return hook_result(limit_change((int)resource, limit, before, "prlimit", HOOK_SITE));
}

/* The 64-bit names: the same layout on this machine. */
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one layout");

HOOK int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit) {
    return getrlimit(resource, (struct rlimit *)limit);
}

HOOK int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit) {
    return setrlimit(resource, (const struct rlimit *)limit);
}

HOOK int prlimit64(pid_t pid,
                   __rlimit_resource_t resource,
                   const struct rlimit64 *limit,
                   struct rlimit64 *before) {
    return prlimit(pid, resource, (const struct rlimit *)limit, (struct rlimit *)before);
}

/* ---- usage: a program's time is virtual time ---- */

HOOK int getrusage(__rusage_who_t who, struct rusage *usage) {
    if (!hook_simulated()) {
        return REAL(getrusage)(who, usage);
    }
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) {
        return hook_result(-EINVAL);
    }
    const uint64_t now = hook_own_ns();
    *usage = (struct rusage){.ru_maxrss = PAGE_SIZE};
    if (who != RUSAGE_CHILDREN) {
        usage->ru_utime.tv_sec = (time_t)(now / NS_PER_S);
        usage->ru_utime.tv_usec = (suseconds_t)(now % NS_PER_S / NS_PER_US);
    }
    return 0;
}

HOOK clock_t times(struct tms *buffer) {
    if (!hook_simulated()) {
        return REAL(times)(buffer);
    }
    const uint64_t now = hook_own_ns();
    if (buffer != NULL) {
        *buffer = (struct tms){.tms_utime = (clock_t)(now / TICK_NS)};
    }
    return (clock_t)((VCLOCK_BOOT_NS + now) / TICK_NS);
}

HOOK int getloadavg(double *loads, int count) {
    if (!hook_simulated()) {
        return REAL(getloadavg)(loads, count);
    }
    const int filled = count < 3 ? count : 3;
    for (int i = 0; i < filled; i++) {
        loads[i] = 0;
    }
    return filled;
}

HOOK int sysinfo(struct sysinfo *info) {
    if (!hook_simulated()) {
        return REAL(sysinfo)(info);
    }
    const uint64_t now = hook_own_ns();
    *info = (struct sysinfo){.uptime = (long)((VCLOCK_BOOT_NS + now) / NS_PER_S),
                             .totalram = MEMORY_SIZE,
                             .freeram = MEMORY_SIZE,
                             .procs = 1,
                             .mem_unit = 1};
    return 0;
}

/* ---- no descriptor is a terminal ---- */

HOOK char *ttyname(int descriptor) {
    if (!hook_simulated()) {
        return REAL(ttyname)(descriptor);
    }
    errno = ENOTTY;
    return NULL;
}

HOOK int ttyname_r(int descriptor, char *name, size_t size) {
    return hook_simulated() ? ENOTTY : REAL(ttyname_r)(descriptor, name, size);
}
