#include "sim/panic.h"

#include <stdio.h>
#include <stdlib.h>

static panic_function *installed;

void panic_install(panic_function *function) {
    installed = function;
}

_Noreturn void panic(const char *file, int line, const char *what) {
    if (installed != NULL) {
        installed(file, line, what);
    }
    fprintf(stderr, "sim: internal error: %s:%d: %s\n", file, line, what);
    abort();
}
