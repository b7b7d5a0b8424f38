//! `docker … prune`: what would go, and letting it go. The list of the plan is made by the daemon's own filters, so that
//! what is shown is what it would take; what changes between plan and run is not in it.

use super::Host;
use super::act::{doubt, part};
use super::address::Failed;
use super::list::name_of;
use super::op::{Filters, Prune};
use super::said::Said;
use super::units::{human, human_exact, moment, now};
use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptions, ListImagesOptions, ListNetworksOptions, ListVolumesOptions, PruneBuildOptions,
    PruneContainersOptions, PruneImagesOptions, PruneNetworksOptions, PruneVolumesOptions,
};
use std::collections::HashSet;

/// Names of one kind in a plan: more is counted.
const SHOWN_MAX: usize = 50;

pub async fn finds(client: &Docker, what: &[Prune], filters: &Filters) -> Result<Vec<String>, Failed> {
    let mut out = Vec::new();
    // What the containers that go hold on to goes with them, in the same prune.
    let gone = what.contains(&Prune::Containers);
    for one in what {
        let mut found = match one {
            Prune::Containers => containers(client, filters).await?,
            Prune::Networks => networks(client, filters, gone).await?,
            Prune::Volumes { .. } => volumes(client, filters, gone).await?,
            Prune::Images { all } => images(client, filters, *all, gone).await?,
            Prune::BuildCache { .. } => vec!["the build cache that nothing uses".to_string()],
        };
        let more = found.len().saturating_sub(SHOWN_MAX);
        found.truncate(SHOWN_MAX);
        if found.is_empty() {
            out.push(format!("no {}", part(*one)));
        }
        out.extend(found);
        if more > 0 {
            out.push(format!("and {more} more {}", part(*one)));
        }
    }
    Ok(out)
}

/// The filters of a listing: `until` is ours to judge.
fn listed(filters: &Filters) -> Filters {
    let mut filters = filters.clone();
    filters.remove("until");
    filters
}

fn old_enough(filters: &Filters, created: i64) -> bool {
    let now = now();
    filters.get("until").into_iter().flatten().all(|until| moment(until, now).is_some_and(|until| created < until))
}

async fn stopped(client: &Docker, filters: &Filters) -> Result<Vec<bollard::models::ContainerSummary>, Failed> {
    let mut listed = listed(filters);
    listed.insert("status".to_string(), ["created", "exited", "dead"].map(str::to_string).to_vec());
    let options = ListContainersOptions { all: true, size: true, filters: Some(listed), ..Default::default() };
    let mut found = client.list_containers(Some(options)).await?;
    found.retain(|c| old_enough(filters, c.created.unwrap_or_default()));
    Ok(found)
}

async fn containers(client: &Docker, filters: &Filters) -> Result<Vec<String>, Failed> {
    let found = stopped(client, filters).await?;
    let line = |c: &bollard::models::ContainerSummary| {
        let status = c.status.as_deref().unwrap_or_default();
        format!("container {} ({status}, {})", name_of(c), human(c.size_rw.unwrap_or_default()))
    };
    Ok(found.iter().map(line).collect())
}

/// Containers that stay: all of them, or those that this very prune does not take.
async fn staying(
    client: &Docker,
    filters: &Filters,
    gone: bool,
) -> Result<Vec<bollard::models::ContainerSummary>, Failed> {
    let mut all = client.list_containers(Some(ListContainersOptions { all: true, ..Default::default() })).await?;
    if gone {
        let going: HashSet<Option<String>> = stopped(client, filters).await?.into_iter().map(|c| c.id).collect();
        all.retain(|c| !going.contains(&c.id));
    }
    Ok(all)
}

async fn images(client: &Docker, filters: &Filters, all: bool, gone: bool) -> Result<Vec<String>, Failed> {
    let mut listed = listed(filters);
    let only_dangling = listed.remove("dangling").is_some_and(|d| d == ["true"]);
    if !all || only_dangling {
        listed.insert("dangling".to_string(), vec!["true".to_string()]);
    }
    let options = ListImagesOptions { filters: Some(listed), ..Default::default() };
    let found = client.list_images(Some(options)).await?;
    let used: HashSet<String> = staying(client, filters, gone).await?.into_iter().filter_map(|c| c.image_id).collect();
    let unused = found.iter().filter(|i| !used.contains(&i.id) && old_enough(filters, i.created));
    let name = |i: &bollard::models::ImageSummary| match &i.repo_tags[..] {
        [] => super::show::short(&i.id, false),
        tags => tags.join(", "),
    };
    Ok(unused.map(|i| format!("image {} ({})", name(i), human(i.size))).collect())
}

