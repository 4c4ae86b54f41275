#include "tests/modules/scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int scratch_enter(void) {
    static const char *const names[] = {"1", "2", "3", "4", "here"};
    int entered = 0;
    for (unsigned i = 0; i < sizeof names / sizeof names[0] && entered == 0; i++) {
        mkdir(names[i], 0755);
        entered = chdir(names[i]);
    }
    return entered;
}

static void put(const char *path, const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
    chmod(path, mode);
}

void scratch_populate(void) {
    static char big[9000];
    memset(big, 'x', sizeof big - 1);
    mkdir("d", 0755);
    mkdir("d/e", 0755);
    mkdir("f", 0711);
    put("a", "the first file\n", 0644);
    put("d/a", big, 0600);
    put("d/b", "", 0755);
    put("d/e/c", "deep\n", 0640);
    (void)!symlink("d/a", "b");
    (void)!symlink("d", "e");
    (void)!symlink("nowhere", "d/c");
}
