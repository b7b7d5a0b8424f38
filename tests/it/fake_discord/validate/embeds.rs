//! Embeds: ten of them, 6,000 characters together, each part within its length.

use super::{at, list, optional_number, optional_text, url};
use crate::fake_discord::refused::Form;
use serde_json::Value;

const EMBEDS_MAX: usize = 10;
const CHARACTERS_MAX: usize = 6_000;

pub fn check(form: &mut Form, path: &str, value: &Value) {
    let embeds = list(form, path, value);
    if embeds.len() > EMBEDS_MAX {
        form.wrong(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {EMBEDS_MAX} or fewer in length."));
    }
    for (n, embed) in embeds.iter().enumerate() {
        one(form, &at(path, n), embed);
    }
    let total: usize = embeds.iter().map(characters).sum();
    if total > CHARACTERS_MAX {
        let message = format!("Embed size exceeds maximum size of {CHARACTERS_MAX}");
        form.wrong(path, "MAX_EMBED_SIZE_EXCEEDED", &message);
    }
}

fn one(form: &mut Form, path: &str, embed: &Value) {
    optional_text(form, &at(path, "title"), &embed["title"], 0, 256);
    optional_text(form, &at(path, "description"), &embed["description"], 0, 4_096);
    if !embed["footer"].is_null() {
        form.text(&at(path, "footer.text"), &embed["footer"]["text"], 1, 2_048);
    }
    if !embed["author"].is_null() {
        form.text(&at(path, "author.name"), &embed["author"]["name"], 1, 256);
    }
    optional_number(form, &at(path, "color"), &embed["color"], 0, 0xFF_FFFF);
    if let Some(moment) = embed["timestamp"].as_str()
        && !is_moment(moment)
    {
        form.wrong(
            &at(path, "timestamp"),
            "DATE_TIME_TYPE_PARSE",
            &format!("Could not parse {moment}. Should be ISO8601."),
        );
    }
    if !embed["url"].is_null() {
        url(form, &at(path, "url"), &embed["url"], &["http://", "https://"], 2_048);
    }
    for picture in ["image", "thumbnail"] {
        if !embed[picture].is_null() {
            let schemes = ["http://", "https://", "attachment://"];
            url(form, &at(path, format!("{picture}.url")), &embed[picture]["url"], &schemes, 2_048);
        }
    }
    let fields = list(form, &at(path, "fields"), &embed["fields"]);
    if fields.len() > 25 {
        form.wrong(&at(path, "fields"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    for (n, field) in fields.iter().enumerate() {
        form.text(&at(path, format!("fields.{n}.name")), &field["name"], 1, 256);
        form.text(&at(path, format!("fields.{n}.value")), &field["value"], 1, 1_024);
    }
    let shows = ["title", "description", "image", "thumbnail", "author", "footer", "fields", "timestamp", "url"];
    if shows.iter().all(|part| embed[part].is_null() || embed[part] == "") && fields.is_empty() {
        form.required(&at(path, "description"));
    }
}

/// What counts towards the 6,000.
fn characters(embed: &Value) -> usize {
    let count = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fields: usize = fields.iter().map(|field| count(&field["name"]) + count(&field["value"])).sum();
    let own = [&embed["title"], &embed["description"], &embed["footer"]["text"], &embed["author"]["name"]];
    fields + own.into_iter().map(count).sum::<usize>()
}

/// `2026-11-22T10:59:07Z`, roughly: the digits stand where they must.
fn is_moment(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd";
    let fits = |(c, s): (char, char)| if s == 'd' { c.is_ascii_digit() } else { c == s };
    text.len() >= shape.len() && text.chars().zip(shape.chars()).all(fits)
}
