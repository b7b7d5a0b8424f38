//! Every key there is, its kind and what to write there: the one table from which unknown keys, wrong types,
//! environment variables and the completeness of `config/firebell.toml` are judged. Says nothing of meaning:
//! whether a policy names a person who exists is asked by the modules that read the keys.

#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    /// What to write, for an error: `a span such as "5m"`.
    pub wants: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    /// Text that is never printed, and may stand in a file named by `NAME_file`.
    Secret,
    /// The path of a file or folder, relative to the folder of the configuration.
    Path,
    Span,
    Number,
    Flag,
    /// A date, a time of day or both: as TOML's own type or as text.
    Moment,
    Texts,
    Choice(&'static [&'static str]),
    Table(&'static [Key]),
    /// A table of tables with names that people choose.
    Named(&'static [Key]),
    /// A list of tables.
    Rows(&'static [Key]),
}

const fn key(name: &'static str, kind: Kind, wants: &'static str) -> Key {
    Key { name, kind, wants }
}

/// Whether a key's value is a secret by itself, and not an address that only may hold one.
pub fn is_credential(key: &Key) -> bool {
    matches!(key.kind, Kind::Secret) && !["url", "database_url"].contains(&key.name)
}

const TOKEN: &str = "a random text of at least 16 characters (openssl rand -hex 24)";
const TOKEN_KEY: &str = "64 hexadecimal digits (openssl rand -hex 32)";
const ROUTING_KEY: &str = "a PagerDuty integration key of 32 characters";
const SPAN: &str = "a span such as \"5m\", \"90s\" or \"1h30m\"";

pub const ROOT: &[Key] = &[
    key("listen", Kind::Text, "an address and a port such as \"127.0.0.1:7911\""),
    key("public_url", Kind::Text, "an address such as \"https://firebell.example.org\""),
    key("hosts", Kind::Texts, "a list of names such as [\"firebell.internal\"]"),
    key("database_url", Kind::Secret, "\"sqlite://firebell.db\" or \"postgres://user@host/firebell\""),
    key("data_dir", Kind::Text, "a folder such as \"/var/lib/firebell\""),
    key("severities", Kind::Rows(SEVERITY), "[[severities]] tables"),
    key("runbooks", Kind::Rows(RUNBOOK), "[[runbooks]] tables"),
    key("default_system", Kind::Text, "the system of one of the runbooks such as \"shop\""),
    key("people", Kind::Named(PERSON), "tables [people.NAME]"),
    key("services", Kind::Named(SERVICE), "tables [services.NAME]"),
    key("policies", Kind::Named(POLICY), "tables [policies.NAME]"),
    key("schedules", Kind::Named(SCHEDULE), "tables [schedules.NAME]"),
    key("paging", Kind::Table(PAGING), "tables [paging.pagerduty], [paging.smtp] and [paging.webhook.NAME]"),
    key("slack", Kind::Table(SLACK), "a table [slack]"),
    key("discord", Kind::Table(DISCORD), "a table [discord]"),
    key("ingest", Kind::Named(INGEST), "tables [ingest.NAME]"),
    key("api", Kind::Table(API), "tables [api.tokens.NAME]"),
    key("audit", Kind::Table(AUDIT), "a table [audit]"),
    key("incidents", Kind::Table(INCIDENTS), "a table [incidents]"),
    key("postmortem", Kind::Table(POSTMORTEM), "a table [postmortem]"),
    key("targets", Kind::Named(RUN_TARGET), "tables [targets.NAME]"),
    key("runs", Kind::Table(RUNS), "a table [runs]"),
    key("heartbeat", Kind::Table(HEARTBEAT), "a table [heartbeat]"),
    key("log", Kind::Table(LOG), "a table [log]"),
];

pub const SEVERITY: &[Key] = &[
    key("level", Kind::Text, "a label such as \"P1\""),
    key("name", Kind::Text, "a word such as \"Critical\""),
    key("rank", Kind::Number, "a whole number from 1 (worst)"),
    key("response", Kind::Span, SPAN),
    key("diagnose", Kind::Span, SPAN),
    key("mitigate", Kind::Span, SPAN),
    key("resolve", Kind::Span, SPAN),
    key("postmortem", Kind::Span, "a span such as \"5d\""),
    key("update_every", Kind::Span, "a span such as \"30m\""),
    key("lead_within", Kind::Span, "a span such as \"10m\""),
];

pub const RUNBOOK: &[Key] = &[
    key("path", Kind::Path, "the path of a Markdown file, relative to the folder of this configuration"),
    key("system", Kind::Text, "a name such as \"shop\""),
    key("room", Kind::Text, "a channel such as \"#shop-ops\""),
    key("overlay", Kind::Path, "the path of a TOML file, relative to the folder of this configuration"),
];

/// What an overlay may hold: the file beside a runbook that says what a document cannot.
pub const OVERLAY: &[Key] = &[
    key("zone", Kind::Text, "a zone such as \"Europe/Madrid\""),
    key("working_hours", Kind::Table(HOURS), "a table such as { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"] }"),
    key("first", Kind::Texts, "a list such as [\"schedule:primary\"]"),
    key("roles", Kind::Rows(ROLE), "[[roles]] tables"),
    key("channels", Kind::Rows(CHANNEL), "[[channels]] tables"),
    key("targets", Kind::Rows(TARGET), "[[targets]] tables"),
    key("values", Kind::Rows(VALUE), "[[values]] tables"),
    key("secrets", Kind::Rows(SECRET), "[[secrets]] tables"),
    key("authority", Kind::Rows(AUTHORITY), "[[authority]] tables"),
    key("reads", Kind::Texts, "a list of scripts such as [\"./scripts/health.sh\"]"),
    key("times", Kind::Rows(TIME), "[[times]] tables"),
    key("reminders", Kind::Flag, "true or false"),
    key("schedules", Kind::Table(OPERATIONS), "a table [schedules]"),
    key("review", Kind::Rows(REVIEW), "[[review]] tables"),
];

pub const ROLE: &[Key] = &[
    key("name", Kind::Text, "a role as the runbook names it, such as \"on-call engineer\""),
    key("page", Kind::Texts, "a list such as [\"@ana\", \"schedule:primary\", \"owners\", \"webhook.ops\"]"),
];

pub const CHANNEL: &[Key] = &[
    key("name", Kind::Text, "a channel as the runbook names it, such as \"#incidents\""),
    key("room", Kind::Text, "a channel of this place such as \"#shop-incidents\""),
];

pub const TARGET: &[Key] = &[
    key("name", Kind::Text, "a client of the runbook such as \"postgres\" or \"docker\""),
    key("target", Kind::Text, "the name of a table [targets.NAME] such as \"shop-docker\""),
    key("inside", Kind::Text, "a container, pod or unit such as \"shop-db-1\""),
];

pub const AUTHORITY: &[Key] = &[
    key("level", Kind::Text, "a level as the runbook names it, such as \"Level 1\""),
    key("people", Kind::Texts, "a list such as [\"@ana\", \"schedule:primary\", \"owners\"]"),
    key("risk", Kind::Choice(&["mutate", "destroy"]), "\"mutate\" or \"destroy\""),
    key("actions", Kind::Texts, "a list such as [\"restart\", \"docker start *\"], or [\"*\"] for all"),
];

pub const VALUE: &[Key] = &[
    key("placeholder", Kind::Text, "a placeholder as the runbook writes it, such as \"your-domain\""),
    key("value", Kind::Text, "what stands there, such as \"shop.example.org\""),
];

pub const SECRET: &[Key] = &[
    key("variable", Kind::Text, "a variable as the runbook writes it, such as \"REDIS_PASSWORD\""),
    key("value", Kind::Secret, "what it stands for"),
    key("env", Kind::Text, "a variable of Firebell's own environment such as \"SHOP_REDIS_PASSWORD\""),
];

pub const TIME: &[Key] = &[
    key("schedule", Kind::Text, "the name of a schedule of the runbook, or its line"),
    key("when", Kind::Text, "a time such as \"first Monday 09:00\", or five cron fields"),
    key("run", Kind::Flag, "true or false"),
    key("declare", Kind::Flag, "true or false"),
    key("severity", Kind::Text, "a level of the runbook such as \"P2\""),
    key("post", Kind::Flag, "true or false"),
];

/// How the runbook's schedules are gone by, all of them.
pub const OPERATIONS: &[Key] = &[
    key("run", Kind::Flag, "true or false"),
    key("grace", Kind::Span, "a span such as \"1h\""),
    key("declare", Kind::Flag, "true or false"),
    key("severity", Kind::Text, "a level of the runbook such as \"P2\""),
    key("post", Kind::Flag, "true or false"),
];

pub const REVIEW: &[Key] = &[
    key("hash", Kind::Text, "the hash of a proposal, as firebell runbook review prints it"),
    key("decision", Kind::Choice(&["confirmed", "rejected"]), "\"confirmed\" or \"rejected\""),
    key("what", Kind::Text, "what was proposed, for people"),
];

pub const PERSON: &[Key] = &[
    key("name", Kind::Text, "a name such as \"Ana Ruiz\""),
    key("email", Kind::Text, "an address such as \"ana@example.org\""),
    key("time_zone", Kind::Text, "a zone such as \"Europe/Madrid\""),
    key("slack", Kind::Text, "a member id such as \"U024BE7LH\""),
    key("pagerduty", Kind::Text, "a user id such as \"PXPGF42\""),
    key("discord", Kind::Text, "a user id such as \"80351110224678912\""),
    key("contact", Kind::Rows(CONTACT), "a list such as [{ via = \"pagerduty\" }]"),
];

pub const CONTACT: &[Key] = &[
    key("via", Kind::Text, "\"pagerduty\", \"pagerduty.NAME\", \"smtp\" or \"webhook.NAME\""),
    key("routing_key", Kind::Secret, ROUTING_KEY),
    key("address", Kind::Text, "an address such as \"ana@example.org\""),
];

pub const SERVICE: &[Key] = &[
    key("system", Kind::Text, "the name of a system such as \"shop\""),
    key("policy", Kind::Text, "the name of a table [policies.NAME]"),
    key("owners", Kind::Texts, "a list of people such as [\"ana\", \"bo\"]"),
    key("targets", Kind::Texts, "a list of names such as [\"shop-docker\"]"),
];

pub const POLICY: &[Key] = &[
    key("repeat", Kind::Number, "a whole number from 0, or leave it out to repeat until acknowledged"),
    key("ack_timeout", Kind::Span, "a span such as \"30m\", or leave it out for no time-out"),
    key("working_hours", Kind::Table(HOURS), "a table such as { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"] }"),
    key("then", Kind::Text, "the name of another table [policies.NAME]"),
    key("levels", Kind::Rows(STEP), "[[policies.NAME.levels]] tables"),
];

