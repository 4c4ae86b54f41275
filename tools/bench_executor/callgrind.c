#include "tools/bench_executor/callgrind.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: valgrind writes what it has to say to the file descriptor `log`. */
static _Noreturn void become(const char *name, uint64_t count, int log) {
    char program[PATH_MAX] = "";
    char number[24];
    char log_option[32];
    const int null = open("/dev/null", O_WRONLY);
    if (readlink("/proc/self/exe", program, sizeof program - 1) > 0 && null >= 0) {
        snprintf(number, sizeof number, "%" PRIu64, count);
        snprintf(log_option, sizeof log_option, "--log-fd=%d", log);
        dup2(null, STDOUT_FILENO);
        execlp("valgrind",
               "valgrind",
               "--tool=callgrind",
               "--callgrind-out-file=/dev/null",
               log_option,
               program,
               "--run",
               name,
               number,
               (char *)NULL);
    }
    _exit(127);
}

/* Valgrind's last words are "==PID== Collected : 123456". */
static bool read_count(int log, uint64_t *instructions) {
    FILE *file = fdopen(log, "r");
    if (file == NULL) {
        close(log);
        return false;
    }
    char line[512];
    bool found = false;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, "Collected : ");
        if (at != NULL) {
            found = sscanf(at, "Collected : %" SCNu64, instructions) == 1;
        }
    }
    fclose(file);
    return found;
}

bool callgrind_count(const char *name, uint64_t count, uint64_t *instructions) {
    int ends[2];
    if (pipe(ends) != 0) {
        perror("bench_executor: pipe");
        return false;
    }
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        become(name, count, ends[1]);
    }
    close(ends[1]);
    const bool found = read_count(ends[0], instructions);
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || !found) {
        const bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
        fprintf(stderr,
                missing ? "bench_executor: valgrind is missing: install valgrind\n"
                        : "bench_executor: %s cannot run under valgrind\n",
                name);
        return false;
    }
    return true;
}
