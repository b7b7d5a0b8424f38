//! `docker ps`, `images`, `network ls`, `volume ls`. Every field that the daemon leaves out is shown as empty.

use super::address::Failed;
use super::op::Listing;
use super::said::Said;
use super::show::{Column, Format, cut, rows, short};
use super::units::{date, human, now, span};
use bollard::Docker;
use bollard::models::{ContainerSummary, PortSummary};
use bollard::query_parameters::{ListContainersOptions, ListImagesOptions, ListNetworksOptions, ListVolumesOptions};
use chrono::DateTime;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

pub const CONTAINERS: &[Column] = &[
    ("ID", "CONTAINER ID"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("RunningFor", "CREATED"),
    ("Status", "STATUS"),
    ("Ports", "PORTS"),
    ("Names", "NAMES"),
];
const IMAGES: &[Column] =
    &[("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE")];
const IMAGES_DIGESTS: &[Column] = &[
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("ID", "IMAGE ID"),
    ("CreatedSince", "CREATED"),
    ("Size", "SIZE"),
];
const NETWORKS: &[Column] = &[("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("Scope", "SCOPE")];
const VOLUMES: &[Column] = &[("Driver", "DRIVER"), ("Name", "VOLUME NAME")];

pub async fn containers(client: &Docker, listing: &Listing, said: &mut Said) -> Result<(), Failed> {
    let format = Format::of_rows(listing.format.as_deref()).map_err(Failed::Ours)?;
    let found = found(client, listing).await?;
    for container in &found {
        readings(container, said);
    }
    said.reading("containers".to_string(), found.len() as f64, "");
    if listing.quiet {
        for container in &found {
            said.print(&(short(container.id.as_deref().unwrap_or_default(), listing.no_trunc) + "\n"));
        }
        return Ok(());
    }
    let table: Vec<Value> = found.iter().map(|c| container_row(c, listing.no_trunc)).collect();
    let mut columns = CONTAINERS.to_vec();
    if listing.size {
        columns.push(("Size", "SIZE"));
    }
    said.print(&rows(&table, &columns, &format).map_err(Failed::Ours)?);
    Ok(())
}

pub async fn found(client: &Docker, listing: &Listing) -> Result<Vec<ContainerSummary>, Failed> {
    let options = ListContainersOptions {
        // A filter by state is about all containers, and so is "the last".
        all: listing.all
            || listing.last.is_some()
            || listing.filters.contains_key("status")
            || listing.filters.contains_key("exited"),
        limit: listing.last,
        size: listing.size,
        filters: Some(listing.filters.clone()),
    };
    Ok(client.list_containers(Some(options)).await?)
}

pub fn name_of(container: &ContainerSummary) -> String {
    // A link makes further names, with a slash in the middle.
    let names = container.names.iter().flatten().map(|n| n.trim_start_matches('/'));
    names.min_by_key(|n| n.matches('/').count()).unwrap_or_default().to_string()
}

fn readings(container: &ContainerSummary, said: &mut Said) {
    let (name, status) = (name_of(container), container.status.as_deref().unwrap_or_default());
    said.reading(
        format!("running of {name}"),
        f64::from(u8::from(status.starts_with("Up") && !status.contains("Paused"))),
        "",
    );
    let health = if status.contains("(healthy)") { Some(1.0) } else { status.contains("(unhealthy)").then_some(0.0) };
    if let Some(health) = health {
        said.reading(format!("health of {name}"), health, "");
    }
}

fn container_row(c: &ContainerSummary, whole: bool) -> Value {
    let created = c.created.unwrap_or_default();
    let command = c.command.as_deref().unwrap_or_default();
    let command = if whole { command.to_string() } else { cut(command, 20) };
    let labels: BTreeMap<&String, &String> = c.labels.iter().flatten().collect();
    let networks = c.network_settings.as_ref().and_then(|n| n.networks.as_ref());
    let mut networks: Vec<&String> = networks.into_iter().flat_map(HashMap::keys).collect();
    networks.sort();
    let mounts = c.mounts.iter().flatten().map(|m| m.name.clone().or(m.source.clone()).unwrap_or_default());
    let mounts: Vec<String> = mounts.map(|m| if whole { m } else { cut(&m, 15) }).collect();
    let image = c.image.as_deref().unwrap_or_default();
    json!({
        "ID": short(c.id.as_deref().unwrap_or_default(), whole),
        "Image": if image.starts_with("sha256:") { short(image, whole) } else { image.to_string() },
        "Command": format!("\"{}\"", command.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")),
        "CreatedAt": DateTime::from_timestamp(created, 0).map(date).unwrap_or_default(),
        "RunningFor": ago(created),
        "Status": c.status.as_deref().unwrap_or_default(),
        "State": c.state.map(|s| s.to_string()).unwrap_or_default(),
        "Ports": ports(c.ports.as_deref().unwrap_or_default()),
        "Names": c.names.iter().flatten().map(|n| n.trim_start_matches('/')).collect::<Vec<_>>().join(","),
        "Labels": labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(","),
        "Label": labels,
        "Mounts": mounts.join(","),
        "LocalVolumes": c.mounts.iter().flatten().filter(|m| m.driver.as_deref() == Some("local")).count().to_string(),
        "Networks": networks.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(","),
        "Size": format!("{} (virtual {})", human(c.size_rw.unwrap_or_default()), human(c.size_root_fs.unwrap_or_default())),
    })
}

pub fn ago(created: i64) -> String {
    format!("{} ago", span(now().timestamp() - created))
}

/// `0.0.0.0:8080->80/tcp, 9000/tcp`.
fn ports(ports: &[PortSummary]) -> String {
    let mut ports: Vec<&PortSummary> = ports.iter().collect();
    ports.sort_by_key(|p| (p.private_port, p.public_port, p.ip.clone()));
    let one = |p: &PortSummary| {
        let kind = p.typ.map(|t| t.to_string()).unwrap_or_default();
        match (&p.ip, p.public_port) {
            (Some(ip), Some(public)) => format!("{ip}:{public}->{}/{kind}", p.private_port),
            (None, Some(public)) => format!("{public}->{}/{kind}", p.private_port),
            _ => format!("{}/{kind}", p.private_port),
        }
    };
    ports.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

pub async fn images(client: &Docker, listing: &Listing, said: &mut Said) -> Result<(), Failed> {
    let format = Format::of_rows(listing.format.as_deref()).map_err(Failed::Ours)?;
    let mut filters = listing.filters.clone();
    if let Some(reference) = &listing.reference {
        filters.entry("reference".to_string()).or_default().push(reference.clone());
    }
    let options =
        ListImagesOptions { all: listing.all, filters: Some(filters), digests: listing.digests, ..Default::default() };
    let found = client.list_images(Some(options)).await?;
    let mut table = Vec::new();
    for image in &found {
        let id = short(&image.id, listing.no_trunc);
        let digest = image.repo_digests.first().and_then(|d| Some(d.split_once('@')?.1)).unwrap_or("<none>");
        let none = vec!["<none>:<none>".to_string()];
        for tag in if image.repo_tags.is_empty() { &none } else { &image.repo_tags } {
            let (repository, tag) = tag.rsplit_once(':').unwrap_or((tag, ""));
            table.push(json!({
                "Repository": repository, "Tag": tag, "ID": id, "Digest": digest,
                "CreatedSince": ago(image.created),
                "CreatedAt": DateTime::from_timestamp(image.created, 0).map(date).unwrap_or_default(),
                "Size": human(image.size), "VirtualSize": human(image.size),
            }));
        }
    }
    said.reading("images".to_string(), found.len() as f64, "");
    print(&table, if listing.digests { IMAGES_DIGESTS } else { IMAGES }, "ID", listing.quiet, &format, said)
}

pub async fn networks(client: &Docker, listing: &Listing, said: &mut Said) -> Result<(), Failed> {
    let format = Format::of_rows(listing.format.as_deref()).map_err(Failed::Ours)?;
    let options = ListNetworksOptions { filters: Some(listing.filters.clone()) };
    let mut found = client.list_networks(Some(options)).await?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let row = |n: &bollard::models::Network| {
        json!({
            "ID": short(n.id.as_deref().unwrap_or_default(), listing.no_trunc),
            "Name": n.name, "Driver": n.driver, "Scope": n.scope,
            "Internal": n.internal.unwrap_or(false).to_string(), "IPv6": n.enable_ipv6.unwrap_or(false).to_string(),
            "Labels": labels(n.labels.as_ref()),
        })
    };
    print(&found.iter().map(row).collect::<Vec<_>>(), NETWORKS, "ID", listing.quiet, &format, said)
}

pub async fn volumes(client: &Docker, listing: &Listing, said: &mut Said) -> Result<(), Failed> {
    let format = Format::of_rows(listing.format.as_deref()).map_err(Failed::Ours)?;
    let options = ListVolumesOptions { filters: Some(listing.filters.clone()) };
    let mut found = client.list_volumes(Some(options)).await?.volumes.unwrap_or_default();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let row = |v: &bollard::models::Volume| {
        json!({
            "Name": v.name, "Driver": v.driver, "Mountpoint": v.mountpoint, "Labels": labels(Some(&v.labels)),
            "Scope": v.scope.map(|s| s.to_string()).unwrap_or_default(), "Size": "N/A",
        })
    };
    said.reading("volumes".to_string(), found.len() as f64, "");
    print(&found.iter().map(row).collect::<Vec<_>>(), VOLUMES, "Name", listing.quiet, &format, said)
}

fn labels(labels: Option<&HashMap<String, String>>) -> String {
    let labels: BTreeMap<&String, &String> = labels.into_iter().flatten().collect();
    labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}

fn print(
    table: &[Value],
    columns: &[Column],
    id: &str,
    quiet: bool,
    format: &Format,
    said: &mut Said,
) -> Result<(), Failed> {
    let text = match quiet {
        true => table.iter().filter_map(|row| row.get(id)?.as_str()).map(|id| format!("{id}\n")).collect(),
        false => rows(table, columns, format).map_err(Failed::Ours)?,
    };
    said.print(&text);
    Ok(())
}
