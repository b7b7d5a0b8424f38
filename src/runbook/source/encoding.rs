//! Bytes to text: byte order marks, UTF-16, UTF-8, and what a file without any of them was probably saved in.

use super::note;
use crate::model::Finding;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

pub fn decode(bytes: &[u8], findings: &mut Vec<Finding>) -> String {
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (Some(encoding), length),
        None => (without_mark(bytes), 0),
    };
    let bytes = &bytes[mark..];
    let Some(encoding) = encoding.filter(|e| *e != UTF_8) else {
        if let Ok(text) = std::str::from_utf8(bytes) {
            if mark > 0 {
                note(findings, "byte-order-mark", vec![1], "The file begins with a byte order mark; left out.");
            }
            return text.to_owned();
        }
        return legacy(bytes, findings);
    };
    note(
        findings,
        "utf-16",
        vec![1],
        &format!(
            "The file is {}; read as that. Save it as UTF-8: code hosts and Git show no differences of it.",
            encoding.name()
        ),
    );
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// UTF-16 without a mark: Latin text has a zero in every second byte.
fn without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    if sample.len() < 8 {
        return None;
    }
    let zeros =
        |from: usize| sample.iter().skip(from).step_by(2).filter(|b| **b == 0).count() * 10 / (sample.len() / 2);
    match (zeros(0), zeros(1)) {
        (0..=1, 4..) => Some(UTF_16LE),
        (4.., 0..=1) => Some(UTF_16BE),
        _ => None,
    }
}

fn legacy(bytes: &[u8], findings: &mut Vec<Finding>) -> String {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    // A file that is UTF-8 but for a few bytes was UTF-8: a pasted character must not turn all others into nonsense.
    let wrong = String::from_utf8_lossy(bytes).matches('\u{fffd}').count();
    let multi = bytes.windows(2).filter(|w| matches!(w[0], 0xc2..=0xf4) && matches!(w[1], 0x80..=0xbf)).count();
    if multi > 4 * wrong {
        return mixed(bytes, findings);
    }
    let encoding = detector.guess(None, Utf8Detection::Deny);
    note(
        findings,
        "legacy-encoding",
        vec![1],
        &format!("The file is not UTF-8; read as {}. Save it as UTF-8 so that nobody has to guess.", encoding.name()),
    );
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// UTF-8 with some lines in Windows-1252: each line by itself.
fn mixed(bytes: &[u8], findings: &mut Vec<Finding>) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut lines = Vec::new();
    for (index, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => {
                lines.push(index as u32 + 1);
                // Byte by byte where it is not UTF-8, so that what is well-formed on the same line stays.
                for chunk in line.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
                }
            }
        }
    }
    note(
        findings,
        "legacy-encoding",
        lines,
        "These lines hold bytes that are not UTF-8; those were read as windows-1252. Save the file as UTF-8.",
    );
    text
}
