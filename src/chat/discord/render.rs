//! From what is to be said to Discord's embeds, buttons and menus, within its limits whatever is said. Decides nothing,
//! knows no incident but what the card says. A button's name is its custom id: what it says when it is pressed.

use super::identity::Identities;
use super::words::{line, plain, time, words};
use crate::engine::ports::chat::{ActionStyle, Card, CardAction, CardValue, Line, LookCard, LookMark, RunTable};
use firebell_domain::chain::hex;
use firebell_domain::id::{IncidentId, PersonId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

// Discord's, in UTF-16 units.
pub const CONTENT_MAX: usize = 2_000;
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 4_096;
const FIELDS_MAX: usize = 25;
const FIELD_NAME_MAX: usize = 256;
const FIELD_VALUE_MAX: usize = 1_024;
/// Of all embeds of a message together.
const EMBEDS_MAX: usize = 6_000;
const LABEL_MAX: usize = 80;
const OPTION_MAX: usize = 100;
const OPTIONS_MAX: usize = 25;
const URL_MAX: usize = 512;
/// Buttons beside each other before the rest goes into a menu.
const BUTTONS: usize = 3;
/// Of one line of what happened: the whole is in the room.
const LINE_MAX: usize = 600;

/// Begins every custom id of ours.
pub const OURS: &str = "fb";

/// What a press means.
#[derive(Clone, Debug, PartialEq)]
pub enum Press {
    /// Says the verb at once.
    Say(IncidentId, String),
    /// Asks for more first.
    Ask(IncidentId, String),
    /// Declares what a scheduled look found.
    Offer(String),
    /// A menu: its values are presses of their own.
    Menu,
    /// A form's answers.
    Form(Option<IncidentId>, String),
}

impl Press {
    pub fn custom_id(&self) -> String {
        match self {
            Press::Say(id, verb) => format!("{OURS}|say|{}|{verb}", id.0),
            Press::Ask(id, verb) => format!("{OURS}|ask|{}|{verb}", id.0),
            Press::Offer(id) => format!("{OURS}|look|{id}"),
            Press::Menu => format!("{OURS}|menu"),
            Press::Form(id, name) => format!("{OURS}|form|{}|{name}", id.map(|i| i.0.to_string()).unwrap_or_default()),
        }
    }

    pub fn read(custom_id: &str) -> Option<Press> {
        let parts: Vec<&str> = custom_id.splitn(4, '|').collect();
        let id = |text: &str| text.parse::<i64>().ok().map(IncidentId);
        match parts.as_slice() {
            [OURS, "say", n, verb] => Some(Press::Say(id(n)?, verb.to_string())),
            [OURS, "ask", n, verb] => Some(Press::Ask(id(n)?, verb.to_string())),
            [OURS, "look", id] => Some(Press::Offer(id.to_string())),
            [OURS, "menu"] => Some(Press::Menu),
            [OURS, "form", "", name] => Some(Press::Form(None, name.to_string())),
            [OURS, "form", n, name] => Some(Press::Form(Some(id(n)?), name.to_string())),
            _ => None,
        }
    }
}

/// What finds a message again, and keeps Discord from taking it twice: 24 characters of the act's key.
pub fn tag(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes())).chars().take(24).collect()
}

fn shown_tag(key: &str) -> String {
    format!("ref {}", tag(key).get(..10).unwrap_or_default())
}

/// A topic with the tag of the act that made its channel, within so many characters.
pub fn tagged_topic(topic: &str, key: &str, max: usize) -> String {
    let end = format!(" · {}", shown_tag(key));
    format!("{}{end}", super::words::plain(topic, max.saturating_sub(end.chars().count())))
}

/// Whether a channel has the topic that it was made with under this key.
pub fn is_tagged(channel: &Value, key: &str) -> bool {
    channel["topic"].as_str().is_some_and(|t| t.ends_with(&shown_tag(key)))
}

/// Whether a message of a channel is the one that was posted under this key.
pub fn has_tag(message: &Value, key: &str) -> bool {
    let wanted = shown_tag(key);
    let ends = |v: &Value| v.as_str().is_some_and(|t| t.ends_with(&wanted));
    ends(&message["content"])
        || message["embeds"].as_array().is_some_and(|e| e.iter().any(|e| ends(&e["footer"]["text"])))
}