pub const STEP: &[Key] = &[
    key("page", Kind::Texts, "a list such as [\"@ana\", \"schedule:primary\", \"owners\", \"webhook.ops\"]"),
    key("delay", Kind::Span, SPAN),
    key("when", Kind::Choice(&["always", "working-hours", "off-hours"]), "\"working-hours\" or \"off-hours\""),
];

pub const HOURS: &[Key] = &[
    key("zone", Kind::Text, "a zone such as \"Europe/Madrid\""),
    key("days", Kind::Texts, "a list of weekdays such as [\"Mon-Fri\"]"),
    key("from", Kind::Text, "a time such as \"09:00\""),
    key("to", Kind::Text, "a time such as \"17:00\""),
];

pub const SCHEDULE: &[Key] = &[
    key("people", Kind::Texts, "a list of people such as [\"ana\", \"bo\"]"),
    key("shift", Kind::Span, "a span such as \"1w\", \"1d\" or \"12h\""),
    key("handoff", Kind::Moment, "a time such as \"Mon 09:00\" or \"09:00\""),
    key("zone", Kind::Text, "a zone such as \"Europe/Madrid\""),
    key("start", Kind::Moment, "a date such as 2026-01-05"),
    key("overrides", Kind::Rows(OVERRIDE), "[[schedules.NAME.overrides]] tables"),
];

