/* What programs do with files beyond single calls: streams, temporary files, names of sockets. Two
 * nodes do the same at the same paths, and neither sees the other's files. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define EPOCH 1767225600 /* 2026: when a run begins */

static void streams(const char *who) {
    char line[80];
    FILE *file = fopen("log", "wx");
    assert(file != NULL && fprintf(file, "%s: %d\n", who, 1) > 0 && fclose(file) == 0);
    assert(fopen("log", "wx") == NULL && errno == EEXIST);
    file = fopen("log", "a+");
    assert(file != NULL && fputs("two\n", file) >= 0);
    rewind(file);
    assert(fgets(line, sizeof line, file) != NULL && strncmp(line, who, strlen(who)) == 0);
    assert(fgets(line, sizeof line, file) != NULL && strcmp(line, "two\n") == 0);
    assert(ftell(file) == (long)strlen(who) + 8 && fclose(file) == 0);
    file = fopen("log", "r+");
    assert(file != NULL && fseek(file, -4, SEEK_END) == 0 && fputs("TWO\n", file) >= 0);
    file = freopen("log.old", "w", file);
    assert(file != NULL && fclose(file) == 0);
    assert(rename("log", "log.old") == 0 && access("log", F_OK) == -1 && errno == ENOENT);
    file = fopen("log.old", "r");
    assert(file != NULL && fgets(line, sizeof line, file) != NULL);
    assert(fgets(line, sizeof line, file) != NULL && strcmp(line, "TWO\n") == 0);
    assert(fclose(file) == 0 && remove("log.old") == 0);
    errno = ENOENT;
    perror(who);
}

static void ends(void) {
    int numbers[2];
    char line[20];
    assert(pipe(numbers) == 0);
    FILE *in = fdopen(numbers[0], "r");
    FILE *out = fdopen(numbers[1], "w");
    assert(fprintf(out, "through a pipe\n") == 15 && fclose(out) == 0);
    assert(fgets(line, sizeof line, in) != NULL && strcmp(line, "through a pipe\n") == 0);
    assert(fgets(line, sizeof line, in) == NULL && feof(in) && fclose(in) == 0);
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, numbers) == 0);
    in = fdopen(numbers[0], "r+");
    out = fdopen(numbers[1], "r+");
    assert(fputs("hello\n", out) >= 0 && fflush(out) == 0);
    assert(fgets(line, sizeof line, in) != NULL && strcmp(line, "hello\n") == 0);
    assert(fclose(in) == 0 && fclose(out) == 0);
}

static void temporary(const char *who) {
    char name[] = "/tmp/one-XXXXXX";
    char folder[] = "/tmp/two-XXXXXX";
    char text[8] = "";
    struct stat status;
    const int number = mkstemp(name);
    assert(number >= 0 && fstat(number, &status) == 0 && status.st_size == 0);
    assert(status.st_mode == (S_IFREG | 0600) && status.st_nlink == 1 && close(number) == 0);
    assert(mkdtemp(folder) == folder && stat(folder, &status) == 0);
    assert(status.st_mode == (S_IFDIR | 0700));
    FILE *file = tmpfile();
    assert(file != NULL && fwrite("gone", 1, 4, file) == 4);
    rewind(file);
    assert(fread(text, 1, 4, file) == 4 && strcmp(text, "gone") == 0);
    assert(fstat(fileno(file), &status) == 0 && status.st_nlink == 0 && fclose(file) == 0);
    printf("%s %s %s %lu\n", who, name, folder, (unsigned long)status.st_ino);
    assert(unlink(name) == 0 && rmdir(folder) == 0);
}

static void times(void) {
    struct stat status;
    const int number = open("dated", O_CREAT | O_RDWR, 0666);
    assert(fstat(number, &status) == 0 && status.st_mtim.tv_sec == EPOCH);
    assert(status.st_mode == (S_IFREG | 0644));
    usleep(2500000);
    assert(write(number, "x", 1) == 1 && fstat(number, &status) == 0);
    assert(status.st_mtim.tv_sec == EPOCH + 2 && status.st_atim.tv_sec == EPOCH);
    const struct timespec set[2] = {{5, 6}, {7, 8}};
    assert(futimens(number, set) == 0 && stat("dated", &status) == 0);
    assert(status.st_atim.tv_nsec == 6 && status.st_mtim.tv_sec == 7);
    assert(stat("/etc/passwd", &status) == 0 && status.st_mtim.tv_sec == EPOCH);
    assert(close(number) == 0);
}