/// Nobody is called but these.
pub fn mentions(users: &[String]) -> Value {
    json!({ "parse": [], "users": users, "replied_user": false })
}

/// A message for one person.
pub fn private(text: &str, link: Option<(&str, &str)>) -> Value {
    let mut data = json!({
        "content": words(text, CONTENT_MAX),
        "flags": super::wire::EPHEMERAL,
        "allowed_mentions": mentions(&[]),
    });
    if let Some(button) = link.and_then(|(label, url)| link_button(label, url)) {
        data["components"] = json!([{ "type": 1, "components": [button] }]);
    }
    data
}

pub fn card(card: &Card, key: &str, who: &Identities, before: Option<&str>) -> Value {
    let plain_text = match before {
        Some(before) => format!("{before} {}", words(&card.plain, CONTENT_MAX - 100)),
        None => words(&card.plain, CONTENT_MAX - 100),
    };
    json!({
        "content": plain_text,
        "embeds": [embed(card, key, who)],
        "components": components(card),
        "allowed_mentions": mentions(&[]),
    })
}

fn embed(card: &Card, key: &str, who: &Identities) -> Value {
    // A footer knows no markup: only what looks like a call is taken apart.
    let level = plain(&card.severity_level, LABEL_MAX).replace('@', "@\u{200b}");
    let footer = format!("{level} · {} · {}", card.incident, shown_tag(key));
    let title = line(&format!("{} {}", card.incident, card.title), TITLE_MAX);
    let units = |s: &str| s.encode_utf16().count();
    let mut left = EMBEDS_MAX - units(&footer) - units(&title);
    let mut fields = Vec::new();
    for (name, value) in card.facts.iter().take(FIELDS_MAX) {
        let (name, value) = (line(name, FIELD_NAME_MAX), fact(value, who));
        let (name, value) = (or_dash(name), or_dash(value));
        let used = units(&name) + units(&value);
        if used + DESCRIPTION_MAX / 4 > left {
            break;
        }
        left -= used;
        fields.push(json!({ "name": name, "value": value, "inline": units(&value) <= 40 }));
    }
    let mut parts = vec![format!("**{}**", line(&card.status, TITLE_MAX))];
    parts.extend(card.text.iter().map(|p| words(p, DESCRIPTION_MAX)));
    let mut embed = json!({
        "title": title,
        "description": within(&parts, DESCRIPTION_MAX.min(left)),
        "color": color(card),
        "fields": fields,
        "footer": { "text": footer },
    });
    if is_link(&card.link) {
        embed["url"] = json!(card.link);
    }
    embed
}

/// Paragraphs, as many as fit whole; the first is cut rather than left out.
fn within(parts: &[String], max: usize) -> String {
    let mut out = String::new();
    for part in parts.iter().filter(|p| !p.is_empty()) {
        let gap = if out.is_empty() { "" } else { "\n" };
        let used = out.encode_utf16().count() + gap.len();
        if used + part.encode_utf16().count() <= max {
            out.push_str(gap);
            out.push_str(part);
        } else if used + 2 <= max {
            return out + gap + "…";
        }
    }
    out
}

fn or_dash(text: String) -> String {
    if text.trim().is_empty() { "–".to_string() } else { text }
}

fn fact(value: &CardValue, who: &Identities) -> String {
    match value {
        CardValue::Text(text) => words(text, FIELD_VALUE_MAX),
        CardValue::Person { id, name } => person(id, name, who),
        CardValue::Time { at, relative } => time(*at, if *relative { 'R' } else { 'f' }),
    }
}

/// As Discord shows people it knows, else by the name.
pub fn person(id: &PersonId, name: &str, who: &Identities) -> String {
    match who.user(id) {
        Some(user) => format!("<@{user}>"),
        None => line(name, FIELD_NAME_MAX),
    }
}

/// Beside the words, never instead of them.
fn color(card: &Card) -> u32 {
    match (card.ended, card.severity_rank) {
        (true, _) => 0x57_6d_7b,
        (false, 1) => 0xd7_26_38,
        (false, 2) => 0xe6_7e_22,
        (false, 3) => 0xe1_b1_2c,
        (false, _) => 0x2e_86_c1,
    }
}

