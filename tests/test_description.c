/* What a scenario says: limits, errors, names, and which link governs a message. */
#include "sim/description.h"

#include <stdio.h>
#include <string.h>

#include "sim/model.h"
#include "sim/random.h"
#include "tests/suite.h"

#define SEEDS 300
#define NODES 4

static struct description description;

static void open_nodes(uint32_t count) {
    memset(&description, 0xa5, sizeof description); /* it need not be empty */
    description_init(&description, "test");
    for (uint32_t i = 1; i <= count; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        ck_assert_uint_eq(description_node_add(&description, name, "main", NULL), i);
    }
}

START_TEST(an_empty_one_has_limits_and_nothing_else) {
    open_nodes(0);

    ck_assert_str_eq(description.name, "test");
    ck_assert_str_eq(description.error, "");
    ck_assert_uint_gt(description.time_max_ns, 0);
    ck_assert_uint_gt(description.points_max, 0);
    ck_assert_uint_gt(description.heap_max, 0);
    ck_assert_uint_gt(description.stack_size, 0);
    ck_assert_uint_eq(description.leaks, DESCRIPTION_LEAKS_USUAL);
    ck_assert_uint_eq(description.node_count + description.link_count, 0);
    ck_assert_uint_eq(description.fault_count + description.property_count, 0);
    ck_assert_uint_eq(description.history_count, 0);
    ck_assert_uint_eq(description.demanded.occasion_count + description.demanded.count, 0);
}
END_TEST

START_TEST(an_object_has_one_history_of_a_model_that_exists) {
    static const struct {
        const char *sentence, *object;
        uint32_t model;
        const char *error;
    } refused[] = {
        {"again", "kv", MODEL_MAP, "\"kv\" is said twice to be linearizable"},
        {"none", "jobs", 0, "\"jobs\" follows model 0, which does not exist"},
        {"none", "jobs", MODEL_KIND_COUNT, "\"jobs\" follows model 5, which does not exist"},
        {"no name", "", MODEL_MAP, "\"\" must have 1 to 31 characters"},
        {"", "jobs", MODEL_MAP, "\"\" must have 1 to 95 characters"},
    };
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        open_nodes(1);
        const struct description_history *history =
            description_history_add(&description, "one copy", "kv", MODEL_REGISTER);
        ck_assert_str_eq(history->sentence, "one copy");
        ck_assert_str_eq(history->object, "kv");
        ck_assert_uint_eq(history->model, MODEL_REGISTER);

        ck_assert_ptr_null(description_history_add(&description,
                                                   refused[i].sentence,
                                                   refused[i].object,
                                                   refused[i].model));

        ck_assert_str_eq(description.error, refused[i].error);
        ck_assert_uint_eq(description.history_count, 1);
    }
}
END_TEST

START_TEST(there_is_room_for_so_many_histories) {
    open_nodes(1);
    for (unsigned i = 0; i < DESCRIPTION_HISTORIES_MAX; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        ck_assert_ptr_nonnull(description_history_add(&description, "one", name, MODEL_QUEUE));
    }

    ck_assert_ptr_null(description_history_add(&description, "one", "more", MODEL_QUEUE));

    ck_assert_str_eq(description.error, "more than 16 histories");
}
END_TEST

START_TEST(nodes_have_names_programs_addresses_and_arguments) {
    static const char *const arguments[] = {"-v", "", "two words", NULL};
    open_nodes(1);

    ck_assert_uint_eq(description_node_add(&description, "server", "serve", arguments), 2);
    ck_assert_uint_eq(description_node_add(&description, "client", "call", NULL), 3);

    const struct description_node *server = &description.nodes[2];
    ck_assert_str_eq(server->name, "server");
    ck_assert_str_eq(server->program, "serve");
    ck_assert_uint_eq(server->address, 0x0a000002);
    ck_assert_uint_eq(server->argument_count, 3);
    ck_assert(!server->daemon);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_str_eq(description_argument(&description, 2, i), arguments[i]);
    }
    ck_assert_uint_eq(description.nodes[3].argument_count, 0);
    ck_assert_uint_eq(description_node_find(&description, "client"), 3);
    ck_assert_uint_eq(description_node_find(&description, "clien"), 0);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *name, *program, *error;
} refused[] = {
    {"n1", "main", "two nodes are called \"n1\""},
    {"", "main", "\"\" must have 1 to 31 characters"},
    {"01234567890123456789012345678901",
     "main",
     "\"01234567890123456789012345678901\" must have 1 to 31 characters"},
    {"n2", "", "\"\" must have 1 to 63 characters"},
};
#define REFUSED (int)(sizeof refused / sizeof refused[0])

