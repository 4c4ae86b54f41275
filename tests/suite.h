/* The main function of a test program: one Check suite, exit status 0 when every test passed.
 *
 *   SUITE(agenda) { SUITE_TEST(equal_deadlines_come_out_in_order_of_insertion); … }
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#define SUITE_TIMEOUT_S 120 /* a fuse against endless loops, never a measure of speed */

#define SUITE(name)                                                                                \
    static void suite_fill(TCase *tcase);                                                          \
    int main(void) {                                                                               \
        Suite *suite = suite_create(#name);                                                        \
        TCase *tcase = tcase_create(#name);                                                        \
        tcase_set_timeout(tcase, SUITE_TIMEOUT_S);                                                 \
        suite_fill(tcase);                                                                         \
        suite_add_tcase(suite, tcase);                                                             \
        SRunner *runner = srunner_create(suite);                                                   \
        srunner_run_all(runner, CK_ENV);                                                           \
        const int failed = srunner_ntests_failed(runner);                                          \
        srunner_free(runner);                                                                      \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                          \
    }                                                                                              \
    static void suite_fill(TCase *tcase)

/* A part of so many seeds or rounds where sanitizers make each ten times as slow; the other builds
 * run them all. */
#ifdef __SANITIZE_ADDRESS__
#define SUITE_SHARE(count) ((count) / 5)
#else
#define SUITE_SHARE(count) (count)
#endif

#define SUITE_TEST(test) tcase_add_test(tcase, test)
#define SUITE_LOOP(test, from, to) tcase_add_loop_test(tcase, test, from, to)

#endif
