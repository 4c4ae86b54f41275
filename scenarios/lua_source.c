#include "scenarios/lua_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lua_source *lua_source_name(struct lua_source **list, const char *name) {
    const size_t size = strlen(name);
    const size_t room = LUA_SOURCE_NAME_SIZE - 2;
    char chunk_name[LUA_SOURCE_NAME_SIZE];

    if (size <= room) {
        snprintf(chunk_name, sizeof chunk_name, "@%s", name);
    } else {
        snprintf(chunk_name, sizeof chunk_name, "@...%s", name + size - (room - 3));
    }
    for (struct lua_source *source = *list; source != NULL; source = source->next) {
        if (strcmp(source->chunk_name, chunk_name) == 0) {
            return source;
        }
    }
    struct lua_source *const source = calloc(1, sizeof *source);
    if (source == NULL) {
        return NULL;
    }
    memcpy(source->chunk_name, chunk_name, sizeof chunk_name);
    source->next = *list;
    *list = source;
    return source;
}

static const char *reason(void) {
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return "there is no such file";
    case EACCES:
        return "the file may not be read";
    case ELOOP:
        return "it is a symbolic link, not a file";
    case EISDIR:
        return "it is a folder, not a file";
    default:
        return "the file cannot be read";
    }
}

/* A text of the file's size and a zero behind it. */
static char *read_all(int file, size_t *size, const char **why) {
    struct stat status;

    if (fstat(file, &status) != 0) {
        *why = reason();
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        *why = S_ISDIR(status.st_mode) ? "it is a folder, not a file" : "it is no regular file";
        return NULL;
    }
    if (status.st_size > LUA_SOURCE_SIZE_MAX) {
        *why = "the file is longer than 1 MiB";
        return NULL;
    }
    char *const text = malloc((size_t)status.st_size + 1);
    if (text == NULL) {
        *why = "there is no memory for the file";
        return NULL;
    }
    *size = 0;
    while (*size < (size_t)status.st_size) {
        const ssize_t more = read(file, text + *size, (size_t)status.st_size - *size);
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more < 0) {
            *why = reason();
            free(text);
            return NULL;
        }
        if (more == 0) {
            break; /* it has become shorter */
        }
        *size += (size_t)more;
    }
    text[*size] = '\0';
    return text;
}

static const char *last_part(const char *path) {
    const char *const slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Takes over the text of the file. */
static struct lua_source *
keep(struct lua_source **list, const char *path, char *text, size_t size, const char **why) {
    struct lua_source *const source = lua_source_name(list, last_part(path));

    if (source == NULL) {
        *why = "there is no memory for the file";
        free(text);
        return NULL;
    }
    free(source->text);
    source->text = text;
    source->size = size;
    return source;
}

struct lua_source *
lua_source_read(struct lua_source **list, const char *path, bool beside, const char **why) {
    /* Without O_NONBLOCK the opening of a named pipe would wait for a writer. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (beside ? O_NOFOLLOW : 0));

    if (file < 0) {
        *why = reason();
        return NULL;
    }
    size_t size;
    char *const text = read_all(file, &size, why);
    close(file);
    if (text == NULL) {
        return NULL;
    }
    return keep(list, path, text, size, why);
}

struct lua_source *lua_source_take(struct lua_source **list,
                                   const struct lua_source *texts,
                                   const char *path,
                                   const char **why) {
    struct lua_source *const source = lua_source_name(list, last_part(path));

    while (source != NULL && texts != NULL && strcmp(texts->chunk_name, source->chunk_name) != 0) {
        texts = texts->next;
    }
    if (source == NULL || texts == NULL || texts->text == NULL) {
        *why = "there is no such file";
        return NULL;
    }
    char *const text = malloc(texts->size + 1);
    if (text == NULL) {
        *why = "there is no memory for the file";
        return NULL;
    }
    memcpy(text, texts->text, texts->size + 1);
    return keep(list, path, text, texts->size, why);
}

const struct lua_source *
lua_source_place(const struct lua_source *list, const char *text, int *line, const char **rest) {
    for (; list != NULL; list = list->next) {
        const char *const name = list->chunk_name + 1;
        const size_t size = strlen(name);
        if (strncmp(text, name, size) != 0 || text[size] != ':') {
            continue;
        }
        const char *at = text + size + 1;
        long number = 0;
        while (*at >= '0' && *at <= '9' && number < INT_MAX / 10) {
            number = number * 10 + (*at++ - '0');
        }
        if (number > 0 && at[0] == ':' && at[1] == ' ') {
            *line = (int)number;
            if (rest != NULL) {
                *rest = at + 2;
            }
            return list;
        }
    }
    return NULL;
}

static bool ends_line(char byte) {
    return byte == '\n' || byte == '\r';
}

bool lua_source_line(const struct lua_source *source, int number, struct lua_source_line *line) {
    size_t at = 0;

    if (source->text == NULL || number < 1) {
        return false;
    }
    for (;; number--) {
        size_t end = at;
        while (end < source->size && !ends_line(source->text[end])) {
            end++;
        }
        if (number == 1) {
            line->text = source->text + at;
            line->size = end - at;
            return true;
        }
        if (end == source->size) {
            return false;
        }
        /* "\r\n" and "\n\r" end one line, as Lua counts. */
        at = end + 1;
        if (at < source->size && ends_line(source->text[at]) &&
            source->text[at] != source->text[end]) {
            at++;
        }
    }
}

void lua_source_free(struct lua_source *list) {
    while (list != NULL) {
        struct lua_source *const next = list->next;
        free(list->text);
        free(list);
        list = next;
    }
}
