-- Files that commands of a run made, by their digest in the log. They go when what the command said goes.
CREATE TABLE run_file (
    incident_id INTEGER NOT NULL,
    run_no      INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    name        TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    content     BLOB NOT NULL,
    PRIMARY KEY (incident_id, run_no, place, name),
    FOREIGN KEY (incident_id, run_no, place) REFERENCES run_output (incident_id, run_no, place) ON DELETE CASCADE
) STRICT;
