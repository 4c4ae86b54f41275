#include "tests/modules/flags.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define UNKNOWN 0x40000000       /* a flag that no call has */
#define UNKNOWN_MESSAGE 0x400000 /* the same for messages, where UNKNOWN is MSG_CMSG_CLOEXEC */
#define UNKNOWN_WAIT 0x100
#define NONE 99 /* a command, clock, resource or option that there is not */
#define SIGNAL_NONE 999

/* What programs that are compiled with _FORTIFY_SOURCE call; no header has them. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);
ssize_t __recv_chk(int number, void *bytes, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int number,
                       void *bytes,
                       size_t size,
                       size_t room,
                       int flags,
                       struct sockaddr *address,
                       socklen_t *address_size);

struct walk {
    unsigned wanted, at;
    bool call;
    struct flags_case found;
};

/* True when the case of the walk is to be called. */
static bool next(struct walk *walk, const char *function, const struct flags_answer *expected) {
    if (walk->at++ != walk->wanted) {
        return false;
    }
    walk->found = (struct flags_case){.function = function, .expected = *expected};
    errno = 0;
    return walk->call;
}

static void told(struct walk *walk, long result) {
    walk->found.got = (struct flags_answer){.result = result, .error = errno};
}

#define CASE(function, expected, ...)                                                              \
    do {                                                                                           \
        if (next(walk, #function, &(const struct flags_answer)expected)) {                         \
            told(walk, (long)(__VA_ARGS__));                                                       \
        }                                                                                          \
    } while (0)
#define ESCAPES(words)                                                                             \
    { words, 0, 0 }
#define FAILS(number)                                                                              \
    { NULL, -1, number }
#define RETURNS(value)                                                                             \
    { NULL, value, 0 } /* as pthread functions tell what is wrong */
#define RETURNS_AND_SETS(number)                                                                   \
    { NULL, number, number } /* those that libc makes of a system call */

/* ---- what calls need ---- */

static char bytes[64];
static struct iovec part = {bytes, sizeof bytes};
static struct sockaddr_storage address;
static socklen_t address_size = sizeof address;
static struct stat status;
static const struct timespec soon = {.tv_nsec = 1};
static const struct itimerval interval = {{1, 0}, {1, 0}};
static const struct itimerspec interval_fine = {.it_value = {.tv_nsec = 1}};
static struct itimerval before;
static struct rlimit limit;
static struct rusage usage;
static sigset_t signals;
static stack_t stack = {.ss_sp = bytes, .ss_size = 65536, .ss_flags = UNKNOWN};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static mtx_t mtx;
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
static struct mmsghdr messages = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
static int results;
static char *arguments[] = {NULL};

static int stream(void) {
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? pair[0] : -1;
}

static int listening(void) {
    const int number = socket(AF_INET, SOCK_STREAM, 0);
    listen(number, 1);
    return number;
}

static int counter(void) {
    return eventfd(1, EFD_NONBLOCK);
}

static int poller(void) {
    return epoll_create1(0);
}

static timer_t timer(void) {
    timer_t name = NULL;
    timer_create(CLOCK_MONOTONIC, &(struct sigevent){.sigev_notify = SIGEV_NONE}, &name);
    return name;
}

static int nothing(void *argument) {
    (void)argument;
    return 0;
}

/* Of no flags that libc knows: SA_NODEFER is the bit UNKNOWN. */
static const struct sigaction action = {.sa_flags = 0x1000};

/* ---- cases ---- */

static void sockets(struct walk *walk) {
    CASE(accept4, FAILS(EINVAL), accept4(listening(), NULL, NULL, UNKNOWN));
    CASE(getsockopt,
         ESCAPES("getsockopt() of level 1, option 9999"),
         getsockopt(stream(), SOL_SOCKET, 9999, &results, &address_size));
    CASE(setsockopt,
         ESCAPES("setsockopt() of level 1, option 9999"),
         setsockopt(stream(), SOL_SOCKET, 9999, &results, sizeof results));
    CASE(recv, ESCAPES("recv() with flags 0x400000"), recv(stream(), bytes, 1, UNKNOWN_MESSAGE));
    CASE(recvfrom,
         ESCAPES("recv() with flags 0x400000"),
         recvfrom(stream(), bytes, 1, UNKNOWN_MESSAGE, NULL, NULL));
    CASE(__recv_chk,
         ESCAPES("recv() with flags 0x400000"),
         __recv_chk(stream(), bytes, 1, 1, UNKNOWN_MESSAGE));
    CASE(__recvfrom_chk,
         ESCAPES("recv() with flags 0x400000"),
         __recvfrom_chk(stream(), bytes, 1, 1, UNKNOWN_MESSAGE, NULL, NULL));
    CASE(recvmsg,
         ESCAPES("recv() with flags 0x400000"),
         recvmsg(stream(), &message, UNKNOWN_MESSAGE));
    CASE(recvmmsg,
         ESCAPES("recv() with flags 0x400000"),
         recvmmsg(stream(), &messages, 1, UNKNOWN_MESSAGE, NULL));
    CASE(send, ESCAPES("send() with flags 0x400000"), send(stream(), bytes, 1, UNKNOWN_MESSAGE));
    CASE(sendto,
         ESCAPES("send() with flags 0x400000"),
         sendto(stream(), bytes, 1, UNKNOWN_MESSAGE, NULL, 0));
    CASE(sendmsg,
         ESCAPES("send() with flags 0x400000"),
         sendmsg(stream(), &message, UNKNOWN_MESSAGE));
    CASE(sendmmsg,
         ESCAPES("send() with flags 0x400000"),
         sendmmsg(stream(), &messages, 1, UNKNOWN_MESSAGE));
    CASE(shutdown, FAILS(EINVAL), shutdown(stream(), NONE));
    CASE(socket, ESCAPES("socket() of type"), socket(AF_INET, SOCK_STREAM | UNKNOWN, 0));
    CASE(socketpair,
         ESCAPES("socket() of type"),
         socketpair(AF_UNIX, SOCK_STREAM | UNKNOWN, 0, (int[2]){0, 0}));
    CASE(getaddrinfo,
         RETURNS(EAI_BADFLAGS),
         getaddrinfo("localhost",
                     NULL,
                     &(struct addrinfo){.ai_flags = UNKNOWN},
                     &(struct addrinfo *){NULL}));
    CASE(getnameinfo,
         RETURNS(EAI_BADFLAGS),
         getnameinfo((struct sockaddr *)&address,
                     sizeof address,
                     bytes,
                     sizeof bytes,
                     NULL,
                     0,
                     UNKNOWN));
}

static void descriptors(struct walk *walk) {
    CASE(close_range, FAILS(EINVAL), close_range(100, 200, UNKNOWN));
    CASE(dup3, FAILS(EINVAL), dup3(1, 100, UNKNOWN));
    CASE(epoll_create1, FAILS(EINVAL), epoll_create1(UNKNOWN));
    CASE(epoll_ctl,
         FAILS(EINVAL),
         epoll_ctl(poller(), NONE, counter(), &(struct epoll_event){.events = EPOLLIN}));
    CASE(eventfd, FAILS(EINVAL), eventfd(0, UNKNOWN));
    CASE(fcntl, ESCAPES("fcntl() with command 99"), fcntl(counter(), NONE));
    CASE(fcntl64, ESCAPES("fcntl(F_SETFL) with flags"), fcntl64(counter(), F_SETFL, O_ASYNC));
    CASE(flock, FAILS(EINVAL), flock(counter(), 16));
    CASE(ioctl, ESCAPES("ioctl() with request"), ioctl(counter(), 0x9999, bytes));
    CASE(pipe2, FAILS(EINVAL), pipe2((int[2]){0, 0}, UNKNOWN));
    CASE(preadv2, ESCAPES("preadv2() with flags"), preadv2(counter(), &part, 1, -1, UNKNOWN));
    CASE(preadv64v2, ESCAPES("preadv2() with flags"), preadv64v2(counter(), &part, 1, -1, UNKNOWN));
    CASE(pwritev2, ESCAPES("pwritev2() with flags"), pwritev2(counter(), &part, 1, -1, UNKNOWN));
    CASE(pwritev64v2,
         ESCAPES("pwritev2() with flags"),
         pwritev64v2(counter(), &part, 1, -1, UNKNOWN));
    CASE(signalfd, FAILS(EINVAL), signalfd(-1, &signals, UNKNOWN));
    CASE(splice, ESCAPES("splice()"), splice(stream(), NULL, stream(), NULL, 1, UNKNOWN));
    CASE(timerfd_create, FAILS(EINVAL), timerfd_create(CLOCK_MONOTONIC, UNKNOWN));
    CASE(timerfd_settime,
         FAILS(EINVAL),
         timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), UNKNOWN, &interval_fine, NULL));
}