async fn volumes(client: &Docker, filters: &Filters, gone: bool) -> Result<Vec<String>, Failed> {
    let options = ListVolumesOptions { filters: Some(listed(filters)) };
    let found = client.list_volumes(Some(options)).await?.volumes.unwrap_or_default();
    let staying = staying(client, filters, gone).await?;
    let used: HashSet<&String> =
        staying.iter().flat_map(|c| c.mounts.iter().flatten()).filter_map(|m| m.name.as_ref()).collect();
    // Later daemons spare those with a name unless they are told otherwise; a plan rather says too much.
    Ok(found
        .iter()
        .filter(|v| !used.contains(&v.name))
        .map(|v| format!("volume {} with all its data", v.name))
        .collect())
}

async fn networks(client: &Docker, filters: &Filters, gone: bool) -> Result<Vec<String>, Failed> {
    let mut listed = listed(filters);
    listed.insert("type".to_string(), vec!["custom".to_string()]);
    let found = client.list_networks(Some(ListNetworksOptions { filters: Some(listed) })).await?;
    let staying = staying(client, filters, gone).await?;
    let used: HashSet<&String> = staying
        .iter()
        .filter_map(|c| c.network_settings.as_ref()?.networks.as_ref())
        .flat_map(std::collections::HashMap::keys)
        .collect();
    let names = found.into_iter().filter_map(|n| n.name);
    Ok(names.filter(|name| !used.contains(name)).map(|name| format!("network {name}")).collect())
}

pub async fn prune(host: &Host, what: &[Prune], filters: &Filters, said: &mut Said) -> Result<(), Failed> {
    // A large prune takes minutes.
    let client = host.client.patient(3600)?;
    client.ping().await?;
    let mut reclaimed = 0;
    for one in what {
        match take(&client, *one, filters, said).await {
            Ok(bytes) => reclaimed += bytes,
            Err(failed) => {
                doubt(&failed, "docker system df shows what is left", said);
                break;
            }
        }
    }
    said.reading("reclaimed space".to_string(), reclaimed as f64 / 1e6, "MB");
    said.print(&format!("Total reclaimed space: {}\n", human_exact(reclaimed)));
    Ok(())
}

async fn take(client: &Docker, what: Prune, filters: &Filters, said: &mut Said) -> Result<i64, Failed> {
    let mut filters = filters.clone();
    let (title, gone, bytes) = match what {
        Prune::Containers => {
            let done = client.prune_containers(Some(PruneContainersOptions { filters: Some(filters) })).await?;
            ("Deleted Containers:", done.containers_deleted, done.space_reclaimed)
        }
        Prune::Networks => {
            let done = client.prune_networks(Some(PruneNetworksOptions { filters: Some(filters) })).await?;
            ("Deleted Networks:", done.networks_deleted, None)
        }
        Prune::Volumes { all } => {
            if all {
                filters.insert("all".to_string(), vec!["true".to_string()]);
            }
            let done = client.prune_volumes(Some(PruneVolumesOptions { filters: Some(filters) })).await?;
            ("Deleted Volumes:", done.volumes_deleted, done.space_reclaimed)
        }
        Prune::Images { all } => {
            filters.insert("dangling".to_string(), vec![(!all).to_string()]);
            let done = client.prune_images(Some(PruneImagesOptions { filters: Some(filters) })).await?;
            let lines = done.images_deleted.unwrap_or_default().into_iter().flat_map(|i| {
                [i.untagged.map(|name| format!("untagged: {name}")), i.deleted.map(|id| format!("deleted: {id}"))]
            });
            ("Deleted Images:", Some(lines.flatten().collect()), done.space_reclaimed)
        }
        Prune::BuildCache { all } => {
            let done = client
                .prune_build(Some(PruneBuildOptions { all: Some(all), filters: Some(filters), ..Default::default() }))
                .await?;
            ("Deleted build cache objects:", done.caches_deleted, done.space_reclaimed)
        }
    };
    let gone = gone.unwrap_or_default();
    if !gone.is_empty() {
        said.line(title);
        gone.iter().for_each(|one| said.line(one));
        said.line("");
    }
    Ok(bytes.unwrap_or_default())
}
