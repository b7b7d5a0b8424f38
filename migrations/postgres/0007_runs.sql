-- One more kind of timer.
ALTER TABLE timer DROP CONSTRAINT timer_kind_check;
ALTER TABLE timer ADD CONSTRAINT timer_kind_check CHECK (kind IN ('escalate', 'snooze_end', 'quiet_resolve', 'milestone', 'still_working', 'update_reminder', 'lead_reminder', 'draft_reminder', 'action_reminder', 'run_expiry'));
-- What each target is doing: which run has it, what was done to it lately. Follows from the log, and is locked by
-- whoever starts a run on it.
CREATE TABLE run_target (
    name  TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL DEFAULT '{}'
);
-- What commands said, by its digest in the log. Kept for a while only.
CREATE TABLE run_output (
    incident_id BIGINT NOT NULL,
    run_no      BIGINT NOT NULL,
    place       BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    digest      TEXT   NOT NULL,
    output      TEXT   NOT NULL,
    PRIMARY KEY (incident_id, run_no, place)
);
CREATE INDEX run_output_at ON run_output (at);