static void files(struct walk *walk) {
    CASE(access, FAILS(EINVAL), access("/", 0x40));
    CASE(eaccess, RETURNS(0), eaccess("/", 0x40));
    CASE(euidaccess, RETURNS(0), euidaccess("/", 0x40));
    CASE(faccessat, ESCAPES("faccessat() with flags"), faccessat(AT_FDCWD, "/", R_OK, UNKNOWN));
    CASE(copy_file_range, FAILS(EINVAL), copy_file_range(0, NULL, 1, NULL, 1, UNKNOWN));
    CASE(fallocate,
         ESCAPES("fallocate() with mode"),
         fallocate(open("flags", O_RDWR | O_CREAT, 0600), UNKNOWN, 0, 1));
    CASE(fallocate64,
         ESCAPES("fallocate() with mode"),
         fallocate64(open("flags", O_RDWR | O_CREAT, 0600), UNKNOWN, 0, 1));
    CASE(fchmodat, ESCAPES("fchmodat() with flags"), fchmodat(AT_FDCWD, "/", 0700, UNKNOWN));
    CASE(fchownat, FAILS(EINVAL), fchownat(AT_FDCWD, "/", 0, 0, UNKNOWN));
    CASE(fstatat, ESCAPES("fstatat() with flags"), fstatat(AT_FDCWD, "/", &status, UNKNOWN));
    CASE(linkat, FAILS(EINVAL), linkat(AT_FDCWD, "/", AT_FDCWD, "/x", UNKNOWN));
    CASE(lseek, FAILS(EINVAL), lseek(open("/", O_RDONLY), 0, NONE));
    CASE(lseek64, FAILS(EINVAL), lseek64(open("/", O_RDONLY), 0, NONE));
    CASE(mkostemp, ESCAPES("open() with flags"), mkostemp((char[]){"XXXXXX"}, UNKNOWN));
    CASE(mkostemp64, ESCAPES("open() with flags"), mkostemp64((char[]){"XXXXXX"}, UNKNOWN));
    CASE(mkostemps, ESCAPES("open() with flags"), mkostemps((char[]){"XXXXXX"}, 0, UNKNOWN));
    CASE(mkostemps64, ESCAPES("open() with flags"), mkostemps64((char[]){"XXXXXX"}, 0, UNKNOWN));
    CASE(mknod, ESCAPES("making flags, a file of mode 0170000,"), mknod("flags", S_IFMT, 0));
    CASE(mknodat,
         ESCAPES("making flags, a file of mode 0170000,"),
         mknodat(AT_FDCWD, "flags", S_IFMT, 0));
    CASE(open, ESCAPES("open() with flags"), open("/", UNKNOWN));
    CASE(open64, ESCAPES("open() with flags"), open64("/", UNKNOWN));
    CASE(openat, ESCAPES("open() with flags"), openat(AT_FDCWD, "/", UNKNOWN));
    CASE(__open_2, ESCAPES("open() with flags"), __open_2("/", UNKNOWN));
    CASE(__open64_2, ESCAPES("open() with flags"), __open64_2("/", UNKNOWN));
    CASE(__openat_2, ESCAPES("open() with flags"), __openat_2(AT_FDCWD, "/", UNKNOWN));
    CASE(__openat64_2, ESCAPES("open() with flags"), __openat64_2(AT_FDCWD, "/", UNKNOWN));
    CASE(openat64, ESCAPES("open() with flags"), openat64(AT_FDCWD, "/", UNKNOWN));
    CASE(posix_fadvise, RETURNS(EINVAL), posix_fadvise(open("/", O_RDONLY), 0, 0, NONE));
    CASE(posix_fadvise64, RETURNS(EINVAL), posix_fadvise64(open("/", O_RDONLY), 0, 0, NONE));
    CASE(renameat2,
         ESCAPES("renameat2() with flags"),
         renameat2(AT_FDCWD, "flags", AT_FDCWD, "other", UNKNOWN));
    CASE(unlinkat, FAILS(EINVAL), unlinkat(AT_FDCWD, "flags", UNKNOWN));
    CASE(utimensat, FAILS(EINVAL), utimensat(AT_FDCWD, "/", NULL, UNKNOWN));
}

