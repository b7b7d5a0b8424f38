//! The neutral card, lines and answers as Block Kit, within Slack's limits whatever is in them. Every message also has
//! a plain `text`: what a notification and a screen reader say. Pure; asks nobody anything.

use super::text::{cut, cut_escaped, escape, escape_plain, pieces};
use crate::engine::ports::chat::{ActionStyle, Card, CardAction, CardValue, Line, LookCard, RunTable};
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::time::Timestamp;
use serde_json::{Value, json};

pub const BLOCKS_MAX: usize = 50;
/// Letters of all blocks of one message together: Slack takes 12,000 and refuses the whole message beyond it.
const TOTAL_CHARS_MAX: usize = 11_900;
pub const SECTION_CHARS_MAX: usize = 3_000;
const FIELD_CHARS_MAX: usize = 2_000;
const FIELDS_MAX: usize = 10;
const HEADER_CHARS_MAX: usize = 150;
pub const BUTTON_CHARS_MAX: usize = 75;
const BUTTONS_SHOWN: usize = 3;
const OVERFLOW_MAX: usize = 5;
const OPTIONS_MAX: usize = 100;
/// Of one row of what a look found.
const LOOK_ROW_CHARS_MAX: usize = 600;
/// Of the plain text. Slack cuts off at 40,000 and advises 4,000.
const TEXT_CHARS_MAX: usize = 3_900;

/// What our elements are called. Whatever else is pressed is not ours, or is of an older version.
pub const PRESS: &str = "firebell.press";
pub const MORE: &str = "firebell.more";
/// Declares what a scheduled look found.
pub const OFFER: &str = "firebell.offer";

/// How a person is mentioned: as Slack knows them, else by name.
pub type Mention<'a> = &'a dyn Fn(&PersonId) -> Option<String>;

/// A message: its blocks and its plain text.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub blocks: Vec<Value>,
    pub text: String,
}

impl Rendered {
    /// As a request has it, with more keys beside.
    pub fn request(&self, more: Value) -> Value {
        let mut request = more;
        request["blocks"] = json!(self.blocks);
        request["text"] = json!(self.text);
        request
    }
}

/// A rank's sign: a shape with a letter beside it, so that nothing is told by colour alone.
fn sign(rank: u32) -> &'static str {
    match rank {
        1 => "🔴",
        2 => "🟠",
        3 => "🟡",
        _ => "🔵",
    }
}

pub fn card(card: &Card, mention: Mention<'_>) -> Rendered {
    let mark = if card.ended { "☑️" } else { sign(card.severity_rank) };
    let head = format!("{mark} {} [{}] {}", card.incident, card.severity_level, clean(&card.title));
    let mut blocks = vec![
        header(&head),
        section(&format!("*{}*", cut_escaped(&sentence(&escape(&card.status)), SECTION_CHARS_MAX - 10))),
    ];
    let fields: Vec<Value> = card.facts.iter().map(|(label, value)| field(label, value, mention)).collect();
    blocks.extend(fields.chunks(FIELDS_MAX).map(|some| json!({ "type": "section", "fields": some })));
    for paragraph in &card.text {
        blocks.extend(pieces(&escape(paragraph), SECTION_CHARS_MAX).iter().map(|p| section(p)));
    }
    let link = format!("<{}|Open in the room>", address(&card.link));
    let foot: Vec<Value> = actions(card.incident, &card.actions).into_iter().chain([context(&link)]).collect();
    Rendered { blocks: fitted(blocks, foot), text: plain(&card.plain) }
}

/// The line about an incident where all are announced. A storm of them is read there, so it has the buttons too.
pub fn announcement(card: &Card, place: Option<&str>, mention: Mention<'_>) -> Rendered {
    let mark = if card.ended { "☑️" } else { sign(card.severity_rank) };
    let at = place.map_or(String::new(), |p| format!(" · <#{}>", channel_of(p)));
    let title = cut_escaped(&escape(&card.title), 1_000);
    let level = escape_plain(&card.severity_level);
    let status = escape(&card.status);
    let lead = card.facts.iter().find(|(label, _)| label == "Lead" || label == "Has it");
    let lead = lead.map_or(String::new(), |(label, v)| format!(" · {} {}", label.to_lowercase(), value(v, mention)));
    let line = format!("{mark} *<{}|{}>* [{level}] {title}{at}\n{status}{lead}", address(&card.link), card.incident);
    let mut blocks = vec![section(&cut_escaped(&line, SECTION_CHARS_MAX - 1))];
    blocks.extend(actions(card.incident, &card.actions));
    Rendered { blocks, text: plain(&card.plain) }
}

