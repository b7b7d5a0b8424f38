-- What has changed since somebody looked, without looking at everything. Each change of an incident's row is numbered
-- by the database itself, so that no writer can forget it, and no replica of an earlier version either; only the mark
-- of a checkpoint is no change.
ALTER TABLE incident ADD COLUMN moved BIGINT NOT NULL DEFAULT 0;
CREATE INDEX incident_moved ON incident (moved);
-- Many transactions write at a time, and commit in another order than they began: the number is the transaction's own,
-- and whoever looks asks the database which of them are over (`txid_snapshot_xmin`).
CREATE FUNCTION incident_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.moved := txid_current();
    RETURN NEW;
END
$$;
CREATE TRIGGER incident_moves BEFORE INSERT OR UPDATE OF title, severity, severity_rank, service, private, status, declared_at, head_seq, state ON incident
FOR EACH ROW EXECUTE FUNCTION incident_moves();