static void memory(struct walk *walk) {
    CASE(dlopen, RETURNS(0), dlopen("libc.so.6", 0));
    /* neither lazy nor now */
    CASE(dlmopen, ESCAPES("dlmopen()"), dlmopen(LM_ID_BASE, "libc.so.6", UNKNOWN));
    CASE(getrandom, ESCAPES("getrandom() with flags"), getrandom(bytes, 1, UNKNOWN));
    CASE(mmap,
         ESCAPES("mmap() with flags"),
         mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | UNKNOWN, -1, 0));
    CASE(mmap64,
         ESCAPES("mmap() with flags"),
         mmap64(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | UNKNOWN, -1, 0));
    CASE(mprotect,
         FAILS(EINVAL),
         mprotect(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096, UNKNOWN));
    CASE(mremap,
         ESCAPES("mremap() with flags"),
         mremap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                4096,
                8192,
                UNKNOWN));
    CASE(syscall, ESCAPES("system call number 9999"), syscall(9999));
    CASE(sysconf, FAILS(EINVAL), sysconf(9999));
}

static void processes(struct walk *walk) {
    CASE(clone, ESCAPES("clone() with flags"), clone(nothing, bytes, UNKNOWN, NULL));
    CASE(getrlimit, FAILS(EINVAL), getrlimit(NONE, &limit));
    CASE(getrlimit64, FAILS(EINVAL), getrlimit64(NONE, (struct rlimit64 *)&limit));
    CASE(getpriority, FAILS(EINVAL), getpriority(NONE, 0));
    CASE(getrusage, FAILS(EINVAL), getrusage(NONE, &usage));
    CASE(posix_spawn,
         ESCAPES("posix_spawn()"),
         posix_spawn(&results, "/bin/true", NULL, NULL, arguments, NULL));
    CASE(posix_spawnp,
         ESCAPES("posix_spawnp()"),
         posix_spawnp(&results, "true", NULL, NULL, arguments, NULL));
    CASE(prlimit, FAILS(EINVAL), prlimit(0, NONE, NULL, &limit));
    CASE(prlimit64, FAILS(EINVAL), prlimit64(0, NONE, NULL, (struct rlimit64 *)&limit));
    CASE(setpriority, FAILS(EINVAL), setpriority(NONE, 0, 0));
    CASE(setrlimit, FAILS(EINVAL), setrlimit(NONE, &limit));
    CASE(setrlimit64, FAILS(EINVAL), setrlimit64(NONE, (struct rlimit64 *)&limit));
    CASE(wait3, FAILS(EINVAL), wait3(&results, UNKNOWN_WAIT, &usage));
    CASE(wait4, FAILS(EINVAL), wait4(-1, &results, UNKNOWN_WAIT, &usage));
    CASE(waitid, FAILS(EINVAL), waitid(P_ALL, 0, &(siginfo_t){0}, UNKNOWN_WAIT | WEXITED));
    CASE(waitpid, FAILS(EINVAL), waitpid(-1, &results, UNKNOWN_WAIT));
}

