-- An incident's next timer only: none takes effect before those that are due before it. Of several rows the earliest
-- stays, and of several at one instant the first in the order of `TimerKind`.
CREATE TABLE timer_new (
    incident_id INTEGER NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder')),
    due_at      INTEGER NOT NULL
) STRICT;
INSERT INTO timer_new (incident_id, kind, due_at)
SELECT incident_id, kind, due_at FROM timer WHERE true
ORDER BY incident_id, due_at, CASE kind WHEN 'escalate' THEN 0 WHEN 'snooze_end' THEN 1 WHEN 'quiet_resolve' THEN 2 WHEN 'milestone' THEN 3 WHEN 'still_working' THEN 4 WHEN 'update_reminder' THEN 5 ELSE 6 END
ON CONFLICT (incident_id) DO NOTHING;
DROP TABLE timer;
ALTER TABLE timer_new RENAME TO timer;
CREATE INDEX timer_due ON timer (due_at);

-- Counting a phone's rings within a minute is asked at every look: with the summary in the index it reads no row.
DROP INDEX outbox_rang;
CREATE INDEX outbox_rang ON outbox (recipient, rang_at, summary) WHERE rang_at IS NOT NULL;