/// What happened, oldest first, in one message.
pub fn lines(lines: &[Line], repeated: bool) -> Rendered {
    let mut parts: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        let (who, text) = (escape_plain(&line.who), escape(&line.text));
        let who = if who.is_empty() { String::new() } else { format!("*{}* ", who.replace('*', "")) };
        let said = if lines.len() > 1 { format!("{} {who}{text}", clock(line.at)) } else { format!("{who}{text}") };
        parts.extend(pieces(&said, SECTION_CHARS_MAX));
        texts.push(format!("{} {}", line.who, line.text).trim().to_string());
    }
    let mut foot = Vec::new();
    if repeated {
        foot.push(section("_Possibly repeated: whether this arrived before is not known._"));
        texts.push("(possibly repeated)".to_string());
    }
    Rendered { blocks: packed(parts, foot), text: plain(&texts.join("\n")) }
}

/// A run, a line for each command.
pub fn table(table: &RunTable, repeated: bool) -> Rendered {
    let lines = std::iter::once(&table.head).chain(&table.rows);
    let parts: Vec<String> = lines.flat_map(|l| pieces(&escape(l), SECTION_CHARS_MAX)).collect();
    let mark = repeated.then(|| section("_Possibly repeated: whether this arrived before is not known._"));
    let link = context(&format!("<{}|What each of them said>", address(&table.link)));
    let repeated = if repeated { "(possibly repeated) " } else { "" };
    Rendered {
        blocks: packed(parts, mark.into_iter().chain([link]).collect()),
        text: plain(&format!("{repeated}{}\n{}", table.head, table.rows.join("\n"))),
    }
}

/// What a scheduled look found: one line where all is well.
pub fn look(look: &LookCard) -> Rendered {
    let mark = look.mark.sign();
    let name = escape_plain(&look.name).replace('*', "");
    let head = format!("{mark} *{name}*: {}", escape(&look.says));
    let rows = look.rows.iter().map(|row| cut_escaped(&format!("• {}", escape(row)), LOOK_ROW_CHARS_MAX));
    let parts: Vec<String> = [cut_escaped(&head, SECTION_CHARS_MAX - 1)].into_iter().chain(rows).collect();
    let mut blocks = packed(parts, Vec::new());
    for paragraph in &look.text {
        blocks.extend(pieces(&escape(paragraph), SECTION_CHARS_MAX).iter().map(|p| section(p)));
    }
    let button = look.offer.as_ref().map(|offer| {
        let button = json!({ "type": "button", "action_id": OFFER, "text": words(&offer.label), "value": offer.id, "style": "danger" });
        json!({ "type": "actions", "block_id": "firebell.look", "elements": [button] })
    });
    let link = look.link.as_ref().map(|(label, url)| context(&format!("<{}|{}>", address(url), escape_plain(label))));
    let said: Vec<&str> = look.rows.iter().chain(&look.text).map(String::as_str).collect();
    Rendered {
        blocks: fitted(blocks, button.into_iter().chain(link).collect()),
        text: plain(format!("{}: {}\n{}", look.name, look.says, said.join("\n")).trim_end()),
    }
}

/// The answer to a saying: our own sentences, which may quote people.
pub fn answer(text: &str) -> Rendered {
    let parts = pieces(&escape(text), SECTION_CHARS_MAX);
    let parts = if parts.is_empty() { vec!["Done.".to_string()] } else { parts };
    Rendered { blocks: packed(parts, Vec::new()), text: plain(text) }
}

/// What fits of a message before what must stand at its end. What is left out is said to be in the room.
fn fitted(blocks: Vec<Value>, foot: Vec<Value>) -> Vec<Value> {
    let more = section("_… and more: the room has all of it._");
    let room = BLOCKS_MAX - foot.len();
    let mut left = TOTAL_CHARS_MAX.saturating_sub(letters(&more) + foot.iter().map(letters).sum::<usize>());
    let all = blocks.len();
    let mut kept: Vec<Value> = Vec::new();
    for block in blocks {
        let Some(rest) = left.checked_sub(letters(&block)) else { break };
        left = rest;
        kept.push(block);
    }
    if kept.len() < all || all > room {
        kept.truncate(room - 1);
        kept.push(more);
    }
    kept.extend(foot);
    kept
}

/// Letters of everything that is shown of an element.
pub fn letters(value: &Value) -> usize {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| match inner.as_str() {
                Some(text) if key == "text" => units(text),
                Some(_) => 0,
                None => letters(inner),
            })
            .sum(),
        Value::Array(all) => all.iter().map(letters).sum(),
        _ => 0,
    }
}

/// As few sections as hold all of it.
fn packed(parts: Vec<String>, foot: Vec<Value>) -> Vec<Value> {
    let mut sections: Vec<String> = Vec::new();
    for part in parts {
        match sections.last_mut() {
            Some(last) if units(last) + units(&part) < SECTION_CHARS_MAX => {
                last.push('\n');
                last.push_str(&part);
            }
            _ => sections.push(part),
        }
    }
    fitted(sections.iter().map(|s| section(s)).collect(), foot)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn header(text: &str) -> Value {
    json!({ "type": "header", "text": { "type": "plain_text", "text": cut(text, HEADER_CHARS_MAX), "emoji": false } })
}

pub fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": text, "verbatim": true }] })
}

