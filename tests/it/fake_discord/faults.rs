//! What can be made to go wrong with the next requests. Never goes wrong by itself.

use std::time::Duration;

/// What happens instead of, or after, the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 429 of the route.
    RateLimited(Duration),
    /// 429 of the application as a whole.
    RateLimitedGlobally(Duration),
    /// 429 of the resource, which is nobody's fault and not counted as invalid.
    RateLimitedShared(Duration),
    /// 500, 502, 503: an error in JSON.
    Fails(u16),
    /// A page of the machines in front, with this status.
    Html(u16),
    /// 200 with a body that is no JSON.
    Garbage,
    /// The answer comes this much later (real time), the effect at once.
    Slow(Duration),
    /// The request is done and the connection ends without an answer.
    LostAfter,
    /// The connection ends and nothing is done.
    LostBefore,
    /// 403 with 50013.
    Forbidden,
    /// 401: the token has been reset.
    TokenRevoked,
}

#[derive(Debug, Clone)]
struct Planned {
    /// `POST /channels/{channel}/messages`, a part of it, or a part of the real path; empty is everything.
    route: String,
    fault: Fault,
    times: usize,
}

#[derive(Debug, Default)]
pub struct Faults {
    planned: Vec<Planned>,
}

impl Faults {
    pub fn plan(&mut self, route: &str, fault: Fault, times: usize) {
        self.planned.push(Planned { route: route.to_string(), fault, times });
    }

    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// What is left over: a fault that nobody met proves nothing.
    pub fn left(&self) -> Vec<String> {
        let forever =
            |times: usize| if times > 1_000_000 { "while switched on".to_string() } else { times.to_string() };
        let left = self.planned.iter().filter(|planned| planned.times <= 1_000_000);
        left.map(|p| format!("{:?} on `{}`, {} more", p.fault, p.route, forever(p.times))).collect()
    }

    /// The fault that this request meets.
    pub fn take(&mut self, template: &str, request: &str) -> Option<Fault> {
        let meets = |p: &&mut Planned| p.times > 0 && (template.contains(&p.route) || request.contains(&p.route));
        let planned = self.planned.iter_mut().find(meets)?;
        planned.times -= 1;
        let fault = planned.fault.clone();
        self.planned.retain(|planned| planned.times > 0);
        Some(fault)
    }
}
