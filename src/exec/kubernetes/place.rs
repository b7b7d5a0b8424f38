//! What of a cluster a target lets commands reach, and the objects there. Whether a command may run was decided before;
//! this is the fence that the configuration draws around every one.

use super::client::{Ask, Cluster, Failed};
use super::kinds::{Kind, NODES};
use super::op::{Selectors, Which};
use crate::exec::clean::Secrets;
use serde_json::Value;

/// Objects of one page, as kubectl asks for them, and pages at most.
const PAGE: usize = 500;
const PAGES_MAX: usize = 20;
/// Names that are said to be near one that is not there.
const NEAR_MAX: usize = 3;
const NAMES_ONLY: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";

pub struct Host {
    pub cluster: Cluster,
    /// Where commands without `-n` go, and without `allow` the only one they may go to.
    pub namespace: Option<String>,
    /// `NAME` or `NAMESPACE/NAME`, with `*`; empty: all.
    pub allow: Vec<String>,
    pub secrets: Secrets,
}

impl Host {
    /// The namespace that a command means, if it may go there.
    pub fn enter(&self, asked: Option<&str>) -> Result<Option<String>, String> {
        let own = self.namespace.as_deref();
        let Some(asked) = asked else {
            return match own.is_none() && self.allow.is_empty() {
                true => Ok(None),
                false => Err("this target does not reach into all namespaces".to_string()),
            };
        };
        let asked = if asked.is_empty() { own.unwrap_or("default") } else { asked };
        let listed = |entry: &String| match entry.split_once('/') {
            Some((namespace, _)) => fits(namespace, asked),
            None => own.is_none(),
        };
        let open = own.is_none() && self.allow.is_empty();
        match open || own == Some(asked) || self.allow.iter().any(listed) {
            true => Ok(Some(asked.to_string())),
            false => Err(format!("this target does not reach into the namespace {asked}")),
        }
    }

    /// Whether an object may be named in a command, or changed by it.
    pub fn admits(&self, kind: &Kind, namespace: Option<&str>, name: &str, changes: bool) -> Result<(), String> {
        if !kind.namespaced && changes && self.namespace.is_some() {
            let what = kind.singular;
            return Err(format!(
                "this target is for one namespace, and the {what} {name} belongs to the whole cluster"
            ));
        }
        let listed = |entry: &String| match (entry.split_once('/'), namespace.filter(|_| kind.namespaced)) {
            (Some((within, pattern)), Some(namespace)) => fits(within, namespace) && fits(pattern, name),
            (Some(_), None) => false,
            (None, Some(namespace)) => {
                self.namespace.as_deref().is_none_or(|own| own == namespace) && fits(entry, name)
            }
            (None, None) => fits(entry, name),
        };
        match self.allow.is_empty() || self.allow.iter().any(listed) {
            true => Ok(()),
            false => Err(format!("{}/{name} is not among the names that this target may act on", kind.singular)),
        }
    }
}

/// `shop-*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => match name.strip_prefix(start) {
            Some(_) if rest.is_empty() => true,
            Some(after) => {
                (0..=after.len()).filter(|at| after.is_char_boundary(*at)).any(|at| fits(rest, &after[at..]))
            }
            None => false,
        },
    }
}

/// One command's place: the target, and the namespace that it acts in.
pub struct Here<'a> {
    pub host: &'a Host,
    pub namespace: Option<String>,
}

impl Here<'_> {
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub async fn json(&self, ask: &Ask) -> Result<Value, Failed> {
        self.host.cluster.json(ask).await
    }

    pub fn selecting(&self, kind: &Kind, selectors: &Selectors) -> Ask {
        Ask::list(kind, self.namespace())
            .maybe("labelSelector", selectors.label.as_ref())
            .maybe("fieldSelector", selectors.field.as_ref())
    }

    /// All pages of a list, joined in the first one's `key`.
    pub async fn pages(&self, ask: &Ask, key: &str) -> Result<Value, Failed> {
        let mut all = self.json(&ask.clone().with("limit", PAGE)).await?;
        for _ in 1..PAGES_MAX {
            let Some(next) = all["metadata"]["continue"].as_str().filter(|c| !c.is_empty()) else { return Ok(all) };
            let mut page = self.json(&ask.clone().with("limit", PAGE).with("continue", next)).await?;
            if let (Some(into), Some(from)) = (all[key].as_array_mut(), page[key].as_array_mut()) {
                into.append(from);
            }
            all["metadata"] = page["metadata"].take();
        }
        match all["metadata"]["continue"].as_str().is_none_or(str::is_empty) {
            true => Ok(all),
            false => Err(Failed::Ours(format!(
                "There are more than {} of them: narrow it down with -n or -l",
                PAGE * PAGES_MAX
            ))),
        }
    }

    pub async fn items(&self, kind: &Kind, selectors: &Selectors) -> Result<Vec<Value>, Failed> {
        let mut list = self.pages(&self.selecting(kind, selectors), "items").await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    pub async fn object(&self, kind: &Kind, name: &str) -> Result<Value, Failed> {
        match self.json(&Ask::get(kind, self.namespace(), name)).await {
            Err(failed) if failed.is_absent() => Err(self.with_near(failed, kind, name).await),
            other => other,
        }
    }

    /// "Not found", with the names that are there and look like it.
    pub async fn with_near(&self, failed: Failed, kind: &Kind, name: &str) -> Failed {
        let Failed::Said { code, reason, message, right } = failed else { return failed };
        let ask = Ask { accept: NAMES_ONLY, ..Ask::list(kind, self.namespace()).with("limit", PAGE) };
        let list = self.json(&ask).await.unwrap_or_default();
        let names = list["items"].as_array().into_iter().flatten().filter_map(|i| i["metadata"]["name"].as_str());
        let near = nearest(name, names);
        let message = match near.is_empty() {
            true => message,
            false => format!("{message}. Near it: {}", near.join(", ")),
        };
        Failed::Said { code, reason, message, right }
    }

    /// The names that a command is about, each of which it may be about.
    pub async fn names(
        &self,
        kind: &Kind,
        which: &Which,
        label: Option<&String>,
        changes: bool,
    ) -> Result<Vec<String>, Failed> {
        let names = match which {
            Which::Named(names) => names.clone(),
            Which::All => {
                let selectors = Selectors { label: label.cloned(), field: None };
                self.items(kind, &selectors).await?.iter().map(|o| name_of(o).to_string()).collect()
            }
        };
        for name in &names {
            self.admits(kind, name, changes)?;
        }
        Ok(names)
    }

    pub fn admits(&self, kind: &Kind, name: &str, changes: bool) -> Result<(), Failed> {
        self.host.admits(kind, self.namespace(), name, changes).map_err(Failed::Ours)
    }

    /// `namespace shop`, for sentences.
    pub fn said(&self, kind: &Kind) -> String {
        match (kind == &NODES || !kind.namespaced, self.namespace()) {
            (false, Some(namespace)) => format!(" in {namespace} namespace"),
            _ => String::new(),
        }
    }
}

