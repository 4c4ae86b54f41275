#include "corpus/table.h"

static enum status
find(struct database *database, const char *sql, const char *name, bool *exists) {
    struct database_query query;
    database_prepare(&query, database, sql);
    database_put_text(&query, name);
    *exists = database_step(&query) && database_get_number(&query) != 0;
    return database_finish(&query);
}

enum status table_find(struct database *database, const char *name, bool *exists) {
    return find(database, "SELECT count(*) FROM main.sqlite_schema WHERE name = ?", name, exists);
}

enum status
table_merge(struct database *database, const char *name, const char *create, const char *merge) {
    bool exists;
    enum status status =
        find(database, "SELECT count(*) FROM other.sqlite_schema WHERE name = ?", name, &exists);
    if (status == STATUS_OK && exists) {
        status = database_run(database, create);
        if (status == STATUS_OK) {
            status = database_run(database, merge);
        }
    }
    return status;
}