static struct sockaddr_un named(const char *path) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    strcpy(un.sun_path, path);
    return un;
}

static int reach(const char *path) {
    const struct sockaddr_un un = named(path);
    const int number = socket(AF_UNIX, SOCK_STREAM, 0);
    const int result = connect(number, (const struct sockaddr *)&un, sizeof un);
    const int error = errno;
    close(number);
    errno = error;
    return result;
}

static void sockets(void) {
    const struct sockaddr_un un = named("door");
    struct stat status;
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    const int second = socket(AF_UNIX, SOCK_DGRAM, 0);
    const struct sockaddr_un away = named("nowhere/door");
    assert(bind(listener, (const struct sockaddr *)&away, sizeof away) == -1 && errno == ENOENT);
    assert(bind(listener, (const struct sockaddr *)&un, sizeof un) == 0);
    assert(stat("door", &status) == 0 && S_ISSOCK(status.st_mode));
    assert(open("door", O_RDONLY) == -1 && errno == ENXIO);
    assert(reach("door") == -1 && errno == ECONNREFUSED && listen(listener, 5) == 0);
    assert(reach("door") == 0 && reach("/home/sim/./door") == 0);
    assert(reach("dated") == -1 && errno == ECONNREFUSED);
    assert(bind(second, (const struct sockaddr *)&un, sizeof un) == -1 && errno == EADDRINUSE);
    assert(rename("door", "gate") == 0 && reach("gate") == 0);
    assert(reach("door") == -1 && errno == ENOENT);
    assert(unlink("gate") == 0 && reach("gate") == -1 && errno == ENOENT);
    assert(bind(second, (const struct sockaddr *)&un, sizeof un) == 0);
    assert(sendto(listener, "x", 1, 0, NULL, 0) == -1);
    const int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    const struct sockaddr_un full = named("/home/sim/door");
    char byte = 0;
    assert(sendto(sender, "y", 1, 0, (const struct sockaddr *)&full, sizeof full) == 1);
    assert(recv(second, &byte, 1, 0) == 1 && byte == 'y');
    assert(close(listener) == 0 && close(sender) == 0 && close(second) == 0);
    assert(unlink("door") == 0);
}

static void host(void) {
    char line[200];
    FILE *file = fopen("/etc/passwd", "a+");
    assert(file != NULL && fputs("a line of the run\n", file) >= 0 && fclose(file) == 0);
    file = fopen("/etc/passwd", "r");
    unsigned lines = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        lines++;
    }
    assert(lines > 1 && strcmp(line, "a line of the run\n") == 0 && fclose(file) == 0);
    assert(rename("/etc", "/other") == 0 && access("/etc/passwd", F_OK) == -1);
    assert(access("/other/passwd", W_OK) == 0 && access("/proc/self", F_OK) == -1);
    DIR *folder = opendir("/dev");
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        printf("%s ", entry->d_name);
    }
    printf("\n");
    assert(closedir(folder) == 0);
}

static void mapped(void) {
    const int number = open("mapped", O_CREAT | O_RDWR, 0600);
    char text[6] = "";
    assert(ftruncate(number, 10000) == 0);
    char *memory = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
    assert(memory != MAP_FAILED && pwrite(number, "from", 4, 5000) == 4);
    assert(memcmp(memory + 5000, "from", 4) == 0);
    memcpy(memory + 5004, "to", 2);
    assert(msync(memory, 10000, MS_SYNC) == 0 && pread(number, text, 6, 5000) == 6);
    assert(memcmp(text, "fromto", 6) == 0 && munmap(memory, 10000) == 0 && fsync(number) == 0 &&
           close(number) == 0);
}

int program(int argc, char **argv) {
    (void)argc;
    assert(access("log", F_OK) == -1 && access("dated", F_OK) == -1);
    streams(argv[0]);
    ends();
    temporary(argv[0]);
    times();
    sockets();
    mapped();
    host();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "first", "program", NULL);
    sim_node(world, "second", "program", NULL);
}
