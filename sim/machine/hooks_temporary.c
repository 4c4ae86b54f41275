/* mkstemp(), mkdtemp() and their kin. libc's take the address of a variable and the clock for
 * chance, so that names would differ with the place of a stack. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_chance.h"
#include "sim/machine/real.h"

#define LETTERS 6u
#define TRIES 1000u

/* Where the letters go; NULL when there is no place for them. */
static char *letters_of(char *name, int suffix_length) {
    const size_t length = strlen(name);
    if (suffix_length < 0 || length < LETTERS + (size_t)suffix_length) {
        return NULL;
    }
    char *letters = name + length - (size_t)suffix_length - LETTERS;
    return memcmp(letters, "XXXXXX", LETTERS) == 0 ? letters : NULL;
}

static void draw(char *letters) {
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint64_t number;
    hooks_chance_fill(&number, sizeof number);
    for (unsigned i = 0; i < LETTERS; i++) {
        letters[i] = alphabet[number % (sizeof alphabet - 1)];
        number /= sizeof alphabet - 1;
    }
}

static int make_file(char *name, int suffix_length, int flags) {
    char *letters = letters_of(name, suffix_length);
    if (letters == NULL) {
        return hook_result(-EINVAL);
    }
    const int before = errno;
    for (unsigned i = 0; i < TRIES; i++) {
        draw(letters);
        const int number =
            open(name, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
        if (number >= 0 || errno != EEXIST) {
            errno = number >= 0 ? before : errno;
            return number;
        }
    }
    return hook_result(-EEXIST);
}

HOOK int mkstemp(char *name) {
    return hook_simulated() ? make_file(name, 0, 0) : REAL(mkstemp)(name);
}

HOOK int mkostemp(char *name, int flags) {
    return hook_simulated() ? make_file(name, 0, flags) : REAL(mkostemp)(name, flags);
}

HOOK int mkstemps(char *name, int suffix_length) {
    return hook_simulated() ? make_file(name, suffix_length, 0)
                            : REAL(mkstemps)(name, suffix_length);
}

HOOK int mkostemps(char *name, int suffix_length, int flags) {
    return hook_simulated() ? make_file(name, suffix_length, flags)
                            : REAL(mkostemps)(name, suffix_length, flags);
}

HOOK char *mkdtemp(char *name) {
    if (!hook_simulated()) {
        return REAL(mkdtemp)(name);
    }
    char *letters = letters_of(name, 0);
    if (letters == NULL) {
        errno = EINVAL;
        return NULL;
    }
    const int before = errno;
    for (unsigned i = 0; i < TRIES; i++) {
        draw(letters);
        if (mkdir(name, S_IRWXU) == 0) {
            errno = before;
            return name;
        }
        if (errno != EEXIST) {
            return NULL;
        }
    }
    return NULL;
}

/* ---- the names for 64-bit offsets: the same functions here ---- */

#define HOOK_ALIAS(name) HOOK __attribute__((alias(name)))

HOOK_ALIAS("mkstemp") int mkstemp64(char *name);
HOOK_ALIAS("mkostemp") int mkostemp64(char *name, int flags);
HOOK_ALIAS("mkstemps") int mkstemps64(char *name, int suffix_length);
HOOK_ALIAS("mkostemps") int mkostemps64(char *name, int suffix_length, int flags);
