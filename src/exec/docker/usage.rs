//! `docker system df`. The library knows the newest form of the daemon's answer only, and older daemons give another
//! one: so it is asked for here, as text, and both forms are read.

use super::Host;
use super::address::{Address, Failed};
use super::said::Said;
use super::show::{Column, Format, rows};
use super::units::human_exact;
use bollard::Docker;
use bollard::query_parameters::{ListContainersOptions, ListImagesOptions, ListVolumesOptions};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

const COLUMNS: &[Column] = &[
    ("Type", "TYPE"),
    ("TotalCount", "TOTAL"),
    ("Active", "ACTIVE"),
    ("Size", "SIZE"),
    ("Reclaimable", "RECLAIMABLE"),
];
/// Bytes of an answer: some thousand images and containers.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Docker adds up all layers; on a large disk that takes a while.
const ANSWER_TIME: Duration = Duration::from_secs(120);

pub async fn df(host: &Host, client: &Docker, format: Option<&str>, said: &mut Said) -> Result<(), Failed> {
    let format = Format::of_rows(format).map_err(Failed::Ours)?;
    client.ping().await?;
    let usage = match &host.client.address {
        Address::Socket(path) => {
            let socket = UnixStream::connect(path).await.map_err(|e| Failed::Unreached(crate::exec::ran::io(&e)))?;
            get(socket, "/system/df").await?
        }
        Address::Tcp(address) => {
            let address = address.rsplit("://").next().unwrap_or_default().trim_end_matches('/');
            let socket = TcpStream::connect(address).await.map_err(|e| Failed::Unreached(crate::exec::ran::io(&e)))?;
            get(socket, "/system/df").await?
        }
        // What can be had through the library: all but the size of volumes and of the build cache.
        Address::Tls { .. } | Address::Ssh(_) => listed(client).await?,
    };
    let table: Vec<Value> = summary(&usage).into_iter().map(|part| part.row(said)).collect();
    said.print(&rows(&table, COLUMNS, &format).map_err(Failed::Ours)?);
    Ok(())
}

