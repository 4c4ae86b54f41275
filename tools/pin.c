#include "tools/pin.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "corpus/blob.h"
#include "corpus/cases.h"
#include "corpus/prefix.h"
#include "corpus/text.h"
#include "tools/complain.h"
#include "tools/json.h"

#define TEXT_BEGINS "sim-case "
#define TEXT_SIZE_MAX (3 * (uint64_t)BLOB_SIZE_MAX) /* two digits a byte, and lines */

/* The whole file, NUL terminated and the caller's; NULL after a sentence. */
static char *read_file(const char *path, size_t *size) {
    struct stat about;
    errno = 0;
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file != NULL && fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode) &&
        (uint64_t)about.st_size <= TEXT_SIZE_MAX) {
        *size = (size_t)about.st_size;
        text = malloc(*size + 1);
    }
    if (text != NULL && fread(text, 1, *size, file) == *size) {
        text[*size] = '\0';
    } else {
        complain("%s cannot be read: %s", path, errno != 0 ? strerror(errno) : "it is too large");
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

/* Whether a file has this text already. */
static bool says(const char *path, const char *text, size_t size) {
    size_t there = 0;
    char *old = read_file(path, &there);
    const bool same = old != NULL && there == size && memcmp(old, text, size) == 0;
    free(old);
    return same;
}

/* Complete or not at all, and never over what somebody else wrote. */
static int write_file(const char *path, const char *text, size_t size) {
    char new_path[PATH_MAX];
    snprintf(new_path, sizeof new_path, "%s.new-%d", path, (int)getpid());
    if (access(path, F_OK) == 0) {
        if (says(path, text, size)) {
            return EXIT_CLEAN;
        }
        complain("%s is there already and says something else; move it away, then pin again", path);
        return EXIT_USAGE;
    }
    FILE *file = fopen(new_path, "wbx");
    bool good = file != NULL && fwrite(text, 1, size, file) == size && fflush(file) == 0 &&
                fsync(fileno(file)) == 0;
    good = file != NULL && fclose(file) == 0 && good;
    if (good && link(new_path, path) == 0) {
        unlink(new_path);
        return EXIT_CLEAN;
    }
    complain("%s cannot be written: %s; go to a folder where you may write, then pin again",
             path,
             strerror(errno));
    if (file != NULL) {
        unlink(new_path);
    }
    return EXIT_BROKEN;
}

/* "abba_bug-83db4e571b44.case", whatever folder the scenario is in. */
static void file_name(const struct case_record *record, char *name, size_t size) {
    char id[HASH_TEXT_SIZE];
    hash_print(&record->id, id);
    const char *slash = strrchr(record->scenario, '/');
    const char *scenario = slash == NULL ? record->scenario : slash + 1;
    const char *dot = strstr(scenario, ".so");
    const int length = dot == NULL ? (int)strlen(scenario) : (int)(dot - scenario);
    snprintf(name, size, "%.*s-%.12s.case", length, scenario, id);
}

static int write_text(const struct options *options, const struct case_record *record) {
    char name[CASE_NAME_SIZE + 32];
    char *text;
    size_t size;
    if (text_print(record, &text, &size) != STATUS_OK) {
        complain("there is no memory for the case as a text; it is pinned all the same");
        return EXIT_BROKEN;
    }
    file_name(record, name, sizeof name);
    const int result = write_file(name, text, size);
    free(text);
    if (result == EXIT_CLEAN && options->json) {
        printf("{\"event\":\"pin\",");
        json_field(stdout, "file", name);
        printf("}\n");
    } else if (result == EXIT_CLEAN) {
        printf("Pinned. Its text is in %s, to be kept beside the code;\n"
               "to have it in another corpus:  sim corpus merge %s\n",
               name,
               name);
    }
    return result;
}

int pin_case(struct store *store, const struct options *options, const char *digits) {
    struct hash id;
    struct cases_entry entry;
    enum status status = prefix_find(store, digits, &id);
    if (status == STATUS_OK) {
        status = cases_pin(store, &id, true, time(NULL));
    }
    if (status == STATUS_OK) {
        status = cases_load(store, &id, &entry);
    }
    if (status != STATUS_OK) {
        return complain_store(store, status, "");
    }
    const int result = write_text(options, &entry.record);
    case_deinit(&entry.record);
    return result;
}

bool pin_is_text(const char *path) {
    char begin[sizeof TEXT_BEGINS] = "";
    FILE *file = fopen(path, "rb");
    const bool is_text =
        file != NULL && fgets(begin, sizeof begin, file) != NULL && strcmp(begin, TEXT_BEGINS) == 0;
    if (file != NULL) {
        fclose(file);
    }
    return is_text;
}

void pin_merged_print(const struct options *options, uint64_t cases, uint64_t bugs) {
    if (options->json) {
        printf("{\"event\":\"merge\",\"cases_new\":%" PRIu64 ",\"bugs_new\":%" PRIu64 "}\n",
               cases,
               bugs);
        return;
    }
    printf("%" PRIu64 " new case%s, %" PRIu64 " new bug%s.\n",
           cases,
           cases == 1 ? "" : "s",
           bugs,
           bugs == 1 ? "" : "s");
}

int pin_take(struct store *store, const struct options *options, const char *path) {
    struct case_record record;
    struct text_error error;
    struct cases_added added;
    size_t size;
    char *text = read_file(path, &size);
    if (text == NULL) {
        return EXIT_USAGE;
    }
    enum status status = text_parse(&record, text, size, &error);
    free(text);
    if (status != STATUS_OK) {
        complain("%s is no case: line %u: %s", path, error.line, error.what);
        return EXIT_USAGE;
    }
    status = cases_add(store, &record, NULL, &added);
    if (status == STATUS_OK) {
        status = cases_pin(store, &record.id, true, time(NULL));
    }
    if (status == STATUS_OK) {
        pin_merged_print(options, added.case_is_new, added.bug_is_new);
    }
    case_deinit(&record);
    return status == STATUS_OK ? EXIT_CLEAN : complain_store(store, status, "");
}
