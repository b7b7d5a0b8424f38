-- More kinds of timers.
ALTER TABLE timer DROP CONSTRAINT timer_kind_check;
ALTER TABLE timer ADD CONSTRAINT timer_kind_check CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder', 'draft_reminder', 'action_reminder'));
