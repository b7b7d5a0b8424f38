-- An incident's next timer only: none takes effect before those that are due before it. Of several rows the earliest
-- stays, and of several at one instant the first in the order of `TimerKind`.
DELETE FROM timer USING (
    SELECT incident_id, kind, ROW_NUMBER() OVER (
        PARTITION BY incident_id
        ORDER BY due_at, CASE kind WHEN 'escalate' THEN 0 WHEN 'snooze_end' THEN 1 WHEN 'quiet_resolve' THEN 2 WHEN 'milestone' THEN 3 WHEN 'still_working' THEN 4 WHEN 'update_reminder' THEN 5 ELSE 6 END
    ) AS place
    FROM timer
) AS ranked
WHERE ranked.place > 1 AND timer.incident_id = ranked.incident_id AND timer.kind = ranked.kind;
ALTER TABLE timer DROP CONSTRAINT timer_pkey;
ALTER TABLE timer ADD PRIMARY KEY (incident_id);

-- Counting a phone's rings within a minute is asked at every look: with the summary in the index it reads no row.
DROP INDEX outbox_rang;
CREATE INDEX outbox_rang ON outbox (recipient, rang_at, summary) WHERE rang_at IS NOT NULL;
