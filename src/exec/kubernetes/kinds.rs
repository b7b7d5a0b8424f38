//! The kinds of objects that commands name, with every name they go by, and where the API has them. A kind that is not
//! in the table is refused: its path would be a guess.

/// One kind, as the API has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub plural: &'static str,
    pub singular: &'static str,
    pub shorts: &'static [&'static str],
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub namespaced: bool,
    /// Has a `/scale`.
    pub scales: bool,
}

pub const fn kind(
    (plural, singular, kind): (&'static str, &'static str, &'static str),
    shorts: &'static [&'static str],
    (group, version): (&'static str, &'static str),
) -> Kind {
    Kind { plural, singular, shorts, group, version, kind, namespaced: true, scales: false }
}

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");

pub static PODS: Kind = kind(("pods", "pod", "Pod"), &["po"], CORE);
pub static NODES: Kind = Kind { namespaced: false, ..kind(("nodes", "node", "Node"), &["no"], CORE) };
pub static EVENTS: Kind = kind(("events", "event", "Event"), &["ev"], CORE);
pub static SECRETS: Kind = kind(("secrets", "secret", "Secret"), &[], CORE);
pub static DEPLOYMENTS: Kind =
    Kind { scales: true, ..kind(("deployments", "deployment", "Deployment"), &["deploy"], APPS) };
pub static REPLICASETS: Kind =
    Kind { scales: true, ..kind(("replicasets", "replicaset", "ReplicaSet"), &["rs"], APPS) };
pub static STATEFULSETS: Kind =
    Kind { scales: true, ..kind(("statefulsets", "statefulset", "StatefulSet"), &["sts"], APPS) };
pub static DAEMONSETS: Kind = kind(("daemonsets", "daemonset", "DaemonSet"), &["ds"], APPS);
pub static JOBS: Kind = kind(("jobs", "job", "Job"), &[], ("batch", "v1"));

static OTHERS: [Kind; 16] = [
    kind(("services", "service", "Service"), &["svc"], CORE),
    kind(("configmaps", "configmap", "ConfigMap"), &["cm"], CORE),
    kind(("endpoints", "endpoint", "Endpoints"), &["ep"], CORE),
    kind(("persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim"), &["pvc"], CORE),
    kind(("resourcequotas", "resourcequota", "ResourceQuota"), &["quota"], CORE),
    kind(("limitranges", "limitrange", "LimitRange"), &["limits"], CORE),
    kind(("serviceaccounts", "serviceaccount", "ServiceAccount"), &["sa"], CORE),
    Kind {
        scales: true,
        ..kind(("replicationcontrollers", "replicationcontroller", "ReplicationController"), &["rc"], CORE)
    },
    Kind { namespaced: false, ..kind(("namespaces", "namespace", "Namespace"), &["ns"], CORE) },
    Kind { namespaced: false, ..kind(("persistentvolumes", "persistentvolume", "PersistentVolume"), &["pv"], CORE) },
    kind(("cronjobs", "cronjob", "CronJob"), &["cj"], ("batch", "v1")),
    // v1 is served by every version there is; v2 only by newer ones.
    kind(
        ("horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler"),
        &["hpa"],
        ("autoscaling", "v1"),
    ),
    kind(("ingresses", "ingress", "Ingress"), &["ing"], ("networking.k8s.io", "v1")),
    kind(("networkpolicies", "networkpolicy", "NetworkPolicy"), &["netpol"], ("networking.k8s.io", "v1")),
    kind(("poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget"), &["pdb"], ("policy", "v1")),
    Kind {
        namespaced: false,
        ..kind(("storageclasses", "storageclass", "StorageClass"), &["sc"], ("storage.k8s.io", "v1"))
    },
];

/// `kubectl get all`, in the order in which kubectl prints them.
pub const ALL: [&str; 8] = [
    "pods",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "jobs",
];

fn every() -> impl Iterator<Item = &'static Kind> {
    let first = [&PODS, &NODES, &EVENTS, &SECRETS, &DEPLOYMENTS, &REPLICASETS, &STATEFULSETS, &DAEMONSETS, &JOBS];
    first.into_iter().chain(OTHERS.iter())
}

impl Kind {
    /// `pods`, `po`, `deployment.apps`, `Deployment`.
    pub fn named(name: &str) -> Result<&'static Kind, String> {
        let lower = name.to_ascii_lowercase();
        let (word, group) = lower.split_once('.').map_or((lower.as_str(), None), |(word, group)| (word, Some(group)));
        let fits = |k: &&Kind| {
            let named = k.plural == word || k.singular == word || k.shorts.contains(&word);
            // `deployments.v1.apps` says the version too.
            let own =
                |g: &str| g == k.group || g.strip_prefix(k.version).and_then(|g| g.strip_prefix('.')) == Some(k.group);
            named && group.is_none_or(own)
        };
        every().find(fits).ok_or_else(|| format!("objects of the kind {name} are not known here"))
    }

    /// `pod`, `deployment.apps`: as kubectl names what it changed.
    pub fn full(&self) -> String {
        match self.group {
            "" => self.singular.to_string(),
            group => format!("{}.{group}", self.singular),
        }
    }

    /// As the API names it in its refusals.
    pub fn resource(&self) -> String {
        match self.group {
            "" => self.plural.to_string(),
            group => format!("{}.{group}", self.plural),
        }
    }

    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_string(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Of the whole collection; `None` is every namespace.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }
}

/// Whether the API could know something by this name: it becomes a part of a path.
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    (1..=253).contains(&text.len()) && text.chars().all(fits) && text != "." && text != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_all_their_names() {
        for (name, path) in [
            ("po", "/api/v1/namespaces/shop/pods"),
            ("Pod", "/api/v1/namespaces/shop/pods"),
            ("deploy", "/apis/apps/v1/namespaces/shop/deployments"),
            ("deployment.apps", "/apis/apps/v1/namespaces/shop/deployments"),
            ("deployments.v1.apps", "/apis/apps/v1/namespaces/shop/deployments"),
            ("hpa", "/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers"),
            ("nodes", "/api/v1/nodes"),
        ] {
            assert_eq!(Kind::named(name).map(|k| k.path(Some("shop"))).as_deref(), Ok(path), "{name}");
        }
        for name in ["widgets", "pods.apps", "", "deployment.batch"] {
            assert!(Kind::named(name).is_err(), "{name}");
        }
        assert!(ALL.iter().all(|name| Kind::named(name).is_ok_and(|k| k.plural == *name)));
    }

    #[test]
    fn a_name_never_leaves_its_place_in_a_path() {
        for name in ["../x", "a/b", "a?b", "a%2fb", "..", "", "a b", "ä"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name("shop-7d9f4b8c6-x2x4z") && is_name("shop.17a"));
    }
}
