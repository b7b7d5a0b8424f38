//! A Kubernetes API of the tests' own, on loopback, with objects that change: it refuses what the API refuses (tokens,
//! rights, unknown things, forms of patches) and does what its controllers do (pods of a deployment, revisions).
//! It knows no test.

mod controller;
mod exec;
mod objects;
mod patch;
mod selectors;
mod serve;
mod table;

use crate::harness::wire::Wire;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

pub const TOKEN: &str = "token-of-ana";

/// What a token may do; `*` stands for everything.
#[derive(Clone, Debug)]
pub struct Rule {
    pub group: &'static str,
    pub resource: &'static str,
    pub verb: &'static str,
}

/// What happens to the next request that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is done, and the connection ends without an answer.
    AnswerLost,
    /// The connection ends before anything is done.
    RequestLost,
    /// It is done, and the API says that it has trouble.
    Trouble,
    /// It is done, and nobody answers for ever.
    Silence,
}

#[derive(Default)]
pub struct World {
    /// By collection (`/apis/apps/v1/namespaces/shop/deployments`) and name.
    pub objects: BTreeMap<String, BTreeMap<String, Value>>,
    pub tokens: BTreeMap<String, Vec<Rule>>,
    /// Of `namespace/pod/container`, and with `/previous` of its run before.
    pub logs: BTreeMap<String, String>,
    /// Usage by pod or node: processors and bytes; `None`: no metrics server.
    pub metrics: Option<BTreeMap<String, (String, String)>>,
    pub fault: Option<Fault>,
    /// The controllers do nothing until they are let go on.
    pub controllers_held: bool,
    /// `v4.channel.k8s.io` alone, as before 1.30.
    pub old_exec: bool,
    /// Every request, as `METHOD PATH`.
    pub asked: Vec<String>,
    count: u64,
}

#[derive(Clone)]
pub struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("not poisoned")
    }
}

pub struct FakeKubernetes {
    pub wire: Wire,
    shared: Shared,
}

impl FakeKubernetes {
    /// Empty, with one node and one token that may do everything.
    pub fn start() -> FakeKubernetes {
        let all = Rule { group: "*", resource: "*", verb: "*" };
        let mut world = World { tokens: BTreeMap::from([(TOKEN.to_string(), vec![all])]), ..World::default() };
        world.put("/api/v1/nodes", "node1", json!({
            "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "all is well"}],
            "allocatable": {"cpu": "2", "memory": "4Gi"}, "capacity": {"cpu": "2", "memory": "4Gi"},
            "nodeInfo": {"kubeletVersion": "v1.34.1"}}}));
        let shared = Shared(Arc::new(Mutex::new(world)));
        FakeKubernetes { wire: Wire::serve(serve::router(shared.clone())), shared }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// A deployment whose pods run: `containers` are names and images.
    pub fn deployment(&self, namespace: &str, name: &str, replicas: i64, containers: &[(&str, &str)]) {
        let containers: Vec<Value> =
            containers.iter().map(|(name, image)| json!({"name": name, "image": image})).collect();
        let mut world = self.world();
        let collection = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
        // Of one that is there, another version.
        let uid = world.objects.get(&collection).and_then(|c| c.get(name)).map(|d| d["metadata"]["uid"].clone());
        world.put(&collection, name, json!({
            "metadata": {"generation": 1, "labels": {"app": name}, "uid": uid},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "strategy": {"type": "RollingUpdate"},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}},
            "status": {},
        }));
        world.reconcile();
    }

    pub fn object(&self, collection: &str, name: &str) -> Value {
        self.world().objects.get(collection).and_then(|c| c.get(name)).cloned().unwrap_or_default()
    }

    pub fn put(&self, collection: &str, name: &str, object: Value) {
        self.world().put(collection, name, object);
    }

    /// Names of pods, in order.
    pub fn pods(&self, namespace: &str) -> Vec<String> {
        let world = self.world();
        world
            .objects
            .get(&format!("/api/v1/namespaces/{namespace}/pods"))
            .map_or(Vec::new(), |p| p.keys().cloned().collect())
    }

    pub fn log(&self, of: &str, text: &str) {
        self.world().logs.insert(of.to_string(), text.to_string());
    }

    pub fn fault(&self, fault: Fault) {
        self.world().fault = Some(fault);
    }

    /// How many requests of one method there were so far.
    pub fn count(&self, method: &str) -> usize {
        self.world().asked.iter().filter(|a| a.starts_with(method)).count()
    }

    pub fn hold_controllers(&self, held: bool) {
        let mut world = self.world();
        world.controllers_held = held;
        world.reconcile();
    }
}
