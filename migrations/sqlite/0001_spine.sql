-- The event list is the truth; every other table here can be computed from it again (`firebell audit rebuild`).
-- Times are microseconds since 1970 (UTC). Enums are text with a CHECK: names are persisted, never ordinals.

CREATE TABLE event (
    incident_id INTEGER NOT NULL,           -- 0 is the organisation's own stream
    seq         INTEGER NOT NULL CHECK (seq > 0),
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    actor       TEXT    NOT NULL,           -- JSON, byte for byte as hashed
    body        TEXT    NOT NULL,           -- JSON, byte for byte as hashed
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (incident_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    incident_id      INTEGER NOT NULL PRIMARY KEY,
    title            TEXT    NOT NULL,
    severity         TEXT    NOT NULL,
    severity_rank    INTEGER NOT NULL,
    service          TEXT,
    private          INTEGER NOT NULL CHECK (private IN (0, 1)),
    status           TEXT    NOT NULL CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved', 'merged', 'cancelled')),
    is_open          INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    lead             TEXT,
    acknowledged_by  TEXT,
    acknowledged_at  INTEGER,
    declared_at      INTEGER NOT NULL,
    ended_at         INTEGER,
    updated_at       INTEGER NOT NULL,
    head_seq         INTEGER NOT NULL,
    head_hash        BLOB    NOT NULL CHECK (length(head_hash) = 32),
    checkpointed_seq INTEGER NOT NULL,      -- head_seq that the last checkpoint holds
    state            TEXT    NOT NULL       -- JSON of the whole incident, so that a decision needs one row
) STRICT;
CREATE INDEX incident_open ON incident (severity_rank, declared_at) WHERE is_open = 1;
CREATE INDEX incident_declared ON incident (declared_at);
CREATE INDEX incident_unchecked ON incident (incident_id) WHERE checkpointed_seq < head_seq;

CREATE TABLE timer (
    incident_id INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve')),
    due_at      INTEGER NOT NULL,
    PRIMARY KEY (incident_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_at);

CREATE TABLE outbox (
    incident_id INTEGER NOT NULL,
    intent_no   INTEGER NOT NULL,
    lane        TEXT    NOT NULL CHECK (lane IN ('page', 'card', 'update', 'digest')),
    channel     TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('queued', 'claimed', 'done', 'failed', 'cancelled', 'abandoned')),
    queued_at   INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    worker      TEXT,
    lease_until INTEGER,
    claim_seq   INTEGER,
    maybe_sent  INTEGER NOT NULL CHECK (maybe_sent IN (0, 1)),
    why         TEXT,
    receipt     TEXT,
    intent      TEXT    NOT NULL,           -- JSON
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (incident_id, intent_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_queued ON outbox (lane, channel, due_at) WHERE status = 'queued';
CREATE INDEX outbox_claimed ON outbox (lease_until) WHERE status = 'claimed';
CREATE INDEX outbox_failed ON outbox (updated_at) WHERE status = 'failed';

-- Which incident a source's alert group belonged to last.
CREATE TABLE alert_group (
    source      TEXT    NOT NULL,
    group_key   TEXT    NOT NULL,
    incident_id INTEGER NOT NULL,
    PRIMARY KEY (source, group_key)
) STRICT, WITHOUT ROWID;

-- First answers, by Idempotency-Key.
CREATE TABLE idempotency (
    key    TEXT    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    answer TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE checkpoint (
    checkpoint_no INTEGER NOT NULL PRIMARY KEY,
    at            INTEGER NOT NULL,
    previous      TEXT    NOT NULL,
    heads         TEXT    NOT NULL,         -- JSON: [[incident_id, seq, hash], …], those that moved
    mac           TEXT    NOT NULL          -- HMAC-SHA256, key outside the database
) STRICT;

-- One row: the head of stream 0, numbers to give out, who we are.
CREATE TABLE organisation (
    id               INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    install          TEXT    NOT NULL,      -- random; keeps two Firebells apart at one pager
    incidents        INTEGER NOT NULL,
    head_seq         INTEGER NOT NULL,
    head_hash        BLOB    NOT NULL,
    checkpointed_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE oncall_override (
    seq      INTEGER NOT NULL PRIMARY KEY,  -- of its event in stream 0
    schedule TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    from_at  INTEGER NOT NULL,
    to_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX oncall_override_to ON oncall_override (to_at);

-- The rights below are not part of the log: losing them costs a new sign-in, never an incident.
CREATE TABLE invitation (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL,
    admin      INTEGER NOT NULL CHECK (admin IN (0, 1)),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL,
    admin      INTEGER NOT NULL CHECK (admin IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who last proved that it can commit, and when (`until`), by what for.
CREATE TABLE lease (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT    NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
