//! The objects: made with what the API adds by itself, found by path, answered or refused as the API does it.

use super::World;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Collections that this API serves: group, version, plural, kind, whether namespaced.
pub const KINDS: [(&str, &str, &str, &str, bool); 15] = [
    ("", "v1", "pods", "Pod", true),
    ("", "v1", "services", "Service", true),
    ("", "v1", "configmaps", "ConfigMap", true),
    ("", "v1", "secrets", "Secret", true),
    ("", "v1", "events", "Event", true),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true),
    ("", "v1", "nodes", "Node", false),
    ("", "v1", "namespaces", "Namespace", false),
    ("apps", "v1", "deployments", "Deployment", true),
    ("apps", "v1", "replicasets", "ReplicaSet", true),
    ("apps", "v1", "statefulsets", "StatefulSet", true),
    ("apps", "v1", "daemonsets", "DaemonSet", true),
    ("batch", "v1", "jobs", "Job", true),
    ("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true),
    ("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", true),
];

/// A path, taken apart.
#[derive(Clone, Debug)]
pub struct At {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub kind: &'static str,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub sub: Option<String>,
}

impl At {
    pub fn read(path: &str) -> Option<At> {
        let mut parts = path.trim_matches('/').split('/');
        let group = match parts.next()? {
            "api" => String::new(),
            "apis" => parts.next()?.to_string(),
            _ => return None,
        };
        let version = parts.next()?.to_string();
        let mut first = parts.next()?.to_string();
        let mut namespace = None;
        let mut rest: Vec<String> = parts.map(str::to_string).collect();
        if first == "namespaces" && rest.len() >= 2 {
            namespace = Some(rest.remove(0));
            first = rest.remove(0);
        }
        let known = KINDS.iter().find(|(g, v, p, _, _)| *g == group && *v == version && *p == first);
        let kind = match known {
            Some((_, _, _, kind, _)) => kind,
            None if group == "metrics.k8s.io" && first == "nodes" => "NodeMetrics",
            None => return None,
        };
        let mut rest = rest.into_iter();
        Some(At { group, version, plural: first, kind, namespace, name: rest.next(), sub: rest.next() })
    }

    pub fn namespaced(&self) -> bool {
        KINDS.iter().any(|(g, _, p, _, namespaced)| *g == self.group && *p == self.plural && *namespaced)
    }

    fn root(&self) -> String {
        match self.group.as_str() {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        }
    }

    pub fn collection(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}/namespaces/{namespace}/{}", self.root(), self.plural),
            None => format!("{}/{}", self.root(), self.plural),
        }
    }

    /// With the kind that one object is answered with; the items of a list have none.
    pub fn typed(&self, mut object: Value) -> Value {
        object["kind"] = json!(self.kind);
        object["apiVersion"] = json!(self.api_version());
        object
    }

    /// `deployments.apps`
    pub fn resource(&self) -> String {
        match self.group.as_str() {
            "" => self.plural.clone(),
            group => format!("{}.{group}", self.plural),
        }
    }

    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }
}

/// A refusal of the API.
pub struct Refused(pub StatusCode, pub Value);

pub fn refused(code: u16, reason: &str, message: impl Into<String>) -> Refused {
    let message = message.into();
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code});
    Refused(StatusCode::from_u16(code).expect("a status"), status)
}

pub fn not_found(at: &At, name: &str) -> Refused {
    refused(404, "NotFound", format!("{} \"{name}\" not found", at.resource()))
}

impl World {
    pub fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// As if it had been made by somebody who may.
    pub fn put(&mut self, collection: &str, name: &str, mut object: Value) {
        let number = self.next();
        let at = At::read(collection).unwrap_or_else(|| panic!("{collection} is not served here"));
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        if let Some(namespace) = &at.namespace {
            metadata["namespace"] = json!(namespace);
        }
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
        }
        if metadata["creationTimestamp"].is_null() {
            metadata["creationTimestamp"] = json!("2026-01-05T10:00:00Z");
        }
        metadata["resourceVersion"] = json!(number.to_string());
        metadata["managedFields"] = json!([{"manager": "test", "operation": "Update"}]);
        self.objects.entry(collection.to_string()).or_default().insert(name.to_string(), object);
    }

    /// All of one kind that stand under a collection, or under every namespace.
    pub fn listed(&self, at: &At) -> Vec<Value> {
        match (&at.namespace, at.namespaced()) {
            (None, true) => {
                let (start, end) = (format!("{}/namespaces/", at.root()), format!("/{}", at.plural));
                let fits = |path: &&String| path.starts_with(&start) && path.ends_with(&end);
                let paths = self.objects.keys().filter(fits);
                paths.flat_map(|path| self.objects[path].values().cloned()).collect()
            }
            _ => self.objects.get(&at.collection()).map_or(Vec::new(), |c| c.values().cloned().collect()),
        }
    }

    pub fn named(&self, at: &At) -> Result<Value, Refused> {
        let name = at.name.clone().unwrap_or_default();
        let found = self.objects.get(&at.collection()).and_then(|c| c.get(&name)).cloned();
        found.ok_or_else(|| not_found(at, &name))
    }

    /// What a change makes of an object: a number more, and a generation where what is wanted is another.
    pub fn replace(&mut self, at: &At, before: &Value, mut after: Value) -> Value {
        let number = self.next();
        after["metadata"]["resourceVersion"] = json!(number.to_string());
        if after["spec"] != before["spec"] && before["metadata"]["generation"].is_i64() {
            after["metadata"]["generation"] = json!(before["metadata"]["generation"].as_i64().unwrap_or_default() + 1);
        }
        let name = at.name.clone().unwrap_or_default();
        self.objects.entry(at.collection()).or_default().insert(name, after.clone());
        after
    }
}