fn components(card: &Card) -> Value {
    let press = |a: &CardAction| match a.form {
        true => Press::Ask(card.incident, a.verb.clone()),
        false => Press::Say(card.incident, a.verb.clone()),
    };
    let (shown, more) = card.actions.split_at(card.actions.len().min(BUTTONS));
    let mut row: Vec<Value> = shown
        .iter()
        .map(|a| {
            let style = match a.style {
                ActionStyle::Primary => 1,
                ActionStyle::Plain => 2,
                ActionStyle::Danger => 4,
            };
            json!({ "type": 2, "style": style, "label": or_dash(plain(&a.label, LABEL_MAX)), "custom_id": press(a).custom_id() })
        })
        .collect();
    row.extend(link_button("Open in the room", &card.link));
    let mut rows = Vec::new();
    if !row.is_empty() {
        rows.push(json!({ "type": 1, "components": row }));
    }
    let options: Vec<Value> = more
        .iter()
        .take(OPTIONS_MAX)
        .map(|a| json!({ "label": or_dash(plain(&a.label, OPTION_MAX)), "value": press(a).custom_id() }))
        .collect();
    if !options.is_empty() {
        rows.push(json!({ "type": 1, "components": [{
            "type": 3, "custom_id": Press::Menu.custom_id(), "placeholder": "More …", "options": options }] }));
    }
    json!(rows)
}

fn is_link(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.encode_utf16().count() <= URL_MAX
        && url::Url::parse(url).is_ok_and(|u| u.host_str().is_some())
}

fn link_button(label: &str, url: &str) -> Option<Value> {
    is_link(url).then(|| json!({ "type": 2, "style": 5, "label": or_dash(plain(label, LABEL_MAX)), "url": url }))
}

/// What happened, each on a line of its own; what does not fit is in the room.
pub fn lines(lines: &[Line], key: &str, room: &str) -> Value {
    let end = format!("\n-# {}", shown_tag(key));
    let rest = |n: usize| format!("\n… and {n} more: {room}");
    let units = |s: &str| s.encode_utf16().count();
    let mut content = String::new();
    for (n, l) in lines.iter().enumerate() {
        let shown = format!("{} **{}** {}", time(l.at, 'T'), line(&l.who, FIELD_NAME_MAX), words(&l.text, LINE_MAX));
        let gap = usize::from(!content.is_empty());
        let room_left = CONTENT_MAX - units(&end) - units(&rest(lines.len()));
        if units(&content) + gap + units(&shown) > room_left {
            content.push_str(&rest(lines.len() - n));
            break;
        }
        if gap > 0 {
            content.push('\n');
        }
        content.push_str(&shown);
    }
    content.push_str(&end);
    json!({ "content": content, "allowed_mentions": mentions(&[]), "flags": super::wire::SILENT })
}

/// A run, a line for each command; what does not fit is where the link leads.
pub fn table(table: &RunTable, key: &str) -> Value {
    let end = format!("\n-# {}", shown_tag(key));
    let units = |s: &str| s.encode_utf16().count();
    let rest = |n: usize| format!("\n… and {n} more: {}", table.link);
    let mut content = format!("**{}**", line(&table.head, LINE_MAX));
    for (n, row) in table.rows.iter().enumerate() {
        let shown = line(row, LINE_MAX);
        let room_left = CONTENT_MAX - units(&end) - units(&rest(table.rows.len()));
        if units(&content) + 1 + units(&shown) > room_left {
            content.push_str(&rest(table.rows.len() - n));
            break;
        }
        content.push('\n');
        content.push_str(&shown);
    }
    content.push_str(&end);
    let button = Some(&table.link).filter(|l| is_link(l)).and_then(|l| link_button("What each of them said", l));
    let rows: Vec<Value> = button.into_iter().map(|b| json!({ "type": 1, "components": [b] })).collect();
    json!({ "content": content, "components": rows, "allowed_mentions": mentions(&[]), "flags": super::wire::SILENT })
}

