-- What is known of each schedule of a runbook that Firebell looks at by itself: its last time, who has it, what was
-- found. Locked by whoever takes its turn. Not history: what a look found that people should know is in the log.
CREATE TABLE operation (
    system TEXT NOT NULL,
    name   TEXT NOT NULL,
    state  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (system, name)
) STRICT;
