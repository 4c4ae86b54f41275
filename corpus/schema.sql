-- The corpus, format 1. Executed once, when a corpus is created (corpus/store.c).
--
--   scenarios ◄──┐
--   builds ◄─────┼── cases ──► blobs        what failed, and all that is needed to run it again
--   bugs ◄───────┘     ▲
--    ▲                 └── outcomes         what came of running it again, per build
--    └── sightings                          how often it was seen, per campaign
--   campaigns ◄── counters                  what was run
--             ◄── sometimes                 what of it was exercised; not here, since it is made
--                                          when first needed (corpus/sometimes.c); so is
--   reach                                  how far each search came (corpus/reach.c)
--
-- Every key is a hash of the content or a random number of the writer, never a row number, so that
-- two corpora merge by key (corpus/merge.c). Each column says how two values of one row merge.
-- Times are seconds since 1970 and decide nothing but ties. Numbers of 64 bits without sign are
-- stored as the same 64 bits with sign.

PRAGMA application_id = 0x53494D43; -- "SIMC"
PRAGMA user_version = 1;

-- Who writes here, for sightings outside of a campaign. One row; not merged.
CREATE TABLE origin(
    id BLOB NOT NULL PRIMARY KEY CHECK(length(id) = 16)
) STRICT;
INSERT INTO origin VALUES(randomblob(16));

CREATE TABLE blobs(
    hash BLOB NOT NULL PRIMARY KEY CHECK(length(hash) = 16), -- of the raw bytes
    codec INTEGER NOT NULL CHECK(codec IN (0, 1)),           -- 0 raw, 1 zstd
    raw_size INTEGER NOT NULL CHECK(raw_size >= 0),
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE scenarios(
    name TEXT NOT NULL,
    hash BLOB NOT NULL CHECK(length(hash) = 16),
    first_seen INTEGER NOT NULL, -- the smaller
    PRIMARY KEY(name, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE builds(
    fingerprint BLOB NOT NULL PRIMARY KEY CHECK(length(fingerprint) = 16),
    first_seen INTEGER NOT NULL -- the smaller
) STRICT, WITHOUT ROWID;

CREATE TABLE bugs(
    signature BLOB NOT NULL PRIMARY KEY CHECK(length(signature) = 16),
    verdict INTEGER NOT NULL,    -- enum verdict_kind; with message and place, of the row first seen
    message TEXT NOT NULL,
    place TEXT NOT NULL,         -- function names
    first_seen INTEGER NOT NULL, -- the smaller
    last_seen INTEGER NOT NULL,  -- the larger
    status INTEGER NOT NULL DEFAULT 0 CHECK(status BETWEEN 0 AND 3), -- enum bug_status; the later
    status_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- A counter that only grows and has one writer: the larger value is the newer one.
CREATE TABLE sightings(
    bug BLOB NOT NULL REFERENCES bugs(signature),
    origin BLOB NOT NULL CHECK(length(origin) = 16), -- campaigns.id or origin.id
    count INTEGER NOT NULL CHECK(count > 0),         -- the larger
    PRIMARY KEY(bug, origin)
) STRICT, WITHOUT ROWID;

-- What the id does not cover merges as a whole: the row found first, then by value.
CREATE TABLE cases(
    id BLOB NOT NULL PRIMARY KEY CHECK(length(id) = 16), -- case_seal
    scenario TEXT NOT NULL,
    scenario_hash BLOB NOT NULL,
    build BLOB NOT NULL REFERENCES builds(fingerprint),
    seed INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    choices BLOB NOT NULL REFERENCES blobs(hash),
    choices_version INTEGER NOT NULL,
    choices_count INTEGER NOT NULL,
    trace_version INTEGER NOT NULL,
    fingerprint BLOB NOT NULL CHECK(length(fingerprint) = 16),
    steps INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    signal INTEGER NOT NULL,
    message TEXT NOT NULL,
    place TEXT NOT NULL,
    signature BLOB NOT NULL REFERENCES bugs(signature),
    found_at INTEGER NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0 CHECK(pinned IN (0, 1)), -- the later
    pinned_at INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY(scenario, scenario_hash) REFERENCES scenarios(name, hash)
) STRICT;
CREATE INDEX cases_by_bug ON cases(signature, choices_count, id);
CREATE INDEX cases_by_time ON cases(found_at, id);

CREATE TABLE outcomes(
    case_id BLOB NOT NULL REFERENCES cases(id),
    build BLOB NOT NULL REFERENCES builds(fingerprint),
    kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 6), -- enum outcome_kind; the row replayed last
    mismatch_at INTEGER NOT NULL,                      -- the choice that did not match, 0 = none
    replayed_at INTEGER NOT NULL,
    PRIMARY KEY(case_id, build)
) STRICT, WITHOUT ROWID;

-- One writer each: the row with the later beat is the newer one.
CREATE TABLE campaigns(
    id BLOB NOT NULL PRIMARY KEY CHECK(length(id) = 16), -- random
    argv TEXT NOT NULL,
    base_seed INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    shard_count INTEGER NOT NULL CHECK(shard_count > 0 AND shard >= 0 AND shard < shard_count),
    strategy TEXT NOT NULL,
    budget_runs INTEGER NOT NULL, -- of each scenario; 0 = no limit
    budget_s INTEGER NOT NULL,    -- 0 = no limit
    started_at INTEGER NOT NULL,
    beat_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,    -- 0 = it runs, or was killed
    stop_reason TEXT NOT NULL,
    next_index INTEGER NOT NULL   -- the first run that is not done
) STRICT, WITHOUT ROWID;

-- Each only grows and has one writer: the larger value is the newer one.
CREATE TABLE counters(
    campaign BLOB NOT NULL REFERENCES campaigns(id),
    scenario TEXT NOT NULL,
    scenario_hash BLOB NOT NULL,
    runs INTEGER NOT NULL,
    findings INTEGER NOT NULL,       -- runs that ended with a finding
    cases INTEGER NOT NULL,          -- findings stored as new cases
    nondeterminism INTEGER NOT NULL, -- runs that did not repeat
    steps INTEGER NOT NULL,
    time_us INTEGER NOT NULL,        -- virtual
    PRIMARY KEY(campaign, scenario, scenario_hash),
    FOREIGN KEY(scenario, scenario_hash) REFERENCES scenarios(name, hash)
) STRICT, WITHOUT ROWID;

-- For people with sqlite3, and for `sim corpus list`: one row per bug.
CREATE VIEW bug_list AS
    SELECT signature, verdict, message, place, status, first_seen, last_seen,
        (SELECT coalesce(sum(count), 0) FROM sightings WHERE bug = signature) AS hits,
        (SELECT count(*) FROM cases WHERE cases.signature = bugs.signature) AS case_count,
        (SELECT id FROM cases WHERE cases.signature = bugs.signature
            ORDER BY choices_count, id LIMIT 1) AS best
    FROM bugs;
