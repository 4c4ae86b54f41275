#include "tests/modules/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/modules/script.h"

#define STEPS 120
#define NUMBERS 12 /* descriptors that are asked for: 3 and up */
#define PATH_SIZE 64
#define BYTES_MAX SCRIPT_BYTES_MAX

static char base[4096]; /* where the working folder was at first */
static char paths[2][PATH_SIZE];

static const char *path_of(struct script *script, unsigned which) {
    static const char *const names[] =
        {"a", "a", "b", "b", "c", "d", "d", "e", "f", ".", "a/..", "missing"};
    char *path = paths[which];
    path[0] = '\0';
    const unsigned depth =
        1u + (script_below(script, 3) == 0 ? 1u : 0u) + (script_below(script, 6) == 0 ? 1u : 0u);
    for (unsigned i = 0; i < depth; i++) {
        strcat(path, i == 0 ? "" : script_below(script, 20) == 0 ? "//" : "/");
        strcat(path, names[script_below(script, i == 0 ? 9 : 12)]);
    }
    if (script_below(script, 14) == 0) {
        strcat(path, "/");
    }
    if (script_below(script, 60) == 0) {
        static const char *const odd[] = {"", ".", "..", "./", "/", "/dev/null"};
        strcpy(path, odd[script_below(script, 4)]);
    }
    return path;
}

static int number_of(struct script *script) {
    for (unsigned i = 0; i < 20; i++) {
        const int candidate = 3 + (int)script_below(script, NUMBERS);
        if (fcntl(candidate, F_GETFD) >= 0) {
            return candidate;
        }
    }
    return 3 + (int)script_below(script, NUMBERS);
}