/// What a scheduled look found: one line where all is well, which calls nobody.
pub fn look(look: &LookCard, key: &str) -> Value {
    let mark = look.mark.sign();
    let end = format!("\n-# {}", shown_tag(key));
    let rest = |n: usize| format!("\n… and {n} more in the room");
    let units = |s: &str| s.encode_utf16().count();
    let mut content = format!("{mark} **{}**: {}", line(&look.name, FIELD_NAME_MAX), line(&look.says, LINE_MAX));
    let rows = look.rows.iter().map(|row| format!("- {}", line(row, LINE_MAX)));
    let all: Vec<String> = rows.chain(look.text.iter().map(|t| words(t, LINE_MAX))).collect();
    for (n, shown) in all.iter().enumerate() {
        if units(&content) + 1 + units(shown) + units(&rest(all.len())) + units(&end) > CONTENT_MAX {
            content.push_str(&rest(all.len() - n));
            break;
        }
        content.push('\n');
        content.push_str(shown);
    }
    content.push_str(&end);
    let button = look.offer.as_ref().map(|offer| {
        let custom_id = Press::Offer(offer.id.clone()).custom_id();
        json!({ "type": 2, "style": 4, "label": or_dash(plain(&offer.label, LABEL_MAX)), "custom_id": custom_id })
    });
    let buttons: Vec<Value> =
        button.into_iter().chain(look.link.as_ref().and_then(|(label, url)| link_button(label, url))).collect();
    let rows: Vec<Value> = buttons.chunks(5).map(|row| json!({ "type": 1, "components": row })).collect();
    let mut body = json!({ "content": content, "components": rows, "allowed_mentions": mentions(&[]) });
    if look.mark == LookMark::Well {
        body["flags"] = json!(super::wire::SILENT);
    }
    body
}

/// What leads out of the chat: buttons where Discord takes the address, else as text.
pub fn links(links: &[(String, String)], key: &str) -> Value {
    let (pressed, said): (Vec<_>, Vec<_>) = links.iter().partition(|(_, url)| is_link(url));
    let buttons: Vec<Value> = pressed.iter().take(25).filter_map(|(label, url)| link_button(label, url)).collect();
    let rows: Vec<Value> = buttons.chunks(5).map(|row| json!({ "type": 1, "components": row })).collect();
    let said: String =
        said.iter().map(|(label, what)| format!("{}: {}\n", line(label, 100), line(what, 300))).collect();
    let end = format!("-# {}", shown_tag(key));
    let said = words_kept(&said, CONTENT_MAX - end.len() - 1);
    json!({ "content": format!("{said}{end}"), "components": rows, "allowed_mentions": mentions(&[]), "flags": super::wire::SILENT })
}

/// Escaped already: whole lines, as many as fit.
fn words_kept(text: &str, max: usize) -> String {
    let mut out = String::new();
    for l in text.lines() {
        if out.encode_utf16().count() + l.encode_utf16().count() + 1 > max {
            break;
        }
        out.push_str(l);
        out.push('\n');
    }
    out
}

/// Calls people into a place, and says whom Discord does not know.
pub fn invitation(incident: IncidentId, people: &[PersonId], key: &str, who: &Identities) -> Value {
    let known: Vec<String> = people.iter().filter_map(|p| who.user(p)).map(str::to_string).take(100).collect();
    let strangers: Vec<String> =
        people.iter().filter(|p| who.user(p).is_none()).take(20).map(|p| line(p.as_str(), LABEL_MAX)).collect();
    let mut said = Vec::new();
    let called = known.iter().map(|u| format!("<@{u}>")).collect::<Vec<_>>().join(" ");
    if !known.is_empty() {
        said.push(format!("{called} this is {incident}."));
    }
    if !strangers.is_empty() {
        let first = &strangers[0];
        said.push(format!(
            "Not known on Discord: {}. Add their user id to the configuration (\\[people.{first}\\] discord).",
            strangers.join(", ")
        ));
    }
    let end = format!("\n-# {}", shown_tag(key));
    let content = words_kept(&said.join("\n"), CONTENT_MAX - end.len());
    json!({ "content": format!("{}{end}", content.trim_end()), "allowed_mentions": mentions(&known) })
}

/// A channel's name as Discord takes it: lower case, no spaces, at most 100.
pub fn channel_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c.is_alphanumeric() || c == '_' {
            true => out.push(c),
            false if !out.ends_with('-') && !out.is_empty() => out.push('-'),
            false => {}
        }
    }
    let cut: String = out.chars().take(95).collect();
    let name = cut.trim_matches('-');
    if name.is_empty() { "incident".to_string() } else { name.to_string() }
}
