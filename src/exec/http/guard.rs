//! Who may be asked. Only hosts that the configuration names, at their ports; a name that leads to an address where no
//! service of a team is (link-local, as metadata services are; loopback, unless the name says so) is not connected to.
//! The address that was judged is the one that is connected to: there is no second look-up in between.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};

/// `shop.example.org`, `localhost:3000`, `https://shop.example.org`: without a port the two usual ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowed {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Allowed {
    pub fn read(text: &str) -> Option<Allowed> {
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let url = Url::parse(&format!("{}://{}", scheme.unwrap_or("http"), rest)).ok()?;
        let known =
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && matches!(url.path(), "" | "/");
        // The parser hides a port that is the scheme's own.
        let written = rest.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let host = url.host_str()?.to_string();
        known.then(|| Allowed { scheme: scheme.map(str::to_string), host, port: written })
    }

    fn covers(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let fits = match (self.port, &self.scheme) {
            (Some(own), _) => port == Some(own),
            (None, Some(_)) => url.port().is_none(),
            (None, None) => matches!(port, Some(80 | 443)),
        };
        fits && self.scheme.as_deref().is_none_or(|s| s == url.scheme()) && url.host_str() == Some(self.host.as_str())
    }
}

/// A sentence for who asked for what may not be asked.
pub fn refused(url: &Url, allowed: &[Allowed]) -> Option<String> {
    if allowed.iter().any(|a| a.covers(url)) {
        return None;
    }
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or(String::new(), |p| format!(":{p}"));
    Some(format!("{host}{port} may not be asked: it is not among the hosts of this target"))
}

/// Looks names up, and passes only addresses on at which a team's service may be.
pub struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_string();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let fit: Vec<SocketAddr> = found.into_iter().filter(|a| !is_forbidden(a.ip(), &name)).collect();
            if fit.is_empty() {
                return Err(format!("{name} leads to no address that may be asked").into());
            }
            Ok(Box::new(fit.into_iter()) as Addrs)
        })
    }
}

/// Where a connection to this address goes: what is written out as a number is taken as it is, it was allowed as such.
pub async fn addresses(at: &Url) -> Result<Vec<SocketAddr>, String> {
    let port = at.port_or_known_default().unwrap_or(443);
    let name = match at.host() {
        Some(url::Host::Ipv4(ip)) => return Ok(vec![SocketAddr::new(ip.into(), port)]),
        Some(url::Host::Ipv6(ip)) => return Ok(vec![SocketAddr::new(ip.into(), port)]),
        Some(url::Host::Domain(name)) => name.to_string(),
        None => return Err("There is no host in it".to_string()),
    };
    let found = tokio::net::lookup_host((name.as_str(), port)).await;
    let found = found.map_err(|e| format!("{name} is not known: {}", crate::exec::ran::io(&e)))?;
    Ok(found.filter(|a| !is_forbidden(a.ip(), &name)).collect())
}

/// For addresses that a name leads to; one that is written out was allowed as such.
fn is_forbidden(ip: IpAddr, name: &str) -> bool {
    let local = name == "localhost" || name.ends_with(".localhost");
    let ip = ip.to_canonical();
    let never = match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    never || ip.is_multicast() || ip.is_unspecified() || (ip.is_loopback() && !local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_configured_may_be_asked() {
        let allowed: Vec<Allowed> =
            ["shop.example.org", "localhost:3000", "https://api.example.org", "10.0.0.7:8080", "[::1]:9"]
                .iter()
                .filter_map(|a| Allowed::read(a))
                .collect();
        assert_eq!(allowed.len(), 5);
        for (url, may) in [
            ("http://shop.example.org/x", true),
            ("https://shop.example.org/", true),
            ("http://SHOP.example.org/", true),
            ("http://shop.example.org:8080/", false),
            ("http://shop.example.org.evil.example/", false),
            ("http://evil.example/?shop.example.org", false),
            ("http://shop.example.org@evil.example/", false),
            ("http://localhost:3000/health", true),
            ("http://localhost/health", false),
            ("http://127.0.0.1:3000/", false),
            ("https://api.example.org/", true),
            ("http://api.example.org/", false),
            ("https://api.example.org:444/", false),
            ("http://10.0.0.7:8080/", true),
            ("http://0x0a000007:8080/", true),
            ("http://[::1]:9/", true),
            ("http://169.254.169.254/latest/meta-data", false),
        ] {
            let url = Url::parse(url).expect("an address");
            assert_eq!(refused(&url, &allowed).is_none(), may, "{url}");
        }
        for text in ["", "ftp://a", "a/path", "ana@host"] {
            assert_eq!(Allowed::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_leads_to_no_metadata_service_and_to_no_loopback() {
        for (ip, name, forbidden) in [
            ("169.254.169.254", "shop.example.org", true),
            ("::ffff:169.254.169.254", "shop.example.org", true),
            ("fe80::1", "shop.example.org", true),
            ("127.0.0.1", "shop.example.org", true),
            ("::ffff:127.0.0.1", "shop.example.org", true),
            ("0.0.0.0", "localhost", true),
            ("224.0.0.1", "shop.example.org", true),
            ("127.0.0.1", "localhost", false),
            ("10.0.0.7", "shop.example.org", false),
            ("93.184.216.34", "shop.example.org", false),
        ] {
            assert_eq!(is_forbidden(ip.parse().expect("an address"), name), forbidden, "{ip} {name}");
        }
    }
}
