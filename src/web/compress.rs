//! Answers travel packed (gzip) to whoever takes it: a long timeline is a tenth of its size on a phone's connection.
//! Only whole texts: live streams go out as they come, and what is packed already stays as it is.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// Bytes below which packing saves nothing that anybody notices.
const WORTH_IT: u64 = 1_000;
/// Bytes above which an answer is not held in memory a second time.
const TOO_MUCH: u64 = 16 * 1024 * 1024;
/// A page is packed while somebody waits: most of the gain at a fifth of the time.
const QUICK: Compression = Compression::new(3);
/// Bytes of filler at most, of a length drawn by lot: who can make others open pages and sees how long the answers are
/// learns nothing about what stands beside words of theirs.
const FILLER_MAX: usize = 64;

pub async fn around(request: Request, next: Next) -> Response {
    let wanted = takes_gzip(request.headers());
    let response = next.run(request).await;
    match wanted && fits(&response) {
        true => repacked(response).await,
        false => response,
    }
}

/// Whether a client says that it takes gzip; `gzip;q=0` says that it does not.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|line| line.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let none = |q: &str| q.strip_prefix("q=").and_then(|n| n.parse::<f32>().ok()).is_some_and(|n| n <= 0.0);
        named && !parts.any(none)
    })
}

fn fits(response: &Response) -> bool {
    let headers = response.headers();
    let text = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or(kind).trim();
        kind != "text/event-stream" && (kind.starts_with("text/") || matches!(kind, "application/json"))
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let whole = response.body().size_hint().exact();
    kind.is_some_and(text)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && whole.is_some_and(|n| (WORTH_IT..=TOO_MUCH).contains(&n))
}

async fn repacked(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(plain) = axum::body::to_bytes(body, TOO_MUCH as usize).await else {
        // A whole text in memory does not break off; if it did, an answer cut short is worse than none.
        parts.status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    match pack(&plain, QUICK, &filler()) {
        Ok(packed) => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(packed.len()));
            Response::from_parts(parts, Body::from(packed))
        }
        Err(_) => Response::from_parts(parts, Body::from(plain)),
    }
}

/// As small as it gets, for what is packed once.
pub fn packed(plain: &[u8]) -> std::io::Result<Bytes> {
    pack(plain, Compression::best(), &[])
}

fn pack(plain: &[u8], level: Compression, filler: &[u8]) -> std::io::Result<Bytes> {
    let builder = if filler.is_empty() { GzBuilder::new() } else { GzBuilder::new().filename(filler) };
    let mut writer = builder.write(Vec::with_capacity(plain.len() / 4 + 128), level);
    writer.write_all(plain)?;
    writer.finish().map(Bytes::from)
}

/// Stands where gzip has the name of a file, which nobody reads.
fn filler() -> Vec<u8> {
    let mut lot = [0_u8; 1];
    let length = getrandom::fill(&mut lot).map_or(FILLER_MAX, |()| usize::from(lot[0]) % FILLER_MAX);
    vec![b'-'; length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_said_and_not_refused() {
        for (said, takes) in [
            ("gzip, deflate, br", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0, br", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, said.parse().unwrap());
            assert_eq!(takes_gzip(&headers), takes, "{said}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn what_is_packed_unpacks_and_its_length_is_drawn_by_lot() {
        use std::io::Read;
        let plain = "INC-42 checkout is down; ".repeat(400);
        let mut lengths = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let packed = pack(plain.as_bytes(), QUICK, &filler()).unwrap();
            lengths.insert(packed.len());
            let mut back = String::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut back).unwrap();
            assert_eq!(back, plain);
        }
        assert!(lengths.len() > 5, "{lengths:?}");
    }
}
