/* A case as text: there and back for every case, and nothing but what was printed is read. */
#include "corpus/text.h"
#include "tests/corpus_fixture.h"

static char *printed(const struct case_record *record, size_t *size) {
    char *text;
    ck_assert_int_eq(text_print(record, &text, size), STATUS_OK);
    ck_assert_uint_eq(strlen(text), *size);
    return text;
}

/* The text with the hash at its end that belongs to it. Frees the old one. */
static char *sealed(char *text) {
    char *end = strstr(text, "\nend ");
    ck_assert_ptr_nonnull(end);
    const size_t size = (size_t)(end + 1 - text);
    const struct hash hash = hash_bytes(text, size);
    hash_print(&hash, end + 5);
    strcat(end, "\n");
    return text;
}

static char *replaced(char *text, const char *old, const char *new) {
    const char *at = strstr(text, old);
    ck_assert_msg(at != NULL, "no %s", old);
    char *result = malloc(strlen(text) + strlen(new) + 64);
    ck_assert_ptr_nonnull(result);
    sprintf(result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    free(text);
    return result;
}

START_TEST(a_record_comes_back_as_it_was) {
    for (unsigned i = 0; i < 50; i++) {
        struct case_record record = fixture_case(i, i % 7);
        struct case_record found;
        struct text_error error;
        size_t size;
        snprintf(record.message, sizeof record.message, "tab\t, \\x41, line\n, \x7f, ü and %u", i);
        record.where[0] = i % 2 == 0 ? '\0' : ' ';
        record.signal = i % 3 == 0 ? INT32_MIN : (int32_t)i;
        record.found_at = i % 5 == 0 ? INT64_MIN : INT64_MAX;
        record.steps = UINT64_MAX;
        char *text = printed(&record, &size);

        const enum status status = text_parse(&found, text, size, &error);

        ck_assert_msg(status == STATUS_OK, "line %u: %s", error.line, error.what);
        ck_assert_uint_eq(found.choices_size, record.choices_size);
        if (found.choices_size > 0) {
            ck_assert_mem_eq(found.choices, record.choices, record.choices_size);
        }
        char *again = printed(&found, &size);
        ck_assert_str_eq(again, text);
        uint8_t *choices = found.choices;
        found.choices = record.choices;
        memset(record.where + strlen(record.where), 0, sizeof record.where - strlen(record.where));
        ck_assert_mem_eq(&found, &record, sizeof record);
        free(choices);
        free(text);
        free(again);
    }
}
END_TEST

START_TEST(the_text_is_the_same_on_every_machine) {
    static const char expected[] =
        "sim-case 1\n"
        "id efc4855cff463bccd8910c4e86ff97a5\n"
        "scenario scenario-2\n"
        "scenario-hash b7af7411ea51f288bcb508d227f5e42c\n"
        "build 0c3864a6c15091ba5c17dcab9fc3967b\n"
        "seed 18446744073709551614\n"
        "strategy pct:depth=3\n"
        "choices-count 1\n"
        "trace-version 1\n"
        "fingerprint 45cdd2e492a8bbfc29cc0124ca8bf34b\n"
        "steps 11\n"
        "time-ns 1000000007\n"
        "verdict 4\n"
        "signal 0\n"
        "message bug 2 is \"there\"\n"
        "signature c08594d1f7df56171c4f0c1d8b7fb56c\n"
        "where main < worker_2 < lock\n"
        "found-at 1700000000\n"
        "choices-version 2\n"
        "choices 64\n"
        "0100000000000000000000000000000011000000000000000000000000000000\n"
        "2100000000000000000000000000000031000000000000000000000000000000\n"
        "end fe94c31eb001186827a4f87d6da16807\n";
    const struct case_record record = fixture_case(1, 2);
    size_t size;
    char *text = printed(&record, &size);

    ck_assert_str_eq(text, expected);

    free(text);
}
END_TEST

START_TEST(no_cut_is_read) {
    const struct case_record record = fixture_case(5, 1);
    size_t size;
    char *text = printed(&record, &size);

    for (size_t cut = 0; cut < size; cut++) {
        struct case_record found;
        struct text_error error;
        char *copy = malloc(cut + 1); /* of its own, so that a sanitizer sees the end */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, cut);
        ck_assert_int_eq(text_parse(&found, copy, cut, &error), STATUS_FORMAT);
        ck_assert_ptr_null(found.choices);
        ck_assert_uint_gt(error.line, 0);
        free(copy);
    }
    free(text);
}
END_TEST

START_TEST(no_changed_byte_is_read) {
    const struct case_record record = fixture_case(2, 1);
    size_t size;
    char *text = printed(&record, &size);

    for (size_t at = 0; at < size; at++) {
        static const char others[] = {'\0', '\n', ' ', '0', '9', 'a', '-', '\\', '\x80'};
        const char old = text[at];
        for (size_t i = 0; i < sizeof others; i++) {
            struct case_record found;
            struct text_error error;
            if (others[i] == old) {
                continue;
            }
            text[at] = others[i];
            ck_assert_int_ne(text_parse(&found, text, size, &error), STATUS_OK);
        }
        text[at] = old;
    }
    free(text);
}
END_TEST