pub const OVERRIDE: &[Key] = &[
    key("person", Kind::Text, "a person such as \"ana\""),
    key("from", Kind::Moment, "a time such as 2026-01-05T09:00:00Z"),
    key("to", Kind::Moment, "a time such as 2026-01-05T17:00:00Z"),
];

pub const PAGING: &[Key] = &[
    key("rings_per_minute", Kind::Number, "a whole number from 1"),
    key("pagerduty", Kind::Table(PAGERDUTY), "a table [paging.pagerduty]"),
    key("smtp", Kind::Table(SMTP), "a table [paging.smtp]"),
    key("webhook", Kind::Named(WEBHOOK), "tables [paging.webhook.NAME]"),
];

pub const PAGERDUTY: &[Key] = &[
    key("routing_key", Kind::Secret, ROUTING_KEY),
    key("api_url", Kind::Text, "an address such as \"https://events.pagerduty.com\""),
    key(
        "webhook_secret",
        Kind::Secret,
        "the signing secret of a PagerDuty webhook, or several with blanks between them",
    ),
    key("services", Kind::Named(PAGERDUTY_SERVICE), "tables [paging.pagerduty.services.NAME]"),
];

pub const PAGERDUTY_SERVICE: &[Key] = &[key("routing_key", Kind::Secret, ROUTING_KEY)];