START_TEST(a_node_that_cannot_be_is_refused) {
    open_nodes(1);

    ck_assert_uint_eq(
        description_node_add(&description, refused[_i].name, refused[_i].program, NULL),
        0);

    ck_assert_str_eq(description.error, refused[_i].error);
    ck_assert_uint_eq(description.node_count, 1);
    ck_assert(!description_check(&description));
}
END_TEST

START_TEST(the_first_error_stays) {
    open_nodes(1);
    description_node_add(&description, "n1", "main", NULL);
    description_node_add(&description, "", "main", NULL);
    description_link_add(&description, 1, 9);

    ck_assert_str_eq(description.error, "two nodes are called \"n1\"");
}
END_TEST

START_TEST(names_of_the_greatest_length_are_kept_whole) {
    static const char name[] = "0123456789012345678901234567890";
    static const char program[] = "012345678901234567890123456789012345678901234567890123456789012";
    open_nodes(0);

    ck_assert_uint_eq(description_node_add(&description, name, program, NULL), 1);

    ck_assert_str_eq(description.nodes[1].name, name);
    ck_assert_str_eq(description.nodes[1].program, program);
}
END_TEST

START_TEST(there_are_as_many_nodes_as_the_limit_says) {
    open_nodes(DESCRIPTION_NODES_MAX);
    ck_assert_str_eq(description.error, "");
    ck_assert_uint_eq(description.nodes[DESCRIPTION_NODES_MAX].address, 0x0a000400);

    ck_assert_uint_eq(description_node_add(&description, "more", "main", NULL), 0);

    ck_assert_str_eq(description.error, "more than 1024 nodes");
}
END_TEST

START_TEST(there_are_as_many_links_faults_and_properties_as_the_limits_say) {
    open_nodes(2);
    for (uint32_t i = 0; i < DESCRIPTION_LINKS_MAX; i++) {
        ck_assert_ptr_nonnull(description_link_add(&description, 1, 2));
    }
    ck_assert_ptr_null(description_link_add(&description, 1, 2));
    ck_assert_str_eq(description.error, "more than 1024 links");

    open_nodes(2);
    for (uint32_t i = 0; i < DESCRIPTION_FAULTS_MAX; i++) {
        ck_assert_ptr_nonnull(description_fault_add(&description));
    }
    ck_assert_ptr_null(description_fault_add(&description));
    ck_assert_str_eq(description.error, "more than 256 faults");

    open_nodes(2);
    for (uint32_t i = 0; i < DESCRIPTION_PROPERTIES_MAX; i++) {
        ck_assert_ptr_nonnull(description_property_add(&description, "it holds"));
    }
    ck_assert_ptr_null(description_property_add(&description, "it holds"));
    ck_assert_str_eq(description.error, "more than 128 properties");
}
END_TEST

START_TEST(arguments_beyond_the_room_are_refused_and_take_none) {
    static char half[DESCRIPTION_TEXT_SIZE / 2];
    memset(half, 'x', sizeof half - 1);
    const char *const one[] = {half, NULL};
    const char *const two[] = {half, "y", NULL};
    open_nodes(0);
    ck_assert_uint_eq(description_node_add(&description, "a", "main", one), 1);

    ck_assert_uint_eq(description_node_add(&description, "b", "main", two), 0);
    ck_assert_str_eq(description.error, "the arguments of all nodes exceed 65536 bytes");
    ck_assert_uint_eq(description.node_count, 1);
    ck_assert_uint_eq(description_node_find(&description, "b"), 0);

    ck_assert_uint_eq(description_node_add(&description, "c", "main", one), 2);
    ck_assert_str_eq(description_argument(&description, 2, 0), half);
}
END_TEST

