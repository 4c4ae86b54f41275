#include "tools/bench_executor/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: bench_executor [--json] [--instructions] [--only NAME]\n"
    "\n"
    "What an operation of the executor costs beside hand-written loops (limit_NAME) and beside\n"
    "other runtimes (PEER.NAME): CPU time, the least of several repetitions, all in one run.\n"
    "\n"
    "  --json           one object a line: name, value, unit\n"
    "  --instructions   count instructions with callgrind instead: (Ir(2N) - Ir(N)) / N\n"
    "  --only NAME      one benchmark: yield_1, limit_yield_1, tokio.yield_1\n"
    "  --run NAME N     N operations once, unmeasured, for a profiler\n"
    "  --help           this\n";

static bool refuse(int *status, const char *what, const char *value, const char *wanted) {
    fprintf(stderr, "bench_executor: %s \"%s\": %s\n", what, value, wanted);
    *status = REQUEST_USAGE;
    return false;
}

static bool parse_run(int left, char **argv, struct row_request *request) {
    if (left < 3) {
        return false;
    }
    char *end;
    errno = 0;
    request->run = argv[1];
    request->run_count = strtoull(argv[2], &end, 10);
    return argv[2][0] >= '0' && argv[2][0] <= '9' && *end == '\0' && errno == 0 &&
           request->run_count > 0;
}

bool request_parse(int argc, char **argv, struct row_request *request, int *status) {
    *request = (struct row_request){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            *status = 0;
            return false;
        }
        if (strcmp(argv[i], "--json") == 0) {
            request->as_json = true;
        } else if (strcmp(argv[i], "--instructions") == 0) {
            request->instructions = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            request->only = argv[++i];
        } else if (strcmp(argv[i], "--run") == 0) {
            if (!parse_run(argc - i, argv + i, request)) {
                return refuse(status, "flag", argv[i], "give a name and a number of operations");
            }
            i += 2;
        } else if (strcmp(argv[i], "--only") == 0) {
            return refuse(status, "flag", argv[i], "give the name of a benchmark after it");
        } else {
            return refuse(status, "unknown flag", argv[i], "--help lists those there are");
        }
    }
    return true;
}

int request_unknown(const struct row_request *request) {
    int status;
    refuse(&status,
           "no benchmark",
           request->run != NULL ? request->run : request->only,
           "without --only they are all printed");
    return status;
}

int request_serve(int argc, char **argv, const char *prefix, const struct row *rows, size_t count) {
    struct row_request request;
    int status;
    if (!request_parse(argc, argv, &request, &status)) {
        return status;
    }
    const int ran = row_run(rows, count, prefix, &request);
    if (ran < 0) {
        return REQUEST_FAILED;
    }
    return ran == 0 ? request_unknown(&request) : 0;
}