pub const SMTP: &[Key] = &[
    key("host", Kind::Text, "the name of a mail server such as \"mail.example.org\""),
    key("port", Kind::Number, "a number such as 587"),
    key("tls", Kind::Choice(&["starttls", "tls", "none"]), "\"starttls\", \"tls\" or \"none\""),
    key("login", Kind::Flag, "false for a server that asks for no login"),
    key("user", Kind::Text, "the name that the mail server knows us by"),
    key("password", Kind::Secret, "the password of that user"),
    key("from", Kind::Text, "an address such as \"firebell@example.org\""),
    key("to", Kind::Texts, "a list such as [\"oncall@example.org\"]"),
    key("ca_file", Kind::Path, "the path of a PEM file, relative to the folder of this configuration"),
    key("notices", Kind::Flag, "true or false"),
];

pub const WEBHOOK: &[Key] = &[
    key("url", Kind::Secret, "an address such as \"https://hooks.example.org/page\""),
    key("secret", Kind::Secret, TOKEN),
    key("notices", Kind::Flag, "true or false"),
];

const SNOWFLAKE: &str = "an id such as \"80351110224678912\"";

pub const DISCORD: &[Key] = &[
    key("token", Kind::Secret, "the bot's token of Discord's developer portal"),
    key("application_id", Kind::Text, SNOWFLAKE),
    key("public_key", Kind::Text, "the public key of the application, 64 hexadecimal digits"),
    key("guild_id", Kind::Text, SNOWFLAKE),
    key("api_url", Kind::Text, "an address such as \"https://discord.com/api/v10\""),
    key("gateway", Kind::Flag, "true or false"),
    key(
        "open",
        Kind::Choice(&["channel", "thread", "forum", "none"]),
        "\"channel\", \"thread\", \"forum\" or \"none\"",
    ),
    key("parent", Kind::Text, SNOWFLAKE),
    key("announce", Kind::Text, SNOWFLAKE),
    key("private_roles", Kind::Texts, "a list of role ids such as [\"41771983423143936\"]"),
    key("message_content", Kind::Flag, "true or false"),
];

