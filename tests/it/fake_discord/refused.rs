//! How Discord says no: a status, a documented code, a message and, for forms, where it hurts.
//! Never decides whether something is refused.

use serde_json::{Map, Value, json};

#[derive(Debug, Clone)]
pub struct Refused {
    pub status: u16,
    pub code: u32,
    pub message: String,
    pub errors: Option<Value>,
}

impl Refused {
    pub fn new(status: u16, code: u32, message: &str) -> Refused {
        Refused { status, code, message: message.to_string(), errors: None }
    }

    pub fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

/// The refusals by name, so that a handler reads as the documentation does.
macro_rules! refusals {
    ($($name:ident: $status:literal, $code:literal, $message:literal;)*) => {
        $(pub fn $name() -> Refused { Refused::new($status, $code, $message) })*
    };
}

refusals! {
    not_found: 404, 0, "404: Not Found";
    method_not_allowed: 405, 0, "405: Method Not Allowed";
    unauthorized: 401, 0, "401: Unauthorized";
    unknown_application: 404, 10002, "Unknown Application";
    unknown_channel: 404, 10003, "Unknown Channel";
    unknown_guild: 404, 10004, "Unknown Guild";
    unknown_member: 404, 10007, "Unknown Member";
    unknown_message: 404, 10008, "Unknown Message";
    unknown_overwrite: 404, 10009, "Unknown Overwrite";
    unknown_role: 404, 10011, "Unknown Role";
    unknown_user: 404, 10013, "Unknown User";
    unknown_emoji: 400, 10014, "Unknown Emoji";
    unknown_webhook: 404, 10015, "Unknown Webhook";
    unknown_interaction: 404, 10062, "Unknown interaction";
    unknown_command: 404, 10063, "Unknown application command";
    too_many_pins: 400, 30003, "Maximum number of pins reached for the channel (250)";
    too_many_reactions: 400, 30010, "Maximum number of reactions reached (20)";
    too_many_channels: 400, 30013, "Maximum number of server channels reached (500)";
    too_many_old_edits: 429, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later";
    entity_too_large: 413, 40005, "Request entity too large";
    tag_required: 400, 40067, "A tag is required to create a forum post in this channel";
    already_acknowledged: 400, 40060, "Interaction has already been acknowledged.";
    missing_access: 403, 50001, "Missing Access";
    not_in_direct_messages: 400, 50003, "Cannot execute action on a DM channel";
    not_yours: 403, 50005, "Cannot edit a message authored by another user";
    empty_message: 400, 50006, "Cannot send an empty message";
    cannot_message_user: 403, 50007, "Cannot send messages to this user";
    not_a_text_channel: 400, 50008, "Cannot send messages in a non-text channel";
    missing_permissions: 403, 50013, "Missing Permissions";
    system_message: 403, 50021, "Cannot execute action on a system message";
    wrong_channel_type: 400, 50024, "Cannot execute action on this channel type";
    invalid_webhook_token: 401, 50027, "Invalid Webhook Token";
    invalid_form: 400, 50035, "Invalid Form Body";
    invalid_json: 400, 50109, "The request body contains invalid JSON.";
    archived: 400, 50083, "Thread is archived";
    reply_needs_history: 400, 160002, "You cannot reply without permission to read message history";
    thread_exists: 400, 160004, "A thread has already been created for this message";
    thread_locked: 400, 160005, "This thread is locked";
}

/// What is wrong with a body, field by field, in Discord's nested shape.
#[derive(Debug, Default)]
pub struct Form {
    errors: Map<String, Value>,
}

impl Form {
    /// `path` is dotted: `embeds.0.title`. The empty path is the form as a whole.
    pub fn wrong(&mut self, path: &str, code: &str, message: &str) {
        let mut at = &mut self.errors;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let next = at.entry(part).or_insert_with(|| json!({}));
            at = next.as_object_mut().expect("only objects are put there");
        }
        let list = at.entry("_errors").or_insert_with(|| json!([]));
        list.as_array_mut().expect("a list").push(json!({"code": code, "message": message}));
    }

    pub fn required(&mut self, path: &str) {
        self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    pub fn at_most(&mut self, path: &str, text: &str, max: usize) {
        if text.chars().count() > max {
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {max} or fewer in length."));
        }
    }

    pub fn between(&mut self, path: &str, length: usize, min: usize, max: usize) {
        if !(min..=max).contains(&length) {
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", &format!("Must be between {min} and {max} in length."));
        }
    }

    /// A text that must be there, `min` to `max` characters long.
    pub fn text(&mut self, path: &str, value: &Value, min: usize, max: usize) {
        match value {
            Value::Null => self.required(path),
            Value::String(text) => self.between(path, text.chars().count(), min, max),
            _ => self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret value as string."),
        }
    }

    pub fn is_fine(&self) -> bool {
        self.errors.is_empty()
    }

    pub fn finish(self) -> Result<(), Refused> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(Refused { errors: Some(Value::Object(self.errors)), ..invalid_form() }),
        }
    }
}