START_TEST(a_link_to_a_node_that_is_not_there_is_refused) {
    open_nodes(2);
    ck_assert_ptr_null(description_link_add(&description, 3, 1));
    ck_assert_str_eq(description.error, "a link names node 3, which does not exist");

    open_nodes(2);
    ck_assert_ptr_null(description_link_add(&description, 0, 7));
    ck_assert_str_eq(description.error, "a link names node 7, which does not exist");
}
END_TEST

START_TEST(a_sentence_that_does_not_fit_is_refused) {
    char sentence[DESCRIPTION_SENTENCE_SIZE + 1] = "";
    open_nodes(1);
    ck_assert_ptr_null(description_property_add(&description, sentence));
    memset(sentence, 's', DESCRIPTION_SENTENCE_SIZE);
    ck_assert_ptr_null(description_property_add(&description, sentence));
    ck_assert_uint_eq(description.property_count, 0);

    sentence[DESCRIPTION_SENTENCE_SIZE - 1] = '\0';
    ck_assert_ptr_nonnull(description_property_add(&description, sentence));
}
END_TEST

static struct description_property *
say(const char *sentence, enum description_comparison comparison, int64_t value) {
    struct description_property *property = description_property_add(&description, sentence);
    ck_assert_ptr_nonnull(property);
    property->kind = DESCRIPTION_SOMETIMES;
    property->comparison = comparison;
    property->value = value;
    strcpy(property->counter, "wins");
    return property;
}

/* Whether a counter that nobody touched is so. */
static const struct {
    enum description_comparison comparison;
    int64_t value;
    bool at_once;
} beginnings[] = {
    {DESCRIPTION_EQUAL, 0, true},
    {DESCRIPTION_EQUAL, 1, false},
    {DESCRIPTION_EQUAL, -1, false},
    {DESCRIPTION_AT_MOST, 0, true},
    {DESCRIPTION_AT_MOST, 1, true},
    {DESCRIPTION_AT_MOST, -1, false},
    {DESCRIPTION_AT_LEAST, 0, true},
    {DESCRIPTION_AT_LEAST, -1, true},
    {DESCRIPTION_AT_LEAST, 1, false},
};
#define BEGINNINGS (int)(sizeof beginnings / sizeof beginnings[0])

START_TEST(what_holds_before_anything_happened_is_no_sometimes) {
    open_nodes(1);
    say("somebody wins", beginnings[_i].comparison, beginnings[_i].value);

    ck_assert_int_eq(description_check(&description), !beginnings[_i].at_once);
    ck_assert_str_eq(
        description.error,
        beginnings[_i].at_once
            ? "\"somebody wins\" holds sometimes, and it holds before anything happened"
            : "");
}
END_TEST

START_TEST(two_that_hold_sometimes_differ_in_their_sentence) {
    open_nodes(1);
    say("somebody wins", DESCRIPTION_AT_LEAST, 1);
    say("somebody wins twice", DESCRIPTION_AT_LEAST, 2);
    say("somebody wins", DESCRIPTION_AT_LEAST, 1)->kind = DESCRIPTION_FINALLY;
    ck_assert(description_check(&description));

    say("somebody wins", DESCRIPTION_AT_LEAST, 3);
    ck_assert(!description_check(&description));
    ck_assert_str_eq(description.error, "\"somebody wins\" is said twice to hold sometimes");
}
END_TEST

