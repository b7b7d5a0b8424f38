//! A request with files as a form of several parts (RFC 7578), as Discord reads it: `payload_json` and `files[n]`. Pure;
//! the files are texts of ours, with names of ours.

use serde_json::Value;

/// The form's content type, and its body. The boundary is one that stands in no part.
pub fn form(payload: &Value, files: &[(String, String)]) -> (String, Vec<u8>) {
    let payload = payload.to_string();
    let mut boundary = "firebell".to_string();
    while payload.contains(&boundary) || files.iter().any(|(name, text)| (name.clone() + text).contains(&boundary)) {
        boundary.push_str("-x");
    }
    let mut body = Vec::new();
    let mut part = |head: &str, content: &str| {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n{content}\r\n").as_bytes());
    };
    part("Content-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json", &payload);
    for (n, (name, text)) in files.iter().enumerate() {
        let disposition = format!("Content-Disposition: form-data; name=\"files[{n}]\"; filename=\"{}\"", plain(name));
        part(&format!("{disposition}\r\nContent-Type: text/plain; charset=utf-8"), text);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Letters, digits, dots and dashes: what is in no header a mark.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_part_can_end_the_form_or_begin_another() {
        let hostile = "--firebell--\r\n--firebell-x\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{}";
        let (kind, body) = form(&json!({"content": "x"}), &[("a\"b\r\n.txt".into(), hostile.into())]);
        let boundary = kind.split("boundary=").nth(1).expect("there is one");
        let text = String::from_utf8(body).expect("text");
        assert_eq!(text.matches(&format!("--{boundary}")).count(), 3, "two parts and the end: {text}");
        assert!(text.contains("filename=\"a-b--.txt\"") && text.contains(hostile), "{text}");
        assert!(text.ends_with(&format!("--{boundary}--\r\n")));
    }
}