pub const SLACK: &[Key] = &[
    key("app_token", Kind::Secret, "an app-level token that begins with xapp-"),
    key("bot_token", Kind::Secret, "the bot token of your Slack app, which begins with xoxb-"),
    key("signing_secret", Kind::Secret, "the signing secret of your Slack app"),
    key("client_id", Kind::Text, "the Client ID of your Slack app such as \"3336676.569200954261\""),
    key("client_secret", Kind::Secret, "the Client Secret of your Slack app"),
    key("token_key", Kind::Secret, TOKEN_KEY),
    key("previous_token_key", Kind::Secret, TOKEN_KEY),
    key("workspaces", Kind::Texts, "a list of ids of workspaces such as [\"T024BE7LD\"]"),
    key("site_url", Kind::Text, "an address such as \"https://slack.com\""),
    key("api_url", Kind::Text, "an address such as \"https://slack.com/api\""),
    key("command", Kind::Text, "a slash command such as \"/incident\""),
    key("announce", Kind::Text, "a channel such as \"#incidents\" or \"C024BE7LH\""),
    key("open", Kind::Choice(&["channel", "none"]), "\"channel\" or \"none\""),
    key("administrators", Kind::Texts, "a list of ids of user groups such as [\"S0614TZR7\"]"),
    key("invite", Kind::Rows(SLACK_INVITE), "[[slack.invite]] tables"),
    key("workspace", Kind::Named(SLACK_WORKSPACE), "tables [slack.workspace.ID]"),
];

pub const SLACK_WORKSPACE: &[Key] = &[
    key("announce", Kind::Text, "a channel such as \"#incidents\" or \"C024BE7LH\""),
    key("announce_all", Kind::Flag, "true or false"),
    key("administrators", Kind::Texts, "a list of ids of user groups such as [\"S0614TZR7\"]"),
    key("invite", Kind::Rows(SLACK_INVITE), "[[slack.workspace.ID.invite]] tables"),
];

pub const SLACK_INVITE: &[Key] = &[
    key("severity", Kind::Text, "the level of a severity such as \"P1\""),
    key("groups", Kind::Texts, "a list of ids of user groups such as [\"S0614TZR7\"]"),
];

pub const INGEST: &[Key] = &[
    key("kind", Kind::Choice(&["alertmanager", "generic"]), "\"alertmanager\" or \"generic\""),
    key("token", Kind::Secret, TOKEN),
    key("severity", Kind::Text, "the level of a [[severities]] table such as \"P2\""),
    key("service", Kind::Text, "the name of a table [services.NAME]"),
    key("severity_label", Kind::Text, "the name of a label such as \"severity\""),
    key("service_label", Kind::Text, "the name of a label such as \"service\""),
    key("mapping", Kind::Table(MAPPING), "a table [ingest.NAME.mapping]"),
    key("rules", Kind::Rows(RULE), "[[ingest.NAME.rules]] tables"),
];

pub const RULE: &[Key] = &[
    key("match", Kind::Texts, "a list of conditions such as ['team=\"payments\"', 'env!=\"prod\"']"),
    key("severity", Kind::Text, "the level of a [[severities]] table such as \"P2\""),
    key("service", Kind::Text, "the name of a table [services.NAME]"),
    key("incident", Kind::Flag, "true or false"),
];

const PATH: &str = "a dotted path into the JSON body such as \"alert.title\"";

pub const MAPPING: &[Key] = &[
    key("alerts", Kind::Text, PATH),
    key("group", Kind::Text, PATH),
    key("title", Kind::Text, PATH),
    key("text", Kind::Text, PATH),
    key("status", Kind::Text, PATH),
    key("firing_values", Kind::Texts, "a list such as [\"firing\", \"triggered\"]"),
    key("resolved_values", Kind::Texts, "a list such as [\"resolved\", \"ok\"]"),
    key("fingerprint", Kind::Text, PATH),
    key("severity", Kind::Text, PATH),
    key("service", Kind::Text, PATH),
    key("link", Kind::Text, PATH),
];

pub const API: &[Key] = &[key("tokens", Kind::Named(API_TOKEN), "tables [api.tokens.NAME]")];

pub const API_TOKEN: &[Key] = &[key("token", Kind::Secret, TOKEN)];

pub const AUDIT: &[Key] = &[key("key", Kind::Secret, "32 bytes as 64 hexadecimal digits (openssl rand -hex 32)")];

pub const INCIDENTS: &[Key] = &[
    key("quiet_resolve", Kind::Span, SPAN),
    key("reopen_window", Kind::Span, SPAN),
    key("draft_reminders", Kind::Number, "a whole number from 0 (never)"),
    key("action_reminders", Kind::Number, "a whole number from 0 (never)"),
];

