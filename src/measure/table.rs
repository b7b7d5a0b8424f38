//! Every metric: its name, its kind, its labels and its help, in the order in which docs/metrics.md lists them. A label
//! has as many values as the configuration has names, or fewer: never an incident, a person or a title.

/// What one metric is.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets, in seconds.
    Histogram(&'static [f64]),
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        }
    }
}

/// What a disk or a request takes: a millisecond to half a minute.
const WORK: Kind =
    Kind::Histogram(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]);
/// What may be as quick as a vendor or as slow as an outage of it: ten milliseconds to an hour.
const WAIT: Kind = Kind::Histogram(&[
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0,
]);
/// What waits for a person: a second to a day.
const PEOPLE: Kind = Kind::Histogram(&[
    1.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0,
]);
const COUNTER: Kind = Kind::Counter;
const GAUGE: Kind = Kind::Gauge;

macro_rules! table {
    ($($constant:ident = $name:literal $kind:ident [$($label:literal)*] $help:literal;)*) => {
        $(pub const $constant: &str = $name;)*
        pub const TABLE: &[Row] = &[
            $(Row { name: $name, kind: $kind, labels: &[$($label),*], help: $help }),*
        ];
    };
}

table! {
    ALERT_TO_PAGE = "firebell_alert_to_page_seconds" WAIT ["channel_kind"]
        "From the arrival of what declared or reopened an incident to the first page that a vendor took";
    PAGE_TO_ACKNOWLEDGE = "firebell_page_to_acknowledge_seconds" PEOPLE ["severity_rank"]
        "From the first page that arrived to the acknowledgement";
    INCIDENTS_OPEN = "firebell_incidents_open" GAUGE ["severity_rank" "acknowledged"]
        "Open incidents, without private ones; every replica says the same";
    INCIDENTS_DECLARED = "firebell_incidents_declared_total" COUNTER ["severity_rank" "by"]
        "Incidents declared, without private ones, by a person or by a source";
    INCIDENTS_REOPENED = "firebell_incidents_reopened_total" COUNTER ["cause"]
        "Resolved incidents that were opened again";
    INCIDENTS_ENDED = "firebell_incidents_ended_total" COUNTER ["status"]
        "Incidents that were resolved, merged or cancelled";
    ACKNOWLEDGEMENTS = "firebell_acknowledgements_total" COUNTER ["severity_rank" "paged"]
        "Acknowledgements; paged=no where none of the incident's pages had arrived yet";
    ACKNOWLEDGEMENTS_LAPSED = "firebell_acknowledgements_lapsed_total" COUNTER ["cause"]
        "Acknowledgements that were handed back, slept on, or not confirmed when asked";
    MILESTONES_BREACHED = "firebell_milestones_breached_total" COUNTER ["milestone" "severity_rank"]
        "Milestones of a severity that were not reached in time";
    ESCALATIONS = "firebell_escalations_total" COUNTER ["reason"]
        "Levels of a policy that were paged, by why";
    STEPS_SKIPPED = "firebell_steps_skipped_total" COUNTER []
        "Levels of a policy that were passed over because they reach nobody";
    NOBODY_REACHED = "firebell_nobody_reached_total" COUNTER []
        "Times that every pager was paged because no level reached anybody";
    POLICIES_USED_UP = "firebell_policies_used_up_total" COUNTER []
        "Times that the last level of a policy had its time and nobody had acknowledged";

    OUTBOX_WAITING = "firebell_outbox_waiting" GAUGE ["lane" "channel"]
        "Messages that wait to be sent; every replica says the same";
    OUTBOX_OLDEST_AGE = "firebell_outbox_oldest_age_seconds" GAUGE ["lane" "channel"]
        "Since the oldest waiting message was queued; 0 when none waits";
    OUTBOX_CLAIMED = "firebell_outbox_claimed" GAUGE []
        "Messages that are being sent; every replica says the same";
    OUTBOX_FINISHED = "firebell_outbox_finished_total" COUNTER ["lane" "channel" "outcome"]
        "Messages that came to their end: done, failed (given up), cancelled or abandoned";
    SENDS = "firebell_sends_total" COUNTER ["lane" "channel" "outcome"]
        "Tries to send one message: done, retry or never";
    SEND_DURATION = "firebell_send_duration_seconds" WORK ["channel"]
        "Time that one try to send takes";

    ALERTS_RECEIVED = "firebell_alerts_received_total" COUNTER ["source" "status"]
        "Alerts received, repeats too";
    ALERTS_MUTED = "firebell_alerts_muted_total" COUNTER ["source"]
        "Firing alerts that a rule kept from making an incident";
    ALERTS_UNAUTHORIZED = "firebell_alerts_unauthorized_total" COUNTER ["source"]
        "Requests without the source's token";
    ALERT_DELIVERIES = "firebell_alert_deliveries_total" COUNTER ["source" "outcome"]
        "Alert groups taken in: declared, reopened, joined, nothing_new, muted, refused or fault";
    UNREADABLE_REQUESTS = "firebell_unreadable_requests_total" COUNTER ["source"]
        "Requests of an alert source that could not be read, each recorded in an incident";
    COMMANDS = "firebell_commands_total" COUNTER ["verb" "outcome"]
        "Commands of people and of the API: done, refused or fault";
    AUTH_REFUSED = "firebell_auth_refused_total" COUNTER ["gate"]
        "Requests turned away at a gate: api and hook (tokens), sign_in and ack_link (links), pagerduty (signatures), origin (other sites)";
    PAGERDUTY_WEBHOOKS = "firebell_pagerduty_webhooks_total" COUNTER ["outcome"]
        "What PagerDuty said of our pages: acknowledged, noted, already, ignored, not_ours, unreadable, or why it was refused";

    ACT_LATENCY = "firebell_act_latency_seconds" WORK ["outcome"]
        "Time from a command or alert to its durable outcome: done, refused or fault";
    COMMIT_DURATION = "firebell_commit_duration_seconds" WORK ["outcome"]
        "Time that one transaction of the writer takes, with all that shares it: done or fault";
    FAULTS = "firebell_faults_total" COUNTER ["kind"]
        "Commands, alerts and the engine's own inputs that ended in a fault, by what went wrong";
    QUEUE_WAITING = "firebell_queue_waiting" GAUGE ["queue"]
        "What waits for the writer; at 1024 commands the next one hears that too much is waiting";
    TIMER_LAG = "firebell_timer_lag_seconds" WAIT ["kind"]
        "How late a timer's doing was committed";
    TIMER_OVERDUE = "firebell_timer_overdue_seconds" GAUGE []
        "How long the oldest timer is due; 0 when none is";
    ENGINE_LAG = "firebell_engine_lag_seconds" GAUGE []
        "Since the engine's last pass; it passes every second";
    ENGINE_FAILING = "firebell_engine_failing" GAUGE []
        "1 while the engine's last pass could not read or commit";
    ENGINE_PASS_DURATION = "firebell_engine_pass_duration_seconds" WORK []
        "Time that one pass of the engine takes";
    HEARTBEATS = "firebell_heartbeats_total" COUNTER ["outcome"]
        "Calls of the watcher outside: done or failed";
    DATABASE_UP = "firebell_database_up" GAUGE []
        "1 while the database answers within a second";
    CHECKPOINT_AGE = "firebell_checkpoint_age_seconds" GAUGE []
        "Since the log was last covered by checkpoints up to its end and the file outside the database had them";
    CHECKPOINT_FAILING = "firebell_checkpoint_failing" GAUGE []
        "1 while the file of checkpoints outside the database cannot be written";
    CONFIG_VALID = "firebell_config_valid" GAUGE []
        "1 while the configuration on disk is the one in force, 0 while it was refused and an older one is";
    CONFIG_LOADED = "firebell_config_loaded_timestamp_seconds" GAUGE []
        "When the configuration in force was loaded";
    READY = "firebell_ready" GAUGE []
        "1 while /ready answers 200";
    BUILD_INFO = "firebell_build_info" GAUGE ["version" "database"]
        "Always 1; its labels say what runs";

    HTTP_REQUESTS = "firebell_http_requests_total" COUNTER ["route" "method" "status"]
        "Requests answered";
    HTTP_LATENCY = "firebell_http_latency_seconds" WORK ["route"]
        "Time to the answer's head";
    STREAM_SUBSCRIBERS = "firebell_stream_subscribers" GAUGE []
        "Open live streams of the room";
}