/// One request in the oldest form of the protocol: the answer ends with the connection.
async fn get(mut socket: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> Result<Value, Failed> {
    let broken = |e: std::io::Error| Failed::Unreached(crate::exec::ran::io(&e));
    socket.write_all(format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    let mut bounded = socket.take(ANSWER_BYTES_MAX);
    let read = tokio::time::timeout(ANSWER_TIME, bounded.read_to_end(&mut answer)).await;
    read.map_err(|_| Failed::Silent)?.map_err(broken)?;
    let strange = || Failed::Ours("Docker's answer to system df is not understood".to_string());
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(strange)?;
    let body: Value = serde_json::from_slice(&answer[end + 4..]).map_err(|_| strange())?;
    if !answer.starts_with(b"HTTP/1.0 200") && !answer.starts_with(b"HTTP/1.1 200") {
        let message = body.get("message").and_then(Value::as_str).unwrap_or("no reason given").to_string();
        return Err(Failed::Said { status: 500, message });
    }
    Ok(body)
}

async fn listed(client: &Docker) -> Result<Value, Failed> {
    let images = client.list_images(Some(ListImagesOptions::default())).await?;
    let containers =
        client.list_containers(Some(ListContainersOptions { all: true, size: true, ..Default::default() })).await?;
    let volumes = client.list_volumes(None::<ListVolumesOptions>).await?;
    let mut images = json!(images);
    for image in images.as_array_mut().into_iter().flatten() {
        let users = containers.iter().filter(|c| c.image_id.as_deref() == image["Id"].as_str()).count();
        image["Containers"] = json!(users);
    }
    Ok(json!({"Images": images, "Containers": containers, "Volumes": volumes.volumes.unwrap_or_default()}))
}

#[derive(Debug, Default, PartialEq)]
struct Part {
    name: &'static str,
    total: i64,
    active: i64,
    size: i64,
    reclaimable: i64,
}

impl Part {
    fn row(&self, said: &mut Said) -> Value {
        said.reading(format!("size of {}", self.name.to_lowercase()), self.size as f64 / 1e6, "MB");
        said.reading(format!("reclaimable of {}", self.name.to_lowercase()), self.reclaimable as f64 / 1e6, "MB");
        let percent = match self.size {
            1.. if self.name != "Build Cache" => format!(" ({}%)", self.reclaimable * 100 / self.size),
            _ => String::new(),
        };
        json!({
            "Type": self.name, "TotalCount": self.total.to_string(), "Active": self.active.to_string(),
            "Size": human_exact(self.size), "Reclaimable": format!("{}{percent}", human_exact(self.reclaimable)),
        })
    }
}

/// From either form.
fn summary(usage: &Value) -> Vec<Part> {
    let number = |v: &Value, field: &str| v.get(field).and_then(Value::as_i64).unwrap_or(0);
    let list = |field: &str| usage.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let newer = |name, field: &str| {
        let part = usage.get(field)?;
        let (total, active) = (number(part, "TotalCount"), number(part, "ActiveCount"));
        Some(Part { name, total, active, size: number(part, "TotalSize"), reclaimable: number(part, "Reclaimable") })
    };
    let of = |name, all: Vec<Value>, size: &dyn Fn(&Value) -> i64, is_active: &dyn Fn(&Value) -> bool| {
        let (mut part, total) = (Part { name, ..Part::default() }, all.len() as i64);
        part.total = total;
        for one in &all {
            part.size += size(one).max(0);
            match is_active(one) {
                true => part.active += 1,
                false => part.reclaimable += size(one).max(0),
            }
        }
        part
    };
    let images = newer("Images", "ImageUsage").unwrap_or_else(|| {
        let own = |i: &Value| number(i, "Size") - number(i, "SharedSize").max(0);
        let mut part = of("Images", list("Images"), &own, &|i| number(i, "Containers") > 0);
        // Layers that are shared are counted once.
        if let Some(layers) = usage.get("LayersSize").and_then(Value::as_i64) {
            part.size = layers;
            let used = list("Images").iter().filter(|i| number(i, "Containers") > 0).map(own).sum::<i64>();
            part.reclaimable = if part.active == 0 { layers } else { (layers - used).max(0).min(part.reclaimable) };
        }
        part
    });
    let containers = newer("Containers", "ContainerUsage").unwrap_or_else(|| {
        let runs =
            |c: &Value| matches!(c.get("State").and_then(Value::as_str), Some("running" | "paused" | "restarting"));
        of("Containers", list("Containers"), &|c| number(c, "SizeRw"), &runs)
    });
    let volumes = newer("Local Volumes", "VolumeUsage").unwrap_or_else(|| {
        let of_volume = |v: &Value, field: &str| v.get("UsageData").map_or(0, |u| number(u, field));
        of("Local Volumes", list("Volumes"), &|v| of_volume(v, "Size"), &|v| of_volume(v, "RefCount") > 0)
    });
    let cache = newer("Build Cache", "BuildCacheUsage").unwrap_or_else(|| {
        let in_use = |c: &Value| c.get("InUse").and_then(Value::as_bool).unwrap_or(false);
        of("Build Cache", list("BuildCache"), &|c| number(c, "Size"), &in_use)
    });
    vec![images, containers, volumes, cache]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_answer_are_read() {
        let older = json!({
            "LayersSize": 300, "Images": [{"Size": 200, "SharedSize": 0, "Containers": 1}, {"Size": 100, "SharedSize": 0, "Containers": 0}],
            "Containers": [{"State": "running", "SizeRw": 7}, {"State": "exited", "SizeRw": 5}, {"State": "exited"}],
            "Volumes": [{"UsageData": {"Size": 9, "RefCount": 0}}, {"UsageData": {"Size": -1, "RefCount": 1}}, {}], "BuildCache": null
        });
        let newer = json!({
            "ImageUsage": {"TotalCount": 2, "ActiveCount": 1, "TotalSize": 300, "Reclaimable": 100},
            "ContainerUsage": {"TotalCount": 3, "ActiveCount": 1, "TotalSize": 12, "Reclaimable": 5},
            "VolumeUsage": {"TotalCount": 3, "ActiveCount": 1, "TotalSize": 9, "Reclaimable": 9}, "BuildCacheUsage": {}
        });
        assert_eq!(summary(&older), summary(&newer));
        assert_eq!(summary(&older)[0], Part { name: "Images", total: 2, active: 1, size: 300, reclaimable: 100 });
    }
}
