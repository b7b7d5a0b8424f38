//! Bodies as the application sends them: JSON, or multipart with `payload_json` and `files[n]`.
//! Reads forms as RFC 7578 writes them and nothing more; never judges what stands in them.

use super::refused::{Refused, entity_too_large, invalid_form, invalid_json};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The `n` of `files[n]`.
    pub number: u64,
    pub filename: String,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

/// Bytes of one request, at most: 25 MiB of files and what stands around them.
pub const REQUEST_BYTES_MAX: usize = 26 * 1024 * 1024;
/// Bytes of one file, at most, in a server without boosts.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The body and the files beside it.
pub fn read(content_type: &str, body: &[u8]) -> Result<(Value, Vec<File>), Refused> {
    if body.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    if let Some(boundary) = content_type.strip_prefix("multipart/form-data").and_then(boundary_of) {
        return form(&boundary, body);
    }
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        let errors = json!({"_errors": [{
            "code": "CONTENT_TYPE_INVALID",
            "message": "Expected \"Content-Type\" header to be one of {'application/json'}."
        }]});
        return Err(Refused { errors: Some(errors), ..invalid_form() });
    }
    serde_json::from_slice(body).map(|json| (json, Vec::new())).map_err(|_| invalid_json())
}

fn boundary_of(rest: &str) -> Option<String> {
    let value = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches('"').to_string())
}

fn form(boundary: &str, body: &[u8]) -> Result<(Value, Vec<File>), Refused> {
    let mut payload = Value::Null;
    let mut files = Vec::new();
    for part in parts(body, format!("--{boundary}").as_bytes()) {
        let Some(end) = find(part, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&part[..end]).into_owned();
        let bytes = part[end + 4..].to_vec();
        let name = parameter(&head, "name").unwrap_or_default();
        if name == "payload_json" {
            payload = serde_json::from_slice(&bytes).map_err(|_| invalid_json())?;
            continue;
        }
        let number = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']')).and_then(|n| n.parse().ok());
        let (Some(number), Some(filename)) = (number, parameter(&head, "filename")) else { continue };
        if bytes.len() > FILE_BYTES_MAX {
            return Err(entity_too_large());
        }
        let content_type = head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case("content-type").then(|| value.trim().to_string())
        });
        files.push(File { number, filename, content_type, bytes });
    }
    Ok((payload, files))
}

/// What lies between the boundaries, without the line break before each.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let mut rest = match find(body, boundary) {
        Some(at) => &body[at + boundary.len()..],
        None => return found,
    };
    while !rest.starts_with(b"--") {
        let Some(end) = find(rest, boundary) else { break };
        let part = rest[..end].strip_prefix(b"\r\n").unwrap_or(&rest[..end]);
        found.push(part.strip_suffix(b"\r\n").unwrap_or(part));
        rest = &rest[end + boundary.len()..];
    }
    found
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = hay[from..].iter().position(|byte| *byte == first) {
        if hay[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// `name="…"` of the Content-Disposition.
fn parameter(head: &str, key: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let parts = line.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    parts.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value.trim_matches('"').to_string())
}
