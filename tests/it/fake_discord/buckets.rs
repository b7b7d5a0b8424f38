//! How often the application may ask: a bucket for each route and top-level resource, fifty a second over all,
//! and the ten thousand invalid requests in ten minutes after which an address is banned. Never waits.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a route allows: so many requests in so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    pub requests: u32,
    pub window_ms: i64,
}

#[derive(Debug, Default)]
struct Bucket {
    used: u32,
    resets_ms: i64,
}

#[derive(Debug)]
pub struct Buckets {
    by_key: BTreeMap<String, Bucket>,
    pub limits: BTreeMap<String, Limit>,
    pub global: Limit,
    global_bucket: Bucket,
    invalid_ms: Vec<i64>,
    /// So many invalid requests in ten minutes are too many.
    pub invalid_max: usize,
    pub banned: bool,
}

const TEN_MINUTES_MS: i64 = 600_000;

impl Default for Buckets {
    fn default() -> Buckets {
        let seen = [
            // As measured in the wild; the application must learn them from the headers, and tests change them.
            ("POST /channels/{channel}/messages", 5, 5_000),
            ("PATCH /channels/{channel}/messages/{message}", 5, 5_000),
            ("DELETE /channels/{channel}/messages/{message}", 5, 5_000),
            ("PATCH /channels/{channel}", 5, 15_000),
            ("POST /guilds/{guild}/channels", 10, 10_000),
            ("PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me", 4, 1_000),
            ("PUT /applications/{application}/commands", 2, 20_000),
            ("PUT /applications/{application}/guilds/{guild}/commands", 2, 20_000),
        ];
        let limits =
            seen.into_iter().map(|(route, requests, window_ms)| (route.to_string(), Limit { requests, window_ms }));
        Buckets {
            by_key: BTreeMap::new(),
            limits: limits.collect(),
            global: Limit { requests: 50, window_ms: 1_000 },
            global_bucket: Bucket::default(),
            invalid_ms: Vec::new(),
            invalid_max: 10_000,
            banned: false,
        }
    }
}

/// What a request meets at its bucket: the headers, and the refusal if it is one too many.
#[derive(Debug, Clone, Default)]
pub struct Met {
    pub headers: Vec<(&'static str, String)>,
    pub refused: Option<Value>,
}

/// Requests to a route that has no limit of its own.
const OTHER: Limit = Limit { requests: 50, window_ms: 1_000 };

impl Buckets {
    /// Takes one from the route's bucket. `major` tells its resources apart.
    pub fn take(&mut self, route: &str, major: &str, now_ms: i64) -> Met {
        let limit = self.limits.get(route).copied().unwrap_or(OTHER);
        let bucket = self.by_key.entry(format!("{route} {major}")).or_default();
        if now_ms >= bucket.resets_ms {
            *bucket = Bucket { used: 0, resets_ms: now_ms + limit.window_ms };
        }
        let refused = bucket.used >= limit.requests;
        bucket.used += u32::from(!refused);
        let (remaining, left_ms) = (limit.requests.saturating_sub(bucket.used), bucket.resets_ms - now_ms);
        let headers = headers(limit.requests, remaining, bucket.resets_ms, left_ms, route);
        match refused {
            false => Met { headers, refused: None },
            true => too_many(headers, left_ms, "user"),
        }
    }

    /// Takes one from what all routes share.
    pub fn take_global(&mut self, now_ms: i64) -> Option<Met> {
        if now_ms >= self.global_bucket.resets_ms {
            self.global_bucket = Bucket { used: 0, resets_ms: now_ms + self.global.window_ms };
        }
        let refused = self.global_bucket.used >= self.global.requests;
        self.global_bucket.used += u32::from(!refused);
        refused.then(|| too_many(Vec::new(), self.global_bucket.resets_ms - now_ms, "global"))
    }

    /// Counts an answer against the budget; true when this one exceeded it.
    pub fn count_invalid(&mut self, now_ms: i64) -> bool {
        self.invalid_ms.retain(|at| now_ms - at < TEN_MINUTES_MS);
        self.invalid_ms.push(now_ms);
        let exceeded = self.invalid_ms.len() > self.invalid_max;
        self.banned |= exceeded;
        exceeded
    }

    /// Invalid requests of the last ten minutes.
    pub fn invalid(&self, now_ms: i64) -> usize {
        self.invalid_ms.iter().filter(|at| now_ms - **at < TEN_MINUTES_MS).count()
    }
}

fn headers(limit: u32, remaining: u32, resets_ms: i64, left_ms: i64, route: &str) -> Vec<(&'static str, String)> {
    let seconds = |ms: i64| format!("{}.{:03}", ms / 1000, ms % 1000);
    vec![
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset", seconds(resets_ms)),
        ("x-ratelimit-reset-after", seconds(left_ms)),
        ("x-ratelimit-bucket", bucket_name(route)),
    ]
}

/// Opaque, as Discord's are, and the same for the same route.
fn bucket_name(route: &str) -> String {
    let hash = |seed: u64| route.bytes().fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x6c62_272e_07bb_0142))
}

/// A 429: `scope` is user, global or shared.
pub fn too_many(mut headers: Vec<(&'static str, String)>, left_ms: i64, scope: &str) -> Met {
    let global = scope == "global";
    let whole_seconds = (left_ms + 999) / 1000;
    headers.push(("retry-after", whole_seconds.to_string()));
    headers.push(("x-ratelimit-scope", scope.to_string()));
    if global {
        headers.push(("x-ratelimit-global", "true".to_string()));
    }
    let message = if scope == "shared" { "The resource is being rate limited." } else { "You are being rate limited." };
    let after = left_ms as f64 / 1000.0;
    Met { headers, refused: Some(json!({"message": message, "retry_after": after, "global": global})) }
}