static void of_signals(struct walk *walk) {
    CASE(kill, FAILS(EINVAL), kill(getpid(), SIGNAL_NONE));
    CASE(killpg, FAILS(EINVAL), killpg(getpgrp(), SIGNAL_NONE));
    CASE(pthread_kill, RETURNS(EINVAL), pthread_kill(pthread_self(), SIGNAL_NONE));
    CASE(pthread_sigmask, RETURNS(EINVAL), pthread_sigmask(NONE, &signals, NULL));
    CASE(pthread_sigqueue,
         RETURNS(EINVAL),
         pthread_sigqueue(pthread_self(), SIGNAL_NONE, (union sigval){0}));
    CASE(raise, FAILS(EINVAL), raise(SIGNAL_NONE));
    CASE(sigaction, ESCAPES("sigaction() with flags"), sigaction(SIGUSR1, &action, NULL));
    CASE(sigaltstack, ESCAPES("sigaltstack() with flags"), sigaltstack(&stack, NULL));
    CASE(signal, FAILS(EINVAL), (long)signal(SIGNAL_NONE, SIG_IGN));
    CASE(sigprocmask, FAILS(EINVAL), sigprocmask(NONE, &signals, NULL));
    CASE(sigqueue, FAILS(EINVAL), sigqueue(getpid(), SIGNAL_NONE, (union sigval){0}));
    CASE(sysv_signal, FAILS(EINVAL), (long)sysv_signal(SIGNAL_NONE, SIG_IGN));
    CASE(tgkill, FAILS(EINVAL), tgkill(getpid(), gettid(), SIGNAL_NONE));
}

