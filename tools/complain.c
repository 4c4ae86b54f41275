#include "tools/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "tools/exit.h"
#include "tools/paint.h"

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    paint_wipe(stderr);
    fprintf(stderr, "sim: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
}

int complain_store(const struct store *store, enum status status, const char *before) {
    complain("%s%s", before, store_error(store));
    switch (status) {
    case STATUS_FORMAT:
    case STATUS_VERSION:
    case STATUS_MISSING:
    case STATUS_READ_ONLY:
    case STATUS_LIMIT: /* digits that name more than one case */
        return EXIT_USAGE;
    case STATUS_OK:
    case STATUS_NO_MEMORY:
    case STATUS_IO:
    case STATUS_BUSY:
    case STATUS_FULL:
        break;
    }
    return EXIT_BROKEN;
}
