#include "tools/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool paint_draws(FILE *out) {
    const char *terminal = getenv("TERM");
    return isatty(fileno(out)) == 1 && terminal != NULL && terminal[0] != '\0' &&
           strcmp(terminal, "dumb") != 0;
}

void paint_word(FILE *out, enum paint_kind kind, const char *word) {
    static const char *const codes[] = {"\033[32m", "\033[1;31m", "\033[33m"};
    const char *refused = getenv("NO_COLOR");
    if (paint_draws(out) && (refused == NULL || refused[0] == '\0')) {
        fprintf(out, "%s%s\033[0m", codes[kind], word);
    } else {
        fputs(word, out);
    }
}

void paint_wipe(FILE *out) {
    if (paint_draws(out)) {
        fputs("\r\033[K", out);
        fflush(out);
    }
}