fn field(label: &str, v: &CardValue, mention: Mention<'_>) -> Value {
    let text = format!("*{}*\n{}", escape_plain(label).replace('*', ""), value(v, mention));
    json!({ "type": "mrkdwn", "text": cut_escaped(&text, FIELD_CHARS_MAX - 1), "verbatim": true })
}

fn value(value: &CardValue, mention: Mention<'_>) -> String {
    match value {
        CardValue::Text(text) if text.trim().is_empty() => "–".to_string(),
        CardValue::Text(text) => escape(text),
        CardValue::Person { id, name } => match mention(id) {
            Some(user) => format!("<@{user}>"),
            None => escape_plain(name),
        },
        CardValue::Time { at, relative } => moment(*at, *relative),
    }
}

/// Drawn by the client in the reader's own zone; where it cannot, in UTC.
pub fn moment(at: Timestamp, relative: bool) -> String {
    let form = if relative { "{date_short_pretty} {time} ({ago})" } else { "{date_short_pretty} {time}" };
    format!("<!date^{}^{form}|{}>", at.0.div_euclid(1_000_000), minute(at))
}

fn clock(at: Timestamp) -> String {
    let fallback = minute(at);
    format!("<!date^{}^{{time}}|{fallback}>", at.0.div_euclid(1_000_000))
}

/// `2026-01-05 09:00 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.rfc3339();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// Of a button: the incident and the verb, and whether it asks for more first.
pub fn pressed(incident: IncidentId, verb: &str, form: bool) -> String {
    format!("{incident} {} {verb}", if form { "form" } else { "say" })
}

/// The same read back.
pub fn read_pressed(value: &str) -> Option<(IncidentId, bool, &str)> {
    let mut words = value.splitn(3, ' ');
    let id = IncidentId::parse(words.next()?)?;
    let form = match words.next()? {
        "form" => true,
        "say" => false,
        _ => return None,
    };
    let verb = words.next().filter(|v| !v.is_empty() && v.chars().all(|c| c.is_ascii_lowercase() || c == '-'))?;
    Some((id, form, verb))
}

/// At most three buttons, and a menu with the others.
pub fn actions(incident: IncidentId, all: &[CardAction]) -> Option<Value> {
    if all.is_empty() {
        return None;
    }
    let (shown, more) = all.split_at(all.len().min(BUTTONS_SHOWN));
    let mut elements: Vec<Value> = shown.iter().enumerate().map(|(n, a)| button(incident, n, a)).collect();
    let option = |a: &CardAction| json!({ "text": words(&a.label), "value": pressed(incident, &a.verb, a.form) });
    let options: Vec<Value> = more.iter().take(OPTIONS_MAX).map(option).collect();
    match options.len() {
        0 => {}
        n if n <= OVERFLOW_MAX => elements.push(json!({ "type": "overflow", "action_id": MORE, "options": options })),
        _ => elements.push(json!({
            "type": "static_select",
            "action_id": MORE,
            "placeholder": { "type": "plain_text", "text": "More…" },
            "options": options,
        })),
    }
    Some(json!({ "type": "actions", "block_id": format!("firebell.{incident}"), "elements": elements }))
}

fn button(incident: IncidentId, n: usize, action: &CardAction) -> Value {
    let mut button = json!({
        "type": "button",
        // Unique within its block.
        "action_id": format!("{PRESS}.{n}"),
        "text": words(&action.label),
        "value": pressed(incident, &action.verb, action.form),
    });
    match action.style {
        ActionStyle::Plain => {}
        ActionStyle::Primary => button["style"] = json!("primary"),
        ActionStyle::Danger => button["style"] = json!("danger"),
    }
    button
}

fn words(label: &str) -> Value {
    let label = cut(&clean(label), BUTTON_CHARS_MAX);
    json!({ "type": "plain_text", "text": if label.is_empty() { "–".to_string() } else { label }, "emoji": false })
}

/// A field without markup still must not be turned around or broken.
fn clean(text: &str) -> String {
    escape_plain(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The plain text of a message. It is read with markup as well, hence escaped.
fn plain(text: &str) -> String {
    let cut = cut_escaped(&escape_plain(text), TEXT_CHARS_MAX);
    if cut.trim().is_empty() { "Firebell".to_string() } else { cut }
}

/// An address in a link of ours.
fn address(url: &str) -> String {
    url.replace('&', "&amp;").replace('<', "%3C").replace('>', "%3E").replace('|', "%7C")
}

/// The channel of a place: a place may also be a thread in one.
pub fn channel_of(place: &str) -> &str {
    place.split('/').next().unwrap_or(place)
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "–".to_string(),
    }
}