static void of_time(struct walk *walk) {
    CASE(clock_getres, FAILS(EINVAL), clock_getres(NONE, NULL));
    CASE(clock_gettime, FAILS(EINVAL), clock_gettime(NONE, &(struct timespec){0}));
    CASE(clock_nanosleep,
         ESCAPES("clock_nanosleep() with flags"),
         clock_nanosleep(CLOCK_MONOTONIC, UNKNOWN, &soon, NULL));
    CASE(clock_settime, FAILS(EINVAL), clock_settime(NONE, &soon));
    CASE(getitimer, ESCAPES("getitimer() of timer 99"), getitimer(NONE, &before));
    CASE(setitimer, ESCAPES("setitimer() of timer 99"), setitimer(NONE, &interval, NULL));
    CASE(timer_create, FAILS(EINVAL), timer_create(NONE, NULL, &(timer_t){NULL}));
    CASE(timer_settime, RETURNS(0), timer_settime(timer(), UNKNOWN, &interval_fine, NULL));
    CASE(timespec_get, RETURNS(0), timespec_get(&(struct timespec){0}, NONE));
}

static void threads(struct walk *walk) {
    CASE(mtx_init, RETURNS(thrd_success), mtx_init(&mtx, NONE));
    CASE(pthread_clockjoin_np,
         RETURNS(EINVAL),
         pthread_clockjoin_np(pthread_self(), NULL, NONE, &soon));
    CASE(pthread_cond_clockwait,
         RETURNS(EINVAL),
         pthread_cond_clockwait(&condition, &mutex, NONE, &soon));
    CASE(pthread_mutex_clocklock, RETURNS(EINVAL), pthread_mutex_clocklock(&mutex, NONE, &soon));
    CASE(pthread_rwlock_clockrdlock,
         RETURNS(EINVAL),
         pthread_rwlock_clockrdlock(&lock, NONE, &soon));
    CASE(pthread_rwlock_clockwrlock,
         RETURNS(EINVAL),
         pthread_rwlock_clockwrlock(&lock, NONE, &soon));
    CASE(pthread_setcancelstate, RETURNS(EINVAL), pthread_setcancelstate(NONE, NULL));
    CASE(pthread_setcanceltype, RETURNS(EINVAL), pthread_setcanceltype(NONE, NULL));
    CASE(pthread_setschedparam,
         RETURNS_AND_SETS(EINVAL),
         pthread_setschedparam(pthread_self(), NONE, &(struct sched_param){0}));
    CASE(sched_get_priority_max, FAILS(EINVAL), sched_get_priority_max(NONE));
    CASE(sched_get_priority_min, FAILS(EINVAL), sched_get_priority_min(NONE));
    CASE(sched_setscheduler, FAILS(EINVAL), sched_setscheduler(0, NONE, &(struct sched_param){0}));
    CASE(sem_clockwait, FAILS(EINVAL), sem_clockwait(&semaphore, NONE, &soon));
    CASE(sem_open, ESCAPES("sem_open() of /flags"), (long)sem_open("/flags", UNKNOWN));
}

struct flags_case flags_case(unsigned number, bool call) {
    struct walk walk = {.wanted = number, .call = call};
    sockets(&walk);
    descriptors(&walk);
    files(&walk);
    memory(&walk);
    processes(&walk);
    of_signals(&walk);
    of_time(&walk);
    threads(&walk);
    return walk.found;
}
