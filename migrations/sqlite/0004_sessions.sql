-- On what a session was begun, in words ("Firefox on Linux"): people recognise their own by it.
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
CREATE INDEX session_person ON session (person);
