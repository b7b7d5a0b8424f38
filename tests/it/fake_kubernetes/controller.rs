//! What the cluster's controllers would do after a change: pods and revisions of deployments, other pods for deleted
//! ones. Everything at once, or nothing while they are held.

use super::World;
use serde_json::{Value, json};

const REVISION: &str = "deployment.kubernetes.io/revision";

impl World {
    pub fn reconcile(&mut self) {
        if self.controllers_held {
            return;
        }
        let ends = "/deployments";
        let paths: Vec<String> = self.objects.keys().filter(|p| p.ends_with(ends)).cloned().collect();
        for path in paths {
            let namespace = path.split('/').nth(5).unwrap_or_default().to_string();
            let names: Vec<String> = self.objects[&path].keys().cloned().collect();
            for name in names {
                self.deployment(&path, &namespace, &name);
            }
        }
    }

    fn deployment(&mut self, path: &str, namespace: &str, name: &str) {
        let mut deployment = self.objects[path][name].clone();
        let sets = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
        let set = self.set_of(&sets, &mut deployment, name);
        let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
        self.pods_of(namespace, &set, &deployment, wanted);
        deployment["status"] = json!({
            "observedGeneration": deployment["metadata"]["generation"], "replicas": wanted, "updatedReplicas": wanted,
            "readyReplicas": wanted, "availableReplicas": wanted,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "it progressed"}],
        });
        self.objects.get_mut(path).expect("it is there").insert(name.to_string(), deployment);
    }

    /// The replica set of the template as it is: an old one gets a new number, a new one is made.
    fn set_of(&mut self, sets: &str, deployment: &mut Value, name: &str) -> String {
        let uid = deployment["metadata"]["uid"].clone();
        let own: Vec<Value> = self.objects.get(sets).map_or(Vec::new(), |all| {
            all.values().filter(|s| s["metadata"]["ownerReferences"][0]["uid"] == uid).cloned().collect()
        });
        let revision = |set: &Value| -> i64 {
            set["metadata"]["annotations"][REVISION].as_str().and_then(|r| r.parse().ok()).unwrap_or_default()
        };
        let latest = own.iter().map(revision).max().unwrap_or_default();
        let plain = |set: &Value| {
            let mut template = set["spec"]["template"].clone();
            template["metadata"]["labels"].as_object_mut().map(|labels| labels.remove("pod-template-hash"));
            template
        };
        let found = own.iter().find(|set| plain(set) == deployment["spec"]["template"]).cloned();
        let (mut set, number) = match found {
            Some(set) if revision(&set) == latest => (set, latest),
            Some(set) => (set, latest + 1),
            None => {
                let hash = format!("{:08x}", self.next() * 2_654_435_761 % 0xffff_ffff);
                let mut template = deployment["spec"]["template"].clone();
                template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
                let mut labels = template["metadata"]["labels"].clone();
                labels["pod-template-hash"] = json!(hash);
                let owner = json!([{"kind": "Deployment", "name": name, "uid": uid, "controller": true}]);
                let set = json!({
                    "metadata": {"name": format!("{name}-{hash}"), "labels": labels, "ownerReferences": owner, "annotations": {}},
                    "spec": {"template": template, "selector": {"matchLabels": labels}, "replicas": 0},
                });
                (set, latest + 1)
            }
        };
        set["metadata"]["annotations"][REVISION] = json!(number.to_string());
        set["metadata"]["annotations"]["kubernetes.io/change-cause"] =
            deployment["metadata"]["annotations"]["kubernetes.io/change-cause"].clone();
        if let Some(all) = set["metadata"]["annotations"].as_object_mut() {
            all.retain(|_, v| !v.is_null());
        }
        deployment["metadata"]["annotations"][REVISION] = json!(number.to_string());
        let set_name = set["metadata"]["name"].as_str().unwrap_or_default().to_string();
        self.put(sets, &set_name, set);
        set_name
    }

    /// As many pods of this set as are wanted, and none of the deployment's other sets.
    fn pods_of(&mut self, namespace: &str, set: &str, deployment: &Value, wanted: i64) {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let name = deployment["metadata"]["name"].as_str().unwrap_or_default();
        let prefix = format!("{name}-");
        let owner =
            |pod: &Value| pod["metadata"]["ownerReferences"][0]["name"].as_str().unwrap_or_default().to_string();
        if let Some(pods) = self.objects.get_mut(&path) {
            let hash = |set: &str| set.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('-'));
            pods.retain(|_, pod| !hash(&owner(pod)) || owner(pod) == set);
        }
        let own = |world: &World| -> Vec<String> {
            let pods = world.objects.get(&path).into_iter().flatten();
            pods.filter(|(_, pod)| owner(pod) == set).map(|(name, _)| name.clone()).collect()
        };
        let is = own(self);
        for name in is.iter().skip(usize::try_from(wanted).unwrap_or_default()) {
            self.objects.get_mut(&path).map(|pods| pods.remove(name));
        }
        for _ in is.len() as i64..wanted {
            let number = self.next();
            let containers = deployment["spec"]["template"]["spec"]["containers"].clone();
            let statuses: Vec<Value> = containers.as_array().into_iter().flatten().map(running).collect();
            let pod = json!({
                "metadata": {"labels": deployment["spec"]["template"]["metadata"]["labels"],
                    "ownerReferences": [{"kind": "ReplicaSet", "name": set, "uid": set, "controller": true}]},
                "spec": {"nodeName": "node1", "containers": containers},
                "status": {"phase": "Running", "podIP": "10.0.0.7", "containerStatuses": statuses,
                    "conditions": [{"type": "Ready", "status": "True"}]},
            });
            self.put(&path, &format!("{set}-{number:05}"), pod);
        }
    }
}

pub fn running(container: &Value) -> Value {
    json!({"name": container["name"], "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-01-05T10:00:05Z"}}})
}
