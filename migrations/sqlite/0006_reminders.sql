-- More kinds of timers. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE timer_new (
    incident_id INTEGER NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder', 'draft_reminder', 'action_reminder')),
    due_at      INTEGER NOT NULL
) STRICT;
INSERT INTO timer_new (incident_id, kind, due_at) SELECT incident_id, kind, due_at FROM timer;
DROP TABLE timer;
ALTER TABLE timer_new RENAME TO timer;
CREATE INDEX timer_due ON timer (due_at);
