//! Reads `[discord]`: the bot's credentials, and where incidents get their own place. Asks Discord nothing and prints
//! no secret.

use super::problem::{Problems, quoted};
use super::read::Table;
use super::server::{address, is_local};
use super::settings::{Address, Discord, DiscordPlace};
use reqwest::Url;
use secrecy::SecretString;

pub const DISCORD_URL: &str = "https://discord.com/api/v10";
const PARTS: usize = 3;

pub fn discord(root: &Table<'_>, problems: &mut Problems) -> Option<Discord> {
    if !root.given("discord") {
        return None;
    }
    let table = root.table("discord");
    let token = token(&table, problems);
    let public_key = public_key(&table, problems);
    if !table.given("token") && !table.given("public_key") {
        let fix = "Add token (Bot, Token in Discord's developer portal), or public_key for HTTP interactions alone";
        problems.error(&table.here(), "has neither a token nor a public_key, so nothing would reach it", fix);
    }
    let application_id = required_id(&table, "application_id", problems);
    let guild_id = required_id(&table, "guild_id", problems);
    let api_url = address(&table, "api_url", problems);
    if let Some(a) = api_url.as_ref().filter(|a| a.url().scheme() == "http" && !is_local(a)) {
        let what = format!("the token would go to {} unencrypted", a.url().host_str().unwrap_or_default());
        problems.warn(&table.spot("api_url"), what, "Write https://");
    }
    let api_url = api_url.or_else(|| Some(Address::new(Url::parse(DISCORD_URL).ok()?)));
    let (parent, announce) = (id(&table, "parent", problems), id(&table, "announce", problems));
    let open = match table.text("open") {
        Some("thread") => DiscordPlace::Thread,
        Some("forum") => DiscordPlace::Forum,
        Some("none") => DiscordPlace::None,
        _ => DiscordPlace::Channel,
    };
    if !table.given("parent") && matches!(open, DiscordPlace::Thread | DiscordPlace::Forum) {
        let (what, where_) = match open {
            DiscordPlace::Forum => ("a forum post needs its forum", "the id of a forum channel"),
            _ => ("a thread needs its channel", "the id of a text channel"),
        };
        problems.error(&table.spot("open"), what, format!("Add parent = \"…\", {where_}"));
    }
    if table.given("gateway") && table.flag("gateway") == Some(true) && !table.given("token") {
        problems.error(&table.spot("gateway"), "the gateway needs the bot's token", "Add token, or remove gateway");
    }
    if table.flag("gateway") == Some(false) && !table.given("public_key") {
        let fix = "Add public_key and give Discord the address PUBLIC_URL/discord/interactions, or remove gateway";
        problems.error(&table.spot("gateway"), "without the gateway no command would arrive", fix);
    }
    Some(Discord {
        gateway: table.flag("gateway").unwrap_or(token.is_some()),
        message_content: table.flag("message_content").unwrap_or(false),
        private_roles: ids(&table, "private_roles", problems),
        token,
        public_key,
        application_id: application_id?,
        guild_id: guild_id?,
        api_url: api_url?,
        open,
        parent,
        announce,
    })
}

/// Three parts with dots between them, as the developer portal shows it once.
fn token(table: &Table<'_>, problems: &mut Problems) -> Option<SecretString> {
    let text = table.text("token")?;
    let bare = text.strip_prefix("Bot ").unwrap_or(text);
    if bare.split('.').count() != PARTS || bare.contains(char::is_whitespace) {
        let what = "does not look like a bot's token (three parts with dots between them)";
        problems.warn(&table.spot("token"), what, "Copy the token of the page \"Bot\" in Discord's developer portal");
    }
    Some(SecretString::from(bare))
}

fn public_key(table: &Table<'_>, problems: &mut Problems) -> Option<[u8; 32]> {
    let text = table.text("public_key")?;
    let pairs =
        text.as_bytes().chunks(2).map(|p| std::str::from_utf8(p).ok().and_then(|p| u8::from_str_radix(p, 16).ok()));
    let bytes = pairs.collect::<Option<Vec<u8>>>().filter(|_| text.bytes().all(|b| b.is_ascii_hexdigit()));
    let key = bytes.and_then(|b| <[u8; 32]>::try_from(b).ok());
    let usable = key.filter(|k| serenity::interactions_endpoint::Verifier::try_new(*k).is_ok());
    if usable.is_none() {
        let fix = "Copy the Public Key of the page \"General Information\" in Discord's developer portal";
        problems.error(&table.spot("public_key"), format!("{} is no public key", quoted(text)), fix);
    }
    usable
}

fn required_id(table: &Table<'_>, key: &str, problems: &mut Problems) -> Option<String> {
    table.required(key, problems)?;
    id(table, key, problems)
}

/// What Discord calls a snowflake.
fn id(table: &Table<'_>, key: &str, problems: &mut Problems) -> Option<String> {
    let text = table.text(key)?;
    if is_id(text) {
        return Some(text.to_string());
    }
    let fix = "Switch on Developer Mode in Discord (Settings, Advanced), then right click and \"Copy ID\"";
    problems.error(&table.spot(key), format!("{} is no id of Discord's", quoted(text)), fix);
    None
}

fn ids(table: &Table<'_>, key: &str, problems: &mut Problems) -> Vec<String> {
    let mut all = Vec::new();
    for (text, spot) in table.texts(key) {
        match is_id(text) {
            true => all.push(text.to_string()),
            false => {
                let fix = "Right click the role in Server Settings and \"Copy Role ID\"";
                problems.error(&spot, format!("{} is no id of Discord's", quoted(text)), fix);
            }
        }
    }
    all
}

fn is_id(text: &str) -> bool {
    (15..=20).contains(&text.len()) && text.parse::<u64>().is_ok_and(|n| n > 0)
}
