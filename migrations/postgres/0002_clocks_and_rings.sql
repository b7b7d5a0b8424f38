-- More kinds of timers.
ALTER TABLE timer DROP CONSTRAINT timer_kind_check;
ALTER TABLE timer ADD CONSTRAINT timer_kind_check CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder'));

-- Whom a page rings, when it last did, and with which other pages it went as one summary.
ALTER TABLE outbox ADD COLUMN recipient TEXT;
ALTER TABLE outbox ADD COLUMN rang_at BIGINT;
ALTER TABLE outbox ADD COLUMN summary TEXT;
CREATE INDEX outbox_rang ON outbox (recipient, rang_at) WHERE rang_at IS NOT NULL;
CREATE INDEX outbox_summary ON outbox (summary) WHERE summary IS NOT NULL;
