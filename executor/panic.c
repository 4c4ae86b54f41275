#include <ex/panic.h>

#include <stdio.h>
#include <stdlib.h>

static ex_panic_function *installed;

void ex_panic_install(ex_panic_function *function) {
    installed = function;
}

void ex_panic(const char *file, int line, const char *what) {
    if (installed != NULL) {
        installed(file, line, what);
    } else {
        fprintf(stderr, "executor: %s:%d: %s\n", file, line, what);
    }
    abort();
}
