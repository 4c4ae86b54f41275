#include "tools/bench_executor/peer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench_executor/request.h"

struct peer {
    const char *name; /* its benchmarks are NAME.benchmark */
    const char *packages;
};

static const struct peer peers[] = {
    {"libuv", "libuv1-dev"},
    {"boost_context", "libboost-context-dev"},
    {"boost_fiber", "libboost-fiber-dev"},
    {"cpp20", "g++"},
    {"rust", "cargo"},
    {"tokio", "librust-tokio-dev cargo"},
    {"smol", "librust-smol-dev cargo"},
};

static bool is_for(const struct row_request *request, const struct peer *peer) {
    const char *wanted = request->run != NULL ? request->run : request->only;
    const size_t length = strlen(peer->name);
    return wanted == NULL || (strncmp(wanted, peer->name, length) == 0 &&
                              (wanted[length] == '.' || wanted[length] == '\0'));
}

static void find(const struct peer *peer, char path[PATH_MAX]) {
    char self[PATH_MAX / 2] = "";
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = length < 0 ? NULL : strrchr(self, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    snprintf(path, PATH_MAX, "%s/bench_peers/bench_peer_%s", self, peer->name);
}

/* Returns its exit code. */
static int run(const char *path, char **argv) {
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        execv(path, argv);
        _exit(REQUEST_FAILED);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        fprintf(stderr, "bench_executor: %s did not end by itself\n", path);
        return REQUEST_FAILED;
    }
    return WEXITSTATUS(status);
}

unsigned peer_run(const struct row_request *request, char **argv, int *status) {
    unsigned count = 0;
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        const struct peer *peer = &peers[i];
        if (!is_for(request, peer)) {
            continue;
        }
        count++;
        char path[PATH_MAX];
        find(peer, path);
        int code = 0;
        if (access(path, X_OK) == 0) {
            code = run(path, argv);
        } else {
            fprintf(stderr,
                    "skipped: %s (needs %s; then build the target bench_peers)\n",
                    peer->name,
                    peer->packages);
            code = request->run != NULL || request->only != NULL ? REQUEST_NOTHING : 0;
        }
        *status = code != 0 ? code : *status;
    }
    return count;
}