START_TEST(a_scenario_needs_a_node_that_ends) {
    open_nodes(0);
    ck_assert(!description_check(&description));
    ck_assert_str_eq(description.error, "the scenario has no node");

    open_nodes(2);
    description.nodes[1].daemon = description.nodes[2].daemon = true;
    ck_assert(!description_check(&description));
    ck_assert_str_eq(description.error, "every node is a daemon, so the run would never end");

    open_nodes(2);
    description.nodes[1].daemon = true;
    ck_assert(description_check(&description));
}
END_TEST

/* ---- links, against a naive twin: the table that they amount to ---- */

START_TEST(the_last_link_that_covers_a_pair_governs_it) {
    struct random dice;
    random_init(&dice, 1);
    uint32_t governed = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        const struct description_link *table[NODES + 1][NODES + 1] = {{NULL}};
        open_nodes(NODES);
        const uint64_t links = random_below(&dice, 7);
        for (uint64_t i = 0; i < links; i++) {
            const uint32_t from = (uint32_t)random_below(&dice, NODES + 1);
            const uint32_t to = (uint32_t)random_below(&dice, NODES + 1);
            struct description_link *link = description_link_add(&description, from, to);
            link->one_way = random_below(&dice, 2) == 1;
            for (uint32_t a = 1; a <= NODES; a++) {
                for (uint32_t b = 1; b <= NODES; b++) {
                    if ((from == 0 || from == a) && (to == 0 || to == b)) {
                        table[a][b] = link;
                        table[b][a] = link->one_way ? table[b][a] : link;
                    }
                }
            }
        }

        for (uint32_t a = 1; a <= NODES; a++) {
            for (uint32_t b = 1; b <= NODES; b++) {
                const struct description_link *link = description_link_find(&description, a, b);
                if (table[a][b] != NULL) {
                    ck_assert_ptr_eq(link, table[a][b]);
                    governed++;
                } else {
                    ck_assert_uint_eq(link->from + link->to + link->loss_ppm, 0);
                    ck_assert_uint_le(link->latency_min_ns, link->latency_max_ns);
                    ck_assert_uint_gt(link->latency_min_ns, 0);
                }
            }
        }
    }
    ck_assert_uint_gt(governed, SEEDS);
}
END_TEST

START_TEST(a_new_link_has_the_default_values) {
    open_nodes(2);
    const struct description_link *found = description_link_find(&description, 1, 2);
    const struct description_link *added = description_link_add(&description, 1, 2);

    ck_assert_uint_eq(added->latency_min_ns, found->latency_min_ns);
    ck_assert_uint_eq(added->latency_max_ns, found->latency_max_ns);
    ck_assert_uint_eq(added->loss_ppm + added->duplicate_ppm + added->bandwidth_bps, 0);
    ck_assert(!added->one_way);
}
END_TEST

SUITE(description) {
    SUITE_TEST(an_empty_one_has_limits_and_nothing_else);
    SUITE_TEST(an_object_has_one_history_of_a_model_that_exists);
    SUITE_TEST(there_is_room_for_so_many_histories);
    SUITE_TEST(nodes_have_names_programs_addresses_and_arguments);
    SUITE_LOOP(a_node_that_cannot_be_is_refused, 0, REFUSED);
    SUITE_TEST(the_first_error_stays);
    SUITE_TEST(names_of_the_greatest_length_are_kept_whole);
    SUITE_TEST(there_are_as_many_nodes_as_the_limit_says);
    SUITE_TEST(there_are_as_many_links_faults_and_properties_as_the_limits_say);
    SUITE_TEST(arguments_beyond_the_room_are_refused_and_take_none);
    SUITE_TEST(a_link_to_a_node_that_is_not_there_is_refused);
    SUITE_TEST(a_sentence_that_does_not_fit_is_refused);
    SUITE_LOOP(what_holds_before_anything_happened_is_no_sometimes, 0, BEGINNINGS);
    SUITE_TEST(two_that_hold_sometimes_differ_in_their_sentence);
    SUITE_TEST(a_scenario_needs_a_node_that_ends);
    SUITE_TEST(the_last_link_that_covers_a_pair_governs_it);
    SUITE_TEST(a_new_link_has_the_default_values);
}
