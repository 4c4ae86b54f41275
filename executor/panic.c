#include <ex/panic.h>

#include <stddef.h>
#ifndef EX_SMALL
#include <stdio.h>
#include <stdlib.h>
#endif

static ex_panic_function *installed;

void ex_panic_install(ex_panic_function *function) {
    installed = function;
}

#ifdef EX_SMALL
void ex_panic(const char *file, int line, const char *what) {
    if (installed != NULL) {
        installed(file, line, what);
    }
    __builtin_trap();
}
#else
void ex_panic(const char *file, int line, const char *what) {
    if (installed != NULL) {
        installed(file, line, what);
    } else {
        fprintf(stderr, "executor: %s:%d: %s\n", file, line, what);
    }
    abort();
}
#endif
