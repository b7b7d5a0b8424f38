-- One more kind of timer. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE timer_new (
    incident_id INTEGER NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder', 'draft_reminder', 'action_reminder', 'run_expiry')),
    due_at      INTEGER NOT NULL
) STRICT;
INSERT INTO timer_new (incident_id, kind, due_at) SELECT incident_id, kind, due_at FROM timer;
DROP TABLE timer;
ALTER TABLE timer_new RENAME TO timer;
CREATE INDEX timer_due ON timer (due_at);
-- What each target is doing: which run has it, what was done to it lately. Follows from the log, and is locked by
-- whoever starts a run on it.
CREATE TABLE run_target (
    name  TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL DEFAULT '{}'
) STRICT;
-- What commands said, by its digest in the log. Kept for a while only.
CREATE TABLE run_output (
    incident_id INTEGER NOT NULL,
    run_no      INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    digest      TEXT    NOT NULL,
    output      TEXT    NOT NULL,
    PRIMARY KEY (incident_id, run_no, place)
) STRICT;
CREATE INDEX run_output_at ON run_output (at);