pub const POSTMORTEM: &[Key] =
    &[key("templates", Kind::Path, "the path of a folder, relative to the folder of this configuration")];

const KINDS: &[&str] = &["docker", "kubernetes", "ssh", "postgres", "mysql", "redis", "prometheus", "http", "host"];

pub const RUN_TARGET: &[Key] = &[
    key("kind", Kind::Choice(KINDS), "\"docker\", \"kubernetes\", \"ssh\", \"postgres\" or another kind of target"),
    key("address", Kind::Secret, "an address such as \"unix:///var/run/docker.sock\" or \"postgres://shop@db/shop\""),
    key("environment", Kind::Text, "a word such as \"production\""),
    key("allow", Kind::Texts, "a list of names such as [\"shop-*\"]"),
    key("scripts", Kind::Flag, "true or false"),
    key("folder", Kind::Path, "the path of a folder, relative to the folder of this configuration"),
    key("user", Kind::Text, "the name that the target knows us by"),
    key("password", Kind::Secret, "the password of that user"),
    key("key", Kind::Secret, "a private key or a token"),
    key("ca_file", Kind::Path, "the path of a PEM file, relative to the folder of this configuration"),
    key("known_hosts", Kind::Path, "the path of a file, relative to the folder of this configuration"),
    key("namespace", Kind::Text, "a namespace such as \"shop\""),
    key("database", Kind::Text, "a database such as \"shop\""),
    key("project", Kind::Text, "the name of a Compose project such as \"shop\""),
];

pub const RUNS: &[Key] = &[
    key("approval", Kind::Span, "a span such as \"15m\""),
    key("cooldown", Kind::Span, SPAN),
    key("read_limit", Kind::Span, "a span such as \"20s\""),
    key("change_limit", Kind::Span, SPAN),
    key("break_glass", Kind::Flag, "true or false"),
    key("policies", Kind::Rows(RUN_POLICY), "[[runs.policies]] tables"),
];

pub const RUN_POLICY: &[Key] = &[
    key("actions", Kind::Texts, "a list of words or commands such as [\"restart\", \"kubectl scale *\"]"),
    key("targets", Kind::Texts, "a list of names such as [\"shop-*\"]"),
    key("environments", Kind::Texts, "a list such as [\"production\"]"),
    key("when", Kind::Choice(&["always", "working-hours", "off-hours"]), "\"working-hours\" or \"off-hours\""),
    key("working_hours", Kind::Table(HOURS), "a table such as { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"] }"),
    key("needs", Kind::Choice(&["confirmation", "second-person", "never"]), "\"second-person\" or \"never\""),
    key("by", Kind::Texts, "a list such as [\"@ana\", \"schedule:dba\"]"),
    key("why", Kind::Text, "a sentence for whoever is refused"),
];

pub const HEARTBEAT: &[Key] =
    &[key("url", Kind::Secret, "an address such as \"https://watcher.example.org/ping/firebell\"")];

pub const LOG: &[Key] = &[
    key("format", Kind::Choice(&["text", "json"]), "\"text\" or \"json\""),
    key("filter", Kind::Text, "a level such as \"info\", or \"info,firebell=debug\""),
];

/// The key of a name, or of the secret whose file `NAME_file` names.
pub fn find(keys: &'static [Key], name: &str) -> Option<(&'static Key, bool)> {
    if let Some(key) = keys.iter().find(|k| k.name == name) {
        return Some((key, false));
    }
    let base = name.strip_suffix("_file")?;
    keys.iter().find(|k| k.name == base && matches!(k.kind, Kind::Secret)).map(|k| (k, true))
}

/// Every name that may stand in a table, `NAME_file` included.
pub fn names(keys: &'static [Key]) -> Vec<String> {
    let mut out = Vec::new();
    for key in keys {
        out.push(key.name.to_string());
        if matches!(key.kind, Kind::Secret) {
            out.push(format!("{}_file", key.name));
        }
    }
    out
}