START_TEST(malformed_text_is_refused_with_its_line) {
    char too_long[sizeof "scenario " + CASE_NAME_SIZE];
    snprintf(too_long, sizeof too_long, "scenario %0*d", CASE_NAME_SIZE, 0);
    const struct {
        const char *old;
        const char *new;
        unsigned line;
        enum status status;
        const char *words;
    } rows[] = {
        {"sim-case 1", "sim-case 2", 1, STATUS_VERSION, "sim-case is 2 and this sim reads 1"},
        {"sim-case 1", "sim-case", 1, STATUS_FORMAT, "the value of sim-case is malformed"},
        {"sim-case 1", "hello", 1, STATUS_FORMAT, "expected sim-case"},
        {"sim-case 1\n", "sim-case 1\r\n", 1, STATUS_FORMAT, "the value of sim-case"},
        {"\nid ", "\nid\t", 2, STATUS_FORMAT, "expected id"},
        {"scenario scenario-1\n", "", 3, STATUS_FORMAT, "expected scenario"},
        {"scenario scenario-1", "scenario \\q", 3, STATUS_FORMAT, "the value of scenario"},
        {"scenario scenario-1", "scenario \\x00", 3, STATUS_FORMAT, "the value of scenario"},
        {"scenario scenario-1", "scenario \\x4", 3, STATUS_FORMAT, "the value of scenario"},
        {"scenario scenario-1", "scenario \\x41", 3, STATUS_FORMAT, "the value of scenario"},
        {"scenario scenario-1", too_long, 3, STATUS_FORMAT, "the value of scenario"},
        {"\nbuild ", "\nbuild 0", 5, STATUS_FORMAT, "the value of build"},
        {"seed 18446744073709551610", "seed 18446744073709551616", 6, STATUS_FORMAT, "seed is"},
        {"seed 18446744073709551610", "seed -1", 6, STATUS_FORMAT, "seed is"},
        {"seed 18446744073709551610", "seed 007", 6, STATUS_FORMAT, "seed is"},
        {"seed 18446744073709551610", "seed ", 6, STATUS_FORMAT, "seed is"},
        {"seed 18446744073709551610", "seed 1", 31, STATUS_FORMAT, "not what its id says"},
        {"verdict 3", "verdict 4294967296", 13, STATUS_FORMAT, "the value of verdict"},
        {"signal 11", "signal 2147483648", 14, STATUS_FORMAT, "the value of signal"},
        {"signal 11", "signal -0", 14, STATUS_FORMAT, "the value of signal"},
        {"choices-version 2", "choices-version 1", 19, STATUS_VERSION, "is 1 and this sim reads 2"},
        {"choices-version 2", "choices-version 3", 19, STATUS_VERSION, "is 3 and this sim reads 2"},
        {"choices 320", "choices 321", 31, STATUS_FORMAT, "expected 2 hexadecimal digits"},
        {"choices 320", "choices 319", 30, STATUS_FORMAT, "expected 62 hexadecimal digits"},
        {"choices 320", "choices 288", 30, STATUS_FORMAT, "expected end"},
        {"choices 320", "choices 268435457", 20, STATUS_FORMAT, "choices is not 0 to 268435456"},
        {"choices 320", "choices 99999", 20, STATUS_FORMAT, "too short for its choices"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct case_record record = fixture_case(5, 1);
        struct case_record found;
        struct text_error error;
        size_t size;
        char *text = sealed(replaced(printed(&record, &size), rows[i].old, rows[i].new));

        const enum status status = text_parse(&found, text, strlen(text), &error);

        ck_assert_msg(status == rows[i].status && error.line == rows[i].line &&
                          strstr(error.what, rows[i].words) != NULL,
                      "%s: status %d, line %u: %s",
                      rows[i].new,
                      (int)status,
                      error.line,
                      error.what);
        free(text);
    }
}
END_TEST

START_TEST(what_follows_the_end_is_refused) {
    const struct case_record record = fixture_case(5, 1);
    struct case_record found;
    struct text_error error;
    size_t size;
    char *text = printed(&record, &size);
    text = replaced(text, "\nend ", "\nend "); /* a copy with room */
    strcat(text, "\n");

    ck_assert_int_eq(text_parse(&found, text, strlen(text), &error), STATUS_FORMAT);

    ck_assert_ptr_nonnull(strstr(error.what, "expected nothing after end"));
    free(text);
}
END_TEST

SUITE(text) {
    SUITE_TEST(a_record_comes_back_as_it_was);
    SUITE_TEST(the_text_is_the_same_on_every_machine);
    SUITE_TEST(no_cut_is_read);
    SUITE_TEST(no_changed_byte_is_read);
    SUITE_TEST(malformed_text_is_refused_with_its_line);
    SUITE_TEST(what_follows_the_end_is_refused);
}
