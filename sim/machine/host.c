#include "sim/machine/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/machine/real.h"
#include "sim/random.h"

#define LISTING_SIZE 32768
#define NUMBER_MIN (UINT64_C(1) << 48) /* numbers of files that the run made lie below */

static bool join(const char *folder, const char *name, uint32_t length, char path[PATH_MAX]) {
    const size_t before = strlen(folder);
    if (before + 1 + length >= PATH_MAX) {
        return false;
    }
    memcpy(path, folder, before);
    path[before] = '/';
    memcpy(path + before + 1, name, length);
    path[before + 1 + length] = '\0';
    return true;
}

static uint64_t number_of(const char *folder, const char *name, uint32_t length) {
    uint64_t hash = 0;
    for (; *folder != '\0'; folder++) {
        hash = random_mix(hash, (unsigned char)*folder);
    }
    hash = random_mix(hash, '/');
    for (uint32_t i = 0; i < length; i++) {
        hash = random_mix(hash, (unsigned char)name[i]);
    }
    return NUMBER_MIN | hash >> 16;
}

static bool is_hidden(const char *folder, const char *name, uint32_t length) {
    return folder[0] == '\0' && ((length == 4 && memcmp(name, "proc", 4) == 0) ||
                                 (length == 3 && memcmp(name, "sys", 3) == 0));
}

int64_t host_look(const char *folder, const char *name, uint32_t length, struct host_file *file) {
    struct stat status;
    if (is_hidden(folder, name, length)) {
        return -ENOENT;
    }
    if (!join(folder, name, length, file->path)) {
        return -ENAMETOOLONG;
    }
    long result = real_call3(SYS_lstat, (long)file->path, (long)&status, 0);
    if (result < 0) {
        return result;
    }
    file->mode = status.st_mode;
    file->number = number_of(folder, name, length);
    file->size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    if (!S_ISLNK(status.st_mode)) {
        return 0;
    }
    result = real_call3(SYS_readlink, (long)file->path, (long)file->target, PATH_MAX - 1);
    if (result < 0) {
        return result;
    }
    file->target[result] = '\0';
    file->size = (uint64_t)result;
    return 0;
}

int64_t host_open(const char *path) {
    const long opened = real_call6(SYS_openat,
                                   AT_FDCWD,
                                   (long)(path[0] == '\0' ? "/" : path),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                                   0,
                                   0,
                                   0);
    if (opened < 0 || opened >= REAL_DESCRIPTOR_FIRST) {
        return opened;
    }
    const long moved = real_call3(SYS_fcntl, opened, F_DUPFD_CLOEXEC, REAL_DESCRIPTOR_FIRST);
    real_call3(SYS_close, opened, 0, 0);
    return moved;
}

static uint32_t kind_of(const char *folder, const struct dirent64 *record, uint32_t length) {
    static struct host_file file;
    if (record->d_type != DT_UNKNOWN) {
        return (uint32_t)DTTOIF(record->d_type);
    }
    return host_look(folder, record->d_name, length, &file) == 0 ? file.mode & S_IFMT : 0;
}

int64_t host_each(const char *folder,
                  void (*visit)(void *context, const struct host_name *name),
                  void *context) {
    static _Alignas(struct dirent64) char records[LISTING_SIZE];
    const int64_t opened = host_open(folder);
    if (opened < 0) {
        return opened;
    }
    long size;
    while ((size = real_call3(SYS_getdents64, opened, (long)records, sizeof records)) > 0) {
        for (long at = 0; at < size;) {
            const struct dirent64 *record = (const void *)(records + at);
            const uint32_t length = (uint32_t)strlen(record->d_name);
            at += record->d_reclen;
            if (strcmp(record->d_name, ".") != 0 && strcmp(record->d_name, "..") != 0 &&
                !is_hidden(folder, record->d_name, length)) {
                const struct host_name name = {.text = record->d_name,
                                               .length = length,
                                               .mode = kind_of(folder, record, length),
                                               .number = number_of(folder, record->d_name, length)};
                visit(context, &name);
            }
        }
    }
    real_call3(SYS_close, opened, 0, 0);
    return size;
}
