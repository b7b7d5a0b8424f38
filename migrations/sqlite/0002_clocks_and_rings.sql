-- More kinds of timers. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE timer_new (
    incident_id INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder')),
    due_at      INTEGER NOT NULL,
    PRIMARY KEY (incident_id, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO timer_new (incident_id, kind, due_at) SELECT incident_id, kind, due_at FROM timer;
DROP TABLE timer;
ALTER TABLE timer_new RENAME TO timer;
CREATE INDEX timer_due ON timer (due_at);

-- Whom a page rings, when it last did, and with which other pages it went as one summary.
ALTER TABLE outbox ADD COLUMN recipient TEXT;
ALTER TABLE outbox ADD COLUMN rang_at INTEGER;
ALTER TABLE outbox ADD COLUMN summary TEXT;
CREATE INDEX outbox_rang ON outbox (recipient, rang_at) WHERE rang_at IS NOT NULL;
CREATE INDEX outbox_summary ON outbox (summary) WHERE summary IS NOT NULL;
