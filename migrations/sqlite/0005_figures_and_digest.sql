-- The few events that figures are made of, so that the log of every incident need not be read for them.
CREATE INDEX event_mark ON event (incident_id, seq, kind, at) WHERE kind IN ('acknowledged', 'resolved', 'reopened', 'milestone_breached');
-- What rang, likewise.
CREATE INDEX outbox_ring ON outbox (incident_id, intent_no, recipient, rang_at, summary) WHERE rang_at IS NOT NULL;
-- What stakeholders read, the newest of all incidents first.
CREATE INDEX event_told ON event (at, incident_id, seq) WHERE kind IN ('declared', 'severity_changed', 'status_changed', 'update_posted', 'resolved', 'reopened', 'merged_into', 'cancelled');
