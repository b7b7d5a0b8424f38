//! A request with files as a form of several parts (RFC 7578), as Discord reads it: `payload_json` and `files[n]`. Pure;
//! the files are texts and pictures of ours, with names of ours.

use serde_json::Value;

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
    /// What a picture shows, for whoever cannot see it; empty for a text.
    pub shows: String,
}

/// The form's content type, and its body. The boundary is one that stands in no part.
pub fn form(payload: &Value, files: &[Part]) -> (String, Vec<u8>) {
    let payload = payload.to_string();
    let mut boundary = "firebell".to_string();
    let holds = |bytes: &[u8], what: &str| bytes.windows(what.len()).any(|w| w == what.as_bytes());
    while payload.contains(&boundary) || files.iter().any(|f| holds(&f.bytes, &boundary)) {
        boundary.push_str("-x");
    }
    let mut body = Vec::new();
    let mut part = |head: &str, content: &[u8]| {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    part("Content-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json", payload.as_bytes());
    for (n, file) in files.iter().enumerate() {
        let name = plain(&file.name);
        let disposition = format!("Content-Disposition: form-data; name=\"files[{n}]\"; filename=\"{name}\"");
        part(&format!("{disposition}\r\nContent-Type: {}", file.media_type), &file.bytes);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Letters, digits, dots and dashes: what is in no header a mark.
pub fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_part_can_end_the_form_or_begin_another() {
        let hostile = "--firebell--\r\n--firebell-x\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{}";
        let media_type = "text/plain".to_string();
        let file = Part { name: "a\"b\r\n.txt".into(), media_type, bytes: hostile.into(), shows: String::new() };
        let (kind, body) = form(&json!({"content": "x"}), &[file]);
        let boundary = kind.split("boundary=").nth(1).expect("there is one");
        let text = String::from_utf8(body).expect("text");
        assert_eq!(text.matches(&format!("--{boundary}")).count(), 3, "two parts and the end: {text}");
        assert!(text.contains("filename=\"a-b--.txt\"") && text.contains(hostile), "{text}");
        assert!(text.ends_with(&format!("--{boundary}--\r\n")));
    }
}
