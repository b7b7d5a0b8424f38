//! The few pieces of a certificate's encoding (DER) that are shown: lengths are checked, nothing is copied, and depth is
//! fixed by the caller. It never says that a certificate is good: that is judged by the TLS library.

/// One element, and what follows it.
pub struct Element<'a> {
    pub tag: u8,
    pub body: &'a [u8],
}

pub const INTEGER: u8 = 0x02;
pub const OCTETS: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// The first element of the bytes; moves them behind it.
pub fn next<'a>(bytes: &mut &'a [u8]) -> Option<Element<'a>> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Up to four bytes of length: more is no certificate.
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |n, d| n << 8 | usize::from(*d)), rest)
        }
        _ => return None,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(Element { tag, body })
}

/// The body of the first element, if it is of this kind.
pub fn take<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    next(bytes).filter(|e| e.tag == tag).map(|e| e.body)
}

/// All elements in a body.
pub fn each(mut bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || next(&mut bytes))
}

/// Text of a name: UTF-8 and what is a part of it, or (BMPString) two bytes for each character.
pub fn text(element: &Element) -> String {
    match element.tag {
        0x1e => {
            let units: Vec<u16> =
                element.body.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(element.body).into_owned(),
    }
}

/// UTCTime (two digits of the year) or GeneralizedTime (four), in seconds since 1970.
pub fn time(element: &Element) -> Option<i64> {
    let text = std::str::from_utf8(element.body).ok()?;
    let text = match element.tag {
        // Until 49 it is this century, by the standard.
        0x17 => format!("{}{text}", if text.get(..2)?.parse::<u32>().ok()? < 50 { "20" } else { "19" }),
        0x18 => text.to_string(),
        _ => return None,
    };
    Some(chrono::NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_short_or_lies_about_its_length_is_nothing() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 5, 1, 2],
            &[0x30, 0x82, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 0x84, 255, 255, 255, 255],
        ] {
            assert!(next(&mut &*bytes).is_none(), "{bytes:?}");
        }
        let mut two: &[u8] = &[0x02, 1, 7, 0x04, 0x81, 2, 8, 9];
        assert_eq!(take(&mut two, INTEGER), Some(&[7][..]));
        assert_eq!(take(&mut two, OCTETS), Some(&[8, 9][..]));
        assert!(next(&mut two).is_none());
    }

    #[test]
    fn times_are_of_both_kinds() {
        let time = |tag, text: &str| time(&Element { tag, body: text.as_bytes() });
        assert_eq!(time(0x17, "260105000000Z"), Some(1_767_571_200));
        assert_eq!(time(0x18, "20260105000000Z"), Some(1_767_571_200));
        assert_eq!(time(0x17, "700101000000Z"), Some(0));
        for (tag, text) in [(0x17, ""), (0x17, "2"), (0x18, "20261305000000Z"), (0x02, "260105000000Z"), (0x17, "ü")] {
            assert_eq!(time(tag, text), None, "{text}");
        }
    }
}
