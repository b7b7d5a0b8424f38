//! Reads `[slack]`: how Firebell is in Slack. Asks Slack nothing; tokens are looked at only for having been mixed up.

use super::people::known_severity;
use super::problem::{Problems, quoted};
use super::read::Table;
use super::server::{address, is_local, key_of_32_bytes};
use super::settings::{Address, Slack, SlackInvite, SlackOauth, SlackWorkspace, is_slack_place};
use firebell_domain::limits;
use firebell_domain::severity::Severity;
use reqwest::Url;
use secrecy::SecretString;
use std::collections::BTreeMap;

pub const SLACK_URL: &str = "https://slack.com/api";
pub const SITE_URL: &str = "https://slack.com";
/// All three, or none.
const OAUTH: [&str; 3] = ["client_id", "client_secret", "token_key"];
pub const COMMAND: &str = "/incident";
/// Characters of a slash command, Slack's limit.
const COMMAND_CHARS_MAX: usize = 32;
const TEAM_ID: &str = "Write the id, such as \"T024BE7LD\": in a browser, Slack's address has it behind /client/";
const TOKENS: &str = "Copy it from \"OAuth & Permissions\" (xoxb-…) or \"Basic Information\" (xapp-…) of your app";

pub fn slack(root: &Table<'_>, severities: &[Severity], problems: &mut Problems) -> Option<Slack> {
    if !root.given("slack") {
        return None;
    }
    let table = root.table("slack");
    let oauth = oauth(&table, problems);
    if !OAUTH.iter().any(|key| table.given(key)) {
        table.required("bot_token", problems);
    }
    let bot_token = token(&table, "bot_token", "xoxb-", problems);
    let app_token = token(&table, "app_token", "xapp-", problems);
    let signing_secret = table.secret("signing_secret");
    if table.exists() && !table.given("app_token") && !table.given("signing_secret") {
        let what = "Slack has no way to reach Firebell";
        let fix = "Write app_token for Socket Mode, which needs no public address, or signing_secret for HTTP";
        problems.error(&table.here(), what, fix);
    }
    let given = address(&table, "api_url", problems);
    if let Some(a) = given.as_ref().filter(|a| a.url().scheme() == "http" && !is_local(a)) {
        let what = format!("tokens would go to {} unencrypted", a.url().host_str().unwrap_or_default());
        problems.warn(&table.spot("api_url"), what, "Write https://");
    }
    let api_url = given.or_else(|| Some(Address::new(Url::parse(SLACK_URL).ok()?)));
    // All of it, so that all mistakes are named at once.
    let command = command(&table, problems);
    let open_channels = table.text("open") != Some("none");
    let home = workspace(&table, severities, problems);
    let elsewhere = elsewhere(&table, severities, problems);
    if bot_token.is_none() && oauth.is_none() {
        return None;
    }
    let api_url = api_url?;
    Some(Slack { app_token, bot_token, signing_secret, oauth, api_url, command, open_channels, home, elsewhere })
}

/// What `[slack]` says of home, and a table `[slack.workspace.ID]` of another workspace.
fn workspace(table: &Table<'_>, severities: &[Severity], problems: &mut Problems) -> SlackWorkspace {
    SlackWorkspace {
        announce: table.text("announce").and_then(|text| channel(table, text, problems)),
        announce_all: false,
        invite: invite(table, severities, problems),
        administrators: groups(table, "administrators", problems),
    }
}

/// Whatever a table names must be a workspace that can be there, and is not home.
fn elsewhere(slack: &Table<'_>, severities: &[Severity], problems: &mut Problems) -> BTreeMap<String, SlackWorkspace> {
    let all = slack.named("workspace");
    let installable = OAUTH.iter().any(|key| slack.given(key));
    let listed: Vec<&str> = slack.texts("workspaces").into_iter().map(|(id, _)| id).collect();
    // With a bot token of its own, home is that token's workspace, which only Slack knows.
    let home = listed.first().filter(|_| !slack.given("bot_token"));
    let mut found = BTreeMap::new();
    if let Some((_, over)) = all.get(limits::WORKSPACES_MAX) {
        let what = format!("there are {} of these tables, and {} is the most", all.len(), limits::WORKSPACES_MAX);
        problems.error(&over.here(), what, "Remove some: incidents are announced at home too");
    }
    for (name, table) in all {
        let team = name.to_uppercase();
        let mut wrong = |what: String, fix: &str| problems.error(&table.here(), what, fix);
        if !is_team(&team) {
            wrong(format!("{} is not the id of a workspace", quoted(name)), TEAM_ID);
            continue;
        }
        if !installable {
            let what = format!("{team} is not connected: only by a browser is the app installed in several workspaces");
            wrong(what, "Add client_id, client_secret and token_key to [slack], or remove this table");
        } else if home.is_some_and(|id| *id == team) {
            let what = format!("{team} is home, the first of [slack] workspaces");
            wrong(what, "Write these keys in [slack] itself");
        } else if !listed.is_empty() && !listed.contains(&team.as_str()) {
            let what = format!("{team} is not among the workspaces of [slack] workspaces");
            wrong(what, "Add it there, or remove this table");
        }
        let announce_all = table.flag("announce_all").unwrap_or_default();
        if announce_all && !table.given("announce") {
            let what = "announces nothing without a channel";
            problems.error(&table.spot("announce_all"), what, "Add announce, such as \"#incidents\", or remove this");
        }
        found.insert(team, SlackWorkspace { announce_all, ..workspace(&table, severities, problems) });
    }
    found
}

