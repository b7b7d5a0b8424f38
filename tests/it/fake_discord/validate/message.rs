//! A message's body as a whole: content, embeds, components, flags, attachments, mentions, nonce.

use super::{components, embeds, list, optional_bool, optional_text};
use crate::fake_discord::multipart::File;
use crate::fake_discord::refused::Form;
use crate::fake_discord::state::{COMPONENTS_V2, EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS};
use serde_json::{Value, json};

/// Who sends it decides which flags it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    ToChannel,
    AsAnswer,
    AsEdit,
}

const VOICE_MESSAGE: u64 = 1 << 13;

/// `v2`: whether the message is (or stays) one of Components V2.
pub fn check(form: &mut Form, body: &Value, files: &[File], sent: Sent, v2: bool) {
    if !body.is_object() {
        return form.wrong("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
    }
    optional_text(form, "content", &body["content"], 0, 2_000);
    embeds::check(form, "embeds", &body["embeds"]);
    components::check(form, "components", &body["components"], v2);
    optional_bool(form, "tts", &body["tts"]);
    flags(form, &body["flags"], sent);
    attachments(form, body, files);
    mentions(form, &body["allowed_mentions"]);
    nonce(form, body);
    if v2 {
        for legacy in ["content", "embeds", "poll", "sticker_ids"] {
            let empty = body[legacy].is_null() || body[legacy] == "" || body[legacy] == json!([]);
            if !empty {
                let message = format!("The '{legacy}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
                form.wrong(legacy, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", &message);
            }
        }
    }
}

fn flags(form: &mut Form, value: &Value, sent: Sent) {
    if value.is_null() {
        return;
    }
    let Some(flags) = value.as_u64() else {
        return form.wrong("flags", "NUMBER_TYPE_COERCE", &format!("Value \"{value}\" is not int."));
    };
    let always = SUPPRESS_EMBEDS | COMPONENTS_V2;
    let allowed = match sent {
        Sent::ToChannel => always | SUPPRESS_NOTIFICATIONS | VOICE_MESSAGE,
        Sent::AsAnswer => always | EPHEMERAL | SUPPRESS_NOTIFICATIONS | VOICE_MESSAGE,
        // Flags of the message that are sent back unchanged do no harm.
        Sent::AsEdit => always | EPHEMERAL | SUPPRESS_NOTIFICATIONS | VOICE_MESSAGE,
    };
    if flags & !allowed != 0 {
        form.wrong("flags", "MESSAGE_FLAGS_INVALID", &format!("The flags {} cannot be set here", flags & !allowed));
    }
}

fn attachments(form: &mut Form, body: &Value, files: &[File]) {
    let named = list(form, "attachments", &body["attachments"]);
    if named.len() > 10 || files.len() > 10 {
        form.wrong("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    for (n, attachment) in named.iter().enumerate() {
        if attachment["id"].is_null() {
            form.required(&format!("attachments.{n}.id"));
        }
        optional_text(form, &format!("attachments.{n}.description"), &attachment["description"], 0, 1_024);
        optional_text(form, &format!("attachments.{n}.filename"), &attachment["filename"], 1, 1_024);
    }
    // A picture or a file of a component is one of those that come with the message, or that it keeps.
    let mut wanted = Vec::new();
    references(&body["components"], &mut wanted);
    references(&body["embeds"], &mut wanted);
    let names: Vec<&str> = files.iter().map(|file| file.filename.as_str()).collect();
    let renamed: Vec<&str> = named.iter().filter_map(|attachment| attachment["filename"].as_str()).collect();
    let keeps = named.iter().any(|attachment| attachment["id"].as_str().is_some_and(|id| id.len() > 10));
    for name in wanted {
        if !names.contains(&name) && !renamed.contains(&name) && !keeps {
            let message = format!("The attachment {name} was not found in the payload");
            form.wrong("components", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", &message);
        }
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => {
            let url = fields.get("url").and_then(Value::as_str);
            found.extend(url.and_then(|url| url.strip_prefix("attachment://")));
            fields.values().for_each(|field| references(field, found));
        }
        _ => {}
    }
}

fn mentions(form: &mut Form, allowed: &Value) {
    if allowed.is_null() {
        return;
    }
    let parse = list(form, "allowed_mentions.parse", &allowed["parse"]);
    for (n, kind) in parse.iter().enumerate() {
        if !matches!(kind.as_str(), Some("roles" | "users" | "everyone")) {
            let message = "Value must be one of ('everyone', 'roles', 'users').";
            form.wrong(&format!("allowed_mentions.parse.{n}"), "BASE_TYPE_CHOICES", message);
        }
    }
    for kind in ["roles", "users"] {
        let ids = list(form, &format!("allowed_mentions.{kind}"), &allowed[kind]);
        if ids.len() > 100 {
            form.wrong(&format!("allowed_mentions.{kind}"), "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
        }
        if !ids.is_empty() && parse.iter().any(|parsed| parsed == kind) {
            let message = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            form.wrong("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &message);
        }
    }
}

fn nonce(form: &mut Form, body: &Value) {
    match &body["nonce"] {
        Value::Null => {
            if optional_bool(form, "enforce_nonce", &body["enforce_nonce"]) {
                form.required("nonce");
            }
        }
        Value::String(nonce) => form.at_most("nonce", nonce, 25),
        Value::Number(number) if number.is_i64() || number.is_u64() => {}
        _ => form.wrong("nonce", "NONCE_TYPE_INVALID", "A nonce is a number or at most 25 characters"),
    }
}
