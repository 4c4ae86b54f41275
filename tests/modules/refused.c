/* Asks for one thing that is not simulated. WHAT says which; `refused_words` what the run must
 * then say. */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define UNKNOWN 0x40000000 /* a flag that no call has */

static char bytes[8];
static const int one = 1;
static const struct timespec second = {1, 0};
static const struct sched_param priority = {.sched_priority = 1};
static const struct itimerval interval = {{1, 0}, {1, 0}};
static const struct rlimit limit = {1, 1};
static struct sigaction action = {.sa_flags = 0x1000};
static const struct addrinfo hints = {.ai_flags = AI_IDN};
static struct addrinfo *results;
static struct sigevent event = {.sigev_notify = SIGEV_THREAD};
static stack_t stack = {.ss_sp = bytes, .ss_size = 65536, .ss_flags = UNKNOWN};

#define GETRANDOM (void)!getrandom(bytes, sizeof bytes, UNKNOWN)
#define CLOCK_NANOSLEEP clock_nanosleep(CLOCK_MONOTONIC, UNKNOWN, &second, NULL)
#define SIGACTION sigaction(SIGUSR1, &action, NULL)
#define SIGALTSTACK sigaltstack(&stack, NULL)
#define SETITIMER setitimer(ITIMER_PROF, &interval, NULL)
#define SETRLIMIT setrlimit(RLIMIT_AS, &limit)
#define MMAP mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | UNKNOWN, -1, 0)
#define MMAP_FIXED                                                                                 \
    mmap((void *)0x10000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
#define MUNMAP munmap((void *)((uintptr_t)bytes & ~(uintptr_t)4095), 4096)
#define MPROTECT mprotect((void *)((uintptr_t)bytes & ~(uintptr_t)4095), 4096, PROT_READ)
#define MREMAP (void)mremap((void *)0x10000, 4096, 8192, MREMAP_DONTUNMAP)
#define SBRK sbrk(4096)
#define FORK fork()
#define VFORK (void)vfork()
#define EXEC execl("/bin/true", "true", NULL)
#define SYSTEM (void)!system("true")
#define POPEN popen("true", "r")
#define DLOPEN dlopen("libcheck.so.0", RTLD_NOW)
#define KILL_ALL kill(-1, SIGTERM)
#define STOP raise(SIGTSTP)
#define CREDENTIALS send_control(AF_UNIX, SCM_CREDENTIALS)
#define CONTROL send_control(AF_INET, SCM_RIGHTS)
#define UNSENT ioctl(socket(AF_UNIX, SOCK_STREAM, 0), TIOCOUTQ, bytes)
#define STAMPS                                                                                     \
    setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_TIMESTAMP, &one, sizeof one)
#define SERVICES getservent()
#define TIMER_THREAD timer_create(CLOCK_MONOTONIC, &event, (timer_t *)bytes)
#define TIMER_CLOCK timer_create(CLOCK_PROCESS_CPUTIME_ID, NULL, (timer_t *)bytes)
#define SYSCALL_UNKNOWN syscall(499)
#define SYSCALL_CLONE syscall(SYS_clone3, 0, 0)
#define CANCEL pthread_cancel(pthread_self())
#define FUTEX_PI syscall(SYS_futex, bytes, FUTEX_LOCK_PI, 0, NULL, NULL, 0)
#define MEMBARRIER syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0)
#define SYSCALL_PRCTL syscall(SYS_prctl, PR_SET_SECCOMP, 1)
#define MKFIFO mkfifo("pipe", 0600)
#define OPEN_DIRECT open("plain", O_CREAT | O_RDWR | O_DIRECT, 0600)
#define RENAME_EXCHANGED renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE)
#define LOCK_OPEN_FILE                                                                             \
    fcntl(open("plain", O_CREAT | O_RDWR, 0600), F_OFD_SETLK, &(struct flock){.l_type = F_WRLCK})
#define FLOCK_WAITS                                                                                \
    flock(open("plain", O_CREAT | O_RDWR, 0600), LOCK_EX);                                         \
    flock(open("plain", O_RDWR), LOCK_EX)
#define SPLICE splice(open("plain", O_CREAT | O_RDWR, 0600), NULL, 1, NULL, 1, 0)
#define GETADDRINFO getaddrinfo("localhost", NULL, &hints, &results)
#define GETNAMEINFO getnameinfo(NULL, 0, NULL, 0, NULL, 0, NI_IDN)
#define GETHOSTBYNAME2 (void)gethostbyname2("localhost", AF_UNIX)

static void send_control(int domain, int type) {
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control = {.head = {CMSG_LEN(sizeof(struct ucred)), SOL_SOCKET, type}};
    const struct msghdr header = {.msg_control = &control, .msg_controllen = sizeof control};
    sendmsg(socket(domain, SOCK_DGRAM, 0), &header, 0);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    (void)second;
    (void)priority;
    (void)interval;
    (void)limit;
    (void)action;
    (void)stack;
    (void)event;
    (void)one;
    (void)send_control;
    (void)hints;
    (void)results;
    WHAT;
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