fn is_team(text: &str) -> bool {
    text.starts_with('T') && text.len() > 6 && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Installing by a browser.
fn oauth(table: &Table<'_>, problems: &mut Problems) -> Option<SlackOauth> {
    let site_url = address(table, "site_url", problems);
    let token_key = key_of_32_bytes(table, "token_key", problems);
    let previous_token_key = key_of_32_bytes(table, "previous_token_key", problems);
    let workspaces = workspaces(table, problems);
    let given: Vec<&str> = OAUTH.into_iter().filter(|key| table.given(key)).collect();
    if given.is_empty() {
        for key in ["previous_token_key", "workspaces", "site_url"].into_iter().filter(|key| table.given(key)) {
            let what = "does nothing without client_id, client_secret and token_key";
            problems.error(&table.spot(key), what, "Add those three, or remove this");
        }
        return None;
    }
    for key in OAUTH.into_iter().filter(|key| !given.contains(key)) {
        let what = format!("{} is there, and {key} is not", given.join(" and "));
        let fix = match key {
            "token_key" => "Add token_key: what \"openssl rand -hex 32\" prints",
            _ => "Copy Client ID and Client Secret from \"Basic Information\" of your app",
        };
        problems.error(&table.here(), what, fix);
    }
    if let Some(a) = site_url.as_ref().filter(|a| a.url().scheme() == "http" && !is_local(a)) {
        let what = format!("people would be sent to {} unencrypted", a.url().host_str().unwrap_or_default());
        problems.warn(&table.spot("site_url"), what, "Write https://");
    }
    Some(SlackOauth {
        client_id: table.text("client_id")?.to_string(),
        client_secret: table.secret("client_secret")?,
        token_key: token_key?,
        previous_token_key,
        site_url: site_url.or_else(|| Some(Address::new(Url::parse(SITE_URL).ok()?)))?,
        workspaces,
    })
}

fn workspaces(table: &Table<'_>, problems: &mut Problems) -> Vec<String> {
    let mut all = Vec::new();
    for (text, spot) in table.texts("workspaces") {
        if is_team(text) {
            all.push(text.to_string());
        } else {
            let what = format!("{} is not the id of a workspace", quoted(text));
            problems.error(&spot, what, TEAM_ID);
        }
    }
    all
}

/// Also one that a rotation made (`xoxe.xoxb-…`).
fn token(table: &Table<'_>, key: &str, begins: &str, problems: &mut Problems) -> Option<SecretString> {
    let text = table.text(key)?;
    let wrong = ["xoxb-", "xapp-", "xoxp-"].into_iter().find(|other| text.starts_with(other) && *other != begins);
    if let Some(wrong) = wrong {
        let what = format!("begins with {wrong}, and {key} is one that begins with {begins}");
        problems.error(&table.spot(key), what, TOKENS);
        return None;
    }
    table.secret(key)
}

fn command(table: &Table<'_>, problems: &mut Problems) -> String {
    let Some(text) = table.text("command") else { return COMMAND.to_string() };
    let name = text.strip_prefix('/').unwrap_or_default();
    let fits = |c: char| c.is_lowercase() || c.is_numeric() || "-_".contains(c);
    if name.is_empty() || text.chars().count() > COMMAND_CHARS_MAX || !name.chars().all(fits) {
        let what = format!("{} is no slash command", quoted(text));
        let fix = format!("Write a slash and one word in lower case, at most {COMMAND_CHARS_MAX} characters in all");
        problems.error(&table.spot("command"), what, fix);
    }
    text.to_string()
}

fn channel(table: &Table<'_>, text: &str, problems: &mut Problems) -> Option<String> {
    if is_slack_place(text) {
        return Some(text.to_string());
    }
    let what = format!("{} is no channel of Slack", quoted(text));
    problems.error(
        &table.spot("announce"),
        what,
        "Write its name such as \"#incidents\", or its id such as \"C024BE7LH\"",
    );
    None
}

fn invite(table: &Table<'_>, severities: &[Severity], problems: &mut Problems) -> Vec<SlackInvite> {
    let mut all = Vec::new();
    for row in table.rows("invite") {
        let Some(said) = row.required("severity", problems) else { continue };
        let rank = known_severity(said, severities);
        if rank.is_none() {
            let known: Vec<&str> = severities.iter().map(|s| s.level.as_str()).collect();
            let what = format!("there is no severity {}", quoted(said));
            problems.error(&row.spot("severity"), what, format!("Write one of {}", known.join(", ")));
        }
        let groups = groups(&row, "groups", problems);
        if row.lists_nothing("groups") {
            problems.error(&row.spot("groups"), "invites nobody", "Write a list such as [\"S0614TZR7\"]");
        }
        all.extend(rank.map(|rank| SlackInvite { rank, groups }));
    }
    all
}

/// Ids of user groups.
fn groups(table: &Table<'_>, key: &'static str, problems: &mut Problems) -> Vec<String> {
    let mut groups = Vec::new();
    for (text, spot) in table.texts(key) {
        if text.starts_with('S') && text.len() > 6 && text.chars().all(|c| c.is_ascii_alphanumeric()) {
            groups.push(text.to_string());
        } else {
            let what = format!("{} is not the id of a user group", quoted(text));
            let fix = "Write the id, such as \"S0614TZR7\": it is in the address of the group's page in Slack";
            problems.error(&spot, what, fix);
        }
    }
    groups
}
