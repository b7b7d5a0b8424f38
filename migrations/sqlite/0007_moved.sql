-- What has changed since somebody looked, without looking at everything. Each change of an incident's row is numbered
-- by the database itself, so that no writer can forget it; only the mark of a checkpoint is no change.
ALTER TABLE incident ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incident_moved ON incident (moved);
-- One transaction writes at a time: whoever sees a number sees every smaller one too.
CREATE TRIGGER incident_moves_in AFTER INSERT ON incident
BEGIN
    UPDATE incident SET moved = (SELECT MAX(moved) FROM incident) + 1 WHERE incident_id = NEW.incident_id;
END;
CREATE TRIGGER incident_moves_on AFTER UPDATE OF title, severity, severity_rank, service, private, status, declared_at, head_seq, state ON incident
BEGIN
    UPDATE incident SET moved = (SELECT MAX(moved) FROM incident) + 1 WHERE incident_id = NEW.incident_id;
END;