pub fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let shared = |other: &str| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let far = |other: &str| match shared(other) >= 4.max(name.len() / 2) || other.contains(name) || name.contains(other)
    {
        true => 0,
        false => strsim::osa_distance(name, other),
    };
    let mut near: Vec<(usize, &str)> = names.map(|n| (far(n), n)).filter(|(d, _)| *d <= 1 + name.len() / 4).collect();
    near.sort();
    near.into_iter().take(NEAR_MAX).map(|(_, n)| n.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::kubernetes::client::Address;
    use crate::exec::kubernetes::kinds::{DEPLOYMENTS, PODS};

    fn host(namespace: Option<&str>, allow: &[&str]) -> Host {
        let cluster = Cluster::new(Address::Inside);
        let allow = allow.iter().map(|a| a.to_string()).collect();
        Host { cluster, namespace: namespace.map(str::to_string), allow, secrets: Secrets::default() }
    }

    #[test]
    fn a_target_keeps_commands_within_its_namespaces() {
        for (own, allow, asked, expected) in [
            (None, &[][..], Some(""), Ok(Some("default"))),
            (None, &[], None, Ok(None)),
            (Some("shop"), &[], Some(""), Ok(Some("shop"))),
            (Some("shop"), &[], Some("shop"), Ok(Some("shop"))),
            (Some("shop"), &[], Some("bank"), Err(())),
            (Some("shop"), &[], None, Err(())),
            (Some("shop"), &["shop-*", "green-*/*"], Some("green-2"), Ok(Some("green-2"))),
            (Some("shop"), &["shop-*", "green-*/*"], Some("bank"), Err(())),
            (None, &["green/*"], Some(""), Err(())),
            (None, &["web-*"], Some("any"), Ok(Some("any"))),
            (None, &["web-*"], None, Err(())),
        ] {
            let entered = host(own, allow).enter(asked).map_err(|_| ());
            assert_eq!(entered, expected.map(|n| n.map(str::to_string)), "{own:?} {allow:?} {asked:?}");
        }
    }

    #[test]
    fn a_target_keeps_commands_to_its_names() {
        let shop = host(Some("shop"), &["web*", "green/api-?", "green/*-job"]);
        for (kind, namespace, name, changes, expected) in [
            (&PODS, Some("shop"), "web-7d9f", true, true),
            (&PODS, Some("shop"), "db-0", false, false),
            (&PODS, Some("green"), "web", true, false),
            (&PODS, Some("green"), "night-job", true, true),
            (&DEPLOYMENTS, Some("shop"), "web", true, true),
            (&NODES, None, "web-node", false, true),
            (&NODES, None, "web-node", true, false),
        ] {
            assert_eq!(shop.admits(kind, namespace, name, changes).is_ok(), expected, "{namespace:?} {name} {changes}");
        }
        assert!(host(None, &[]).admits(&NODES, None, "n1", true).is_ok());
        assert!(host(Some("shop"), &[]).admits(&NODES, None, "n1", true).is_err());
    }

    #[test]
    fn near_names_are_those_that_somebody_can_have_meant() {
        let names = ["shop-7d9f4b-x2x4z", "shop-7d9f4b-q8q8q", "bank-5c5c5c-a1a1a", "cache"];
        assert_eq!(nearest("shop-6a6a6a-b2b2b", names.into_iter()), Vec::<String>::new());
        assert_eq!(nearest("shop", names.into_iter()), ["shop-7d9f4b-q8q8q", "shop-7d9f4b-x2x4z"]);
        assert_eq!(nearest("cahce", names.into_iter()), ["cache"]);
    }
}
