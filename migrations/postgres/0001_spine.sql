-- The event list is the truth; every other table here can be computed from it again (`firebell audit rebuild`).
-- Times are microseconds since 1970 (UTC). Enums are text with a CHECK: names are persisted, never ordinals.

CREATE TABLE event (
    incident_id BIGINT NOT NULL,           -- 0 is the organisation's own stream
    seq         BIGINT NOT NULL CHECK (seq > 0),
    at          BIGINT NOT NULL,
    kind        TEXT    NOT NULL,
    actor       TEXT    NOT NULL,           -- JSON, byte for byte as hashed
    body        TEXT    NOT NULL,           -- JSON, byte for byte as hashed
    hash        BYTEA   NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (incident_id, seq)
);

CREATE TABLE incident (
    incident_id      BIGINT NOT NULL PRIMARY KEY,
    title            TEXT    NOT NULL,
    severity         TEXT    NOT NULL,
    severity_rank    BIGINT NOT NULL,
    service          TEXT,
    private          BOOLEAN NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved', 'merged', 'cancelled')),
    is_open          BOOLEAN NOT NULL,
    lead             TEXT,
    acknowledged_by  TEXT,
    acknowledged_at  BIGINT,
    declared_at      BIGINT NOT NULL,
    ended_at         BIGINT,
    updated_at       BIGINT NOT NULL,
    head_seq         BIGINT NOT NULL,
    head_hash        BYTEA   NOT NULL CHECK (length(head_hash) = 32),
    checkpointed_seq BIGINT NOT NULL,      -- head_seq that the last checkpoint holds
    state            TEXT    NOT NULL       -- JSON of the whole incident, so that a decision needs one row
);
CREATE INDEX incident_open ON incident (severity_rank, declared_at) WHERE is_open;
CREATE INDEX incident_declared ON incident (declared_at);
CREATE INDEX incident_unchecked ON incident (incident_id) WHERE checkpointed_seq < head_seq;

CREATE TABLE timer (
    incident_id BIGINT NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve')),
    due_at      BIGINT NOT NULL,
    PRIMARY KEY (incident_id, kind)
);
CREATE INDEX timer_due ON timer (due_at);

CREATE TABLE outbox (
    incident_id BIGINT NOT NULL,
    intent_no   BIGINT NOT NULL,
    lane        TEXT    NOT NULL CHECK (lane IN ('page', 'card', 'update', 'digest')),
    channel     TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('queued', 'claimed', 'done', 'failed', 'cancelled', 'abandoned')),
    queued_at   BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    worker      TEXT,
    lease_until BIGINT,
    claim_seq   BIGINT,
    maybe_sent  BOOLEAN NOT NULL,
    why         TEXT,
    receipt     TEXT,
    intent      TEXT    NOT NULL,           -- JSON
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (incident_id, intent_no)
);
CREATE INDEX outbox_queued ON outbox (lane, channel, due_at) WHERE status = 'queued';
CREATE INDEX outbox_claimed ON outbox (lease_until) WHERE status = 'claimed';
CREATE INDEX outbox_failed ON outbox (updated_at) WHERE status = 'failed';

-- Which incident a source's alert group belonged to last.
CREATE TABLE alert_group (
    source      TEXT    NOT NULL,
    group_key   TEXT    NOT NULL,
    incident_id BIGINT NOT NULL,
    PRIMARY KEY (source, group_key)
);

-- First answers, by Idempotency-Key.
CREATE TABLE idempotency (
    key    TEXT    NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    answer TEXT    NOT NULL
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE checkpoint (
    checkpoint_no BIGINT NOT NULL PRIMARY KEY,
    at            BIGINT NOT NULL,
    previous      TEXT    NOT NULL,
    heads         TEXT    NOT NULL,         -- JSON: [[incident_id, seq, hash], …], those that moved
    mac           TEXT    NOT NULL          -- HMAC-SHA256, key outside the database
);

-- One row: the head of stream 0, numbers to give out, who we are.
CREATE TABLE organisation (
    id               BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    install          TEXT    NOT NULL,      -- random; keeps two Firebells apart at one pager
    incidents        BIGINT NOT NULL,
    head_seq         BIGINT NOT NULL,
    head_hash        BYTEA   NOT NULL,
    checkpointed_seq BIGINT NOT NULL
);

CREATE TABLE oncall_override (
    seq      BIGINT NOT NULL PRIMARY KEY,  -- of its event in stream 0
    schedule TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    from_at  BIGINT NOT NULL,
    to_at    BIGINT NOT NULL
);
CREATE INDEX oncall_override_to ON oncall_override (to_at);

-- The rights below are not part of the log: losing them costs a new sign-in, never an incident.
CREATE TABLE invitation (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL,
    admin      BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    person     TEXT    NOT NULL,
    admin      BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Who last proved that it can commit, and when (`until`), by what for.
CREATE TABLE lease (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT    NOT NULL,
    until  BIGINT NOT NULL
);