static bool is_kind(int number, mode_t kind) {
    struct stat status;
    return fstat(number, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

static int folder_of(struct script *script) {
    if (script_below(script, 2) != 0) {
        return AT_FDCWD;
    }
    for (int number = 3; number < 3 + NUMBERS; number++) {
        if (is_kind(number, S_IFDIR)) {
            return number;
        }
    }
    return number_of(script);
}

/* ---- opening ---- */

static void call_open(struct script *script) {
    static const int access[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR};
    static const int more[] = {O_CREAT,
                               O_CREAT,
                               O_CREAT | O_EXCL,
                               O_CREAT | O_TRUNC,
                               O_CREAT | O_APPEND,
                               O_TRUNC,
                               O_APPEND,
                               O_DIRECTORY,
                               O_NOFOLLOW,
                               O_NOFOLLOW | O_CREAT,
                               O_PATH,
                               O_PATH | O_NOFOLLOW,
                               O_PATH | O_DIRECTORY,
                               O_DIRECTORY | O_NOFOLLOW,
                               O_EXCL,
                               0};
    const int flags =
        access[script_below(script, 4)] | more[script_below(script, sizeof more / sizeof more[0])];
    const mode_t mode = 0700 | (script_next(script) & 077);
    const int folder = folder_of(script);
    const char *path = path_of(script, 0);
    script_say(script, "open %d %s %o %o", folder, path, (unsigned)flags, mode);
    const int number = openat(folder, path, flags, mode);
    script_result(script, number);
    if (number >= 3 + NUMBERS) {
        close(number);
    }
}

static void call_close(struct script *script) {
    const int number = number_of(script);
    script_say(script, "close %d", number);
    script_result(script, close(number));
}

static void call_dup(struct script *script) {
    const int number = number_of(script);
    const int wanted = 3 + (int)script_below(script, NUMBERS);
    script_say(script, "dup2 %d %d", number, wanted);
    script_result(script, dup2(number, wanted));
}

/* ---- content ---- */

static void fill(struct script *script, unsigned size) {
    const char letter = (char)('a' + script_below(script, 26));
    for (unsigned i = 0; i < size; i++) {
        script->bytes[i] = (char)(letter + (char)(i % 7));
    }
}

static unsigned size_of(struct script *script) {
    static const unsigned sizes[] = {0, 1, 10, 100, 511, 4096, 4097, BYTES_MAX};
    return sizes[script_below(script, sizeof sizes / sizeof sizes[0])];
}

static void call_write(struct script *script) {
    const int number = number_of(script);
    const unsigned size = size_of(script);
    const long position = (long)script_below(script, 9000) - 100;
    fill(script, size);
    if (script_below(script, 3) == 0) {
        script_say(script, "pwrite %d %u %ld", number, size, position);
        script_result(script, pwrite(number, script->bytes, size, position));
    } else if (script_below(script, 4) == 0) {
        const struct iovec parts[] = {{script->bytes, size / 2}, {script->bytes, size / 3}};
        script_say(script, "writev %d %u", number, size);
        script_result(script, writev(number, parts, 2));
    } else {
        script_say(script, "write %d %u", number, size);
        script_result(script, write(number, script->bytes, size));
    }
}

static void call_read(struct script *script) {
    const int number = number_of(script);
    const unsigned size = size_of(script);
    const long position = (long)script_below(script, 9000) - 100;
    const bool at = script_below(script, 3) == 0;
    script_say(script, "%s %d %u %ld", at ? "pread" : "read", number, size, at ? position : 0);
    const long count =
        at ? pread(number, script->bytes, size, position) : read(number, script->bytes, size);
    script_result(script, count);
    script_sum(script, script->bytes, count);
}

static void call_seek(struct script *script) {
    static const int origins[] = {SEEK_SET, SEEK_CUR, SEEK_END, 9};
    const int number = number_of(script);
    const long offset = (long)script_below(script, 6000) - 1000;
    const int origin = origins[script_below(script, 4)];
    if (is_kind(number, S_IFREG)) {
        script_say(script, "lseek %d %ld %d", number, offset, origin);
        script_result(script, lseek(number, offset, origin));
    }
}

static void call_resize(struct script *script) {
    const long size = (long)script_below(script, 6000) - 100;
    const int number = number_of(script);
    switch (script_below(script, 3)) {
    case 0: {
        const char *path = path_of(script, 0);
        script_say(script, "truncate %s %ld", path, size);
        script_result(script, truncate(path, size));
        break;
    }
    case 1:
        script_say(script, "fallocate %d %ld", number, size);
        script_result(script, fallocate(number, 0, size / 2, size));
        break;
    default:
        script_say(script, "ftruncate %d %ld", number, size);
        script_result(script, ftruncate(number, size));
        break;
    }
}

static void call_copy(struct script *script) {
    const int from = number_of(script);
    const int to = number_of(script);
    const unsigned size = size_of(script);
    off_t position = script_below(script, 300);
    off_t *at = script_below(script, 2) == 0 ? &position : NULL;
    const bool plain = is_kind(from, S_IFREG);
    if (script_below(script, 2) == 0 && plain && is_kind(to, S_IFREG) && from != to) {
        struct stat one;
        struct stat other;
        if (fstat(from, &one) == 0 && fstat(to, &other) == 0 && one.st_ino != other.st_ino) {
            script_say(script, "sendfile %d %d %u", to, from, size);
            script_result(script, sendfile(to, from, at, size));
        }
    } else if (plain) {
        script_say(script, "copy_file_range %d %d %u", from, to, size);
        script_result(script, copy_file_range(from, at, to, NULL, size, 0));
    }
    script_say(script, "  %ld\n", (long)position);
}

static void call_map(struct script *script) {
    const int number = number_of(script);
    static const int types[] = {MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE};
    const int type = types[script_below(script, 3)];
    struct stat status;
    if (!is_kind(number, S_IFREG) || fstat(number, &status) != 0 || status.st_size == 0) {
        return;
    }
    const size_t size = (size_t)status.st_size;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, type, number, 0);
    script_say(script, "mmap %d %zu %d", number, size, type);
    script_result(script, memory == MAP_FAILED ? -1 : 0);
    if (memory != MAP_FAILED) {
        script_sum(script, memory, (long)size);
        memory[script_below(script, (unsigned)size)] = 'M';
        script_sum(script, memory, (long)size);
        munmap(memory, size);
    }
}

/* ---- names ---- */

static void call_stat(struct script *script) {
    struct stat status;
    const int folder = folder_of(script);
    const int flags = script_below(script, 2) == 0 ? AT_SYMLINK_NOFOLLOW : 0;
    const char *path = path_of(script, 0);
    script_say(script, "stat %d %s %d", folder, path, flags);
    const int got = fstatat(folder, path, &status, flags);
    script_result(script, got);
    if (got == 0) {
        const bool is_folder = S_ISDIR(status.st_mode);
        script_say(script,
                   "  %o %ld %ld\n",
                   status.st_mode,
                   is_folder ? 0 : (long)status.st_size,
                   is_folder ? 0 : (long)status.st_nlink);
    }
}

static void call_access(struct script *script) {
    const char *path = path_of(script, 0);
    const int mode = (int)script_below(script, 9);
    script_say(script, "access %s %d", path, mode);
    script_result(script, access(path, mode));
}

static void call_make(struct script *script) {
    const int folder = folder_of(script);
    const char *path = path_of(script, 0);
    script_say(script, "mkdir %d %s", folder, path);
    script_result(script, mkdirat(folder, path, 0700 | (script_next(script) & 077)));
}

static void call_remove(struct script *script) {
    const int folder = folder_of(script);
    const char *path = path_of(script, 0);
    switch (script_below(script, 4)) {
    case 0:
        script_say(script, "rmdir %s", path);
        script_result(script, rmdir(path));
        break;
    case 1:
        script_say(script, "unlink %s", path);
        script_result(script, unlink(path));
        break;
    case 2:
        script_say(script, "remove %s", path);
        script_result(script, remove(path));
        break;
    default: {
        const int flags = script_below(script, 2) == 0 ? AT_REMOVEDIR : 0;
        script_say(script, "unlinkat %d %s %d", folder, path, flags);
        script_result(script, unlinkat(folder, path, flags));
        break;
    }
    }
}

static void call_rename(struct script *script) {
    const int folder = folder_of(script);
    const char *from = path_of(script, 0);
    const char *to = path_of(script, 1);
    const unsigned flags = script_below(script, 5) == 0 ? RENAME_NOREPLACE : 0;
    script_say(script, "rename %d %s %s %u", folder, from, to, flags);
    script_result(script,
                  flags != 0 ? renameat2(folder, from, AT_FDCWD, to, flags)
                             : renameat(AT_FDCWD, from, folder, to));
}

static void call_link(struct script *script) {
    static const char *const targets[] = {"a", "b", "d", "d/a", "./e", "nowhere", "d/..", "c/"};
    const char *from = path_of(script, 0);
    const char *to = path_of(script, 1);
    if (script_below(script, 2) == 0) {
        const char *target = targets[script_below(script, 8)];
        script_say(script, "symlink %s %s", target, to);
        script_result(script, symlink(target, to));
    } else {
        const int flags = script_below(script, 3) == 0 ? AT_SYMLINK_FOLLOW : 0;
        script_say(script, "link %s %s %d", from, to, flags);
        script_result(script, linkat(AT_FDCWD, from, AT_FDCWD, to, flags));
    }
}

static void call_read_link(struct script *script) {
    const char *path = path_of(script, 0);
    const size_t size = script_below(script, 8);
    script_say(script, "readlink %s %zu", path, size);
    memset(script->bytes, 0, 8);
    script_result(script, readlink(path, script->bytes, size));
    script_say(script, "  %.8s\n", script->bytes);
}

static void call_folder(struct script *script) {
    char where[4096];
    const int number = number_of(script);
    const char *path = path_of(script, 0);
    switch (script_below(script, 4)) {
    case 0:
        script_say(script, "chdir %s", path);
        script_result(script, chdir(path));
        break;
    case 1:
        script_say(script, "fchdir %d", number);
        script_result(script, fchdir(number));
        break;
    default:
        script_say(script, "chdir base");
        script_result(script, chdir(base));
        break;
    }
    const char *got = getcwd(where, sizeof where);
    const size_t length = strlen(base);
    const bool inside = got != NULL && strncmp(got, base, length) == 0;
    script_say(script,
               "  in %s\n",
               got == NULL ? strerrorname_np(errno)
               : inside    ? got + length
                           : "-");
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void call_list(struct script *script) {
    struct dirent **names;
    const char *path = path_of(script, 0);
    script_say(script, "list %s", path);
    const int count = scandir(path, &names, NULL, by_name);
    script_result(script, count);
    for (int i = 0; i < count; i++) {
        script_say(script, "  %s %d\n", names[i]->d_name, names[i]->d_type);
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
}

/* ---- the rest ---- */

static void call_control(struct script *script) {
    const int number = number_of(script);
    switch (script_below(script, 7)) {
    case 0:
        script_say(script, "getfl %d", number);
        script_result(script, fcntl(number, F_GETFL));
        break;
    case 1:
        script_say(script, "setfl %d", number);
        script_result(script, fcntl(number, F_SETFL, script_below(script, 2) == 0 ? O_APPEND : 0));
        break;
    case 2: {
        static const int operations[] = {LOCK_SH, LOCK_EX, LOCK_UN, 0};
        const int operation = operations[script_below(script, 4)] | LOCK_NB;
        script_say(script, "flock %d %d", number, operation);
        script_result(script, flock(number, operation));
        break;
    }
    case 3: {
        struct flock lock = {.l_type = (short)script_below(script, 3), .l_len = 5};
        script_say(script, "lock %d %d", number, lock.l_type);
        script_result(script, fcntl(number, F_SETLK, &lock));
        break;
    }
    case 4: { /* a disk takes its time: only for what needs none */
        const bool slow = is_kind(number, S_IFREG) || is_kind(number, S_IFDIR);
        script_say(script, "fsync %d", number);
        script_result(script, slow ? 0 : fsync(number));
        break;
    }
    case 5: {
        const mode_t mode = 0700 | (script_next(script) & 077);
        const char *path = path_of(script, 0);
        script_say(script, "chmod %s %o", path, mode);
        script_result(script, chmod(path, mode));
        break;
    }
    default: {
        const mode_t mask = script_next(script) & 077;
        script_say(script, "umask %o", mask);
        script_result(script, umask(mask));
        break;
    }
    }
}

static void call_stream(struct script *script) {
    static const char *const modes[] = {"r", "w", "a", "r+", "w+", "a+", "wx"};
    char line[80] = "";
    const char *mode = modes[script_below(script, 7)];
    const char *path = path_of(script, 0);
    script_say(script, "fopen %s %s", path, mode);
    FILE *file = fopen(path, mode);
    script_result(script, file == NULL ? -1 : 0);
    if (file == NULL) {
        return;
    }
    const int printed = fprintf(file, "line %u\n", script_below(script, 1000));
    fseek(file, (long)script_below(script, 20), SEEK_SET);
    const char *got = fgets(line, sizeof line, file);
    script_say(script, "  %d %.60s %ld\n", printed, got == NULL ? "-" : got, ftell(file));
    script_say(script, "  fclose %d\n", fclose(file));
}

static void step(struct script *script) {
    static void (*const calls[])(struct script *) = {
        call_open,    call_open,   call_open,      call_open,   call_close,  call_write,
        call_write,   call_write,  call_read,      call_read,   call_seek,   call_resize,
        call_copy,    call_map,    call_stat,      call_stat,   call_access, call_make,
        call_make,    call_remove, call_remove,    call_rename, call_rename, call_link,
        call_link,    call_list,   call_read_link, call_folder, call_dup,    call_control,
        call_control, call_stream};
    calls[script_below(script, sizeof calls / sizeof calls[0])](script);
}

/* Everything below the working folder, in order. */
static void tell_folder(struct script *script, unsigned depth) {
    struct dirent **names;
    const int count = scandir(".", &names, NULL, by_name);
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        struct stat status = {.st_size = 0};
        const int got = lstat(name, &status);
        const bool folder = S_ISDIR(status.st_mode);
        script_say(script, "%*s%s %d %o", (int)depth, "", name, got, status.st_mode);
        script_say(script, " %ld\n", folder ? 0 : (long)status.st_size);
        if (folder && name[0] != '.' && depth < 8 && chdir(name) == 0) {
            tell_folder(script, depth + 1);
            script_say(script, "%*sup %d\n", (int)depth, "", chdir(".."));
        } else if (S_ISREG(status.st_mode)) {
            const int number = open(name, O_RDONLY);
            script_sum(script, script->bytes, read(number, script->bytes, BYTES_MAX));
            close(number);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
}

size_t paths_run(uint64_t seed, char *text, size_t size) {
    static struct script script;
    script = (struct script){.state = seed, .text = text, .size = size};
    umask(022);
    if (getcwd(base, sizeof base) == NULL) {
        return 0;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step(&script);
    }
    script_say(&script, "at the end %d\n", chdir(base));
    tell_folder(&script, 0);
    return script.used;
}
