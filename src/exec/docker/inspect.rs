//! `docker inspect`, `top`, `port`, `version`, `info`: what there is to know of one object, and what of it has thresholds.

use super::address::Failed;
use super::op::Kind;
use super::said::Said;
use super::show::{Format, aligned};
use bollard::Docker;
use bollard::models::{ContainerInspectResponse, HealthStatusEnum};
use bollard::query_parameters::{InspectContainerOptions, InspectNetworkOptions, TopOptions};
use serde::Serialize;
use serde_json::Value;

pub async fn inspect(
    client: &Docker,
    kind: Kind,
    names: &[String],
    format: Option<&str>,
    size: bool,
    said: &mut Said,
) -> Result<(), Failed> {
    let format = Format::of_object(format).map_err(Failed::Ours)?;
    let mut objects = Vec::new();
    for name in names {
        match object(client, kind, name, size, said).await {
            Ok(object) => objects.push(object),
            Err(failed @ Failed::Said { .. }) if kind != Kind::Any => said.failed(&failed),
            Err(Failed::Said { .. }) => said.failed(&Failed::Ours(format!("Error: No such object: {name}"))),
            Err(failed) => return Err(failed),
        }
    }
    match format {
        Format::Default => said.print(&indented(&objects)?),
        Format::Json => said.print(&(Value::Array(objects).to_string() + "\n")),
        Format::Line(template) | Format::Table(template) => {
            for object in &objects {
                match template.write(object) {
                    Ok(line) => said.print(&(line + "\n")),
                    Err(why) => said.failed(&Failed::Ours(format!("template parsing error: {why}"))),
                }
            }
        }
    }
    Ok(())
}

async fn object(client: &Docker, kind: Kind, name: &str, size: bool, said: &mut Said) -> Result<Value, Failed> {
    let kinds: &[Kind] = match kind {
        Kind::Any if name.contains(['/', ':']) => &[Kind::Image],
        Kind::Any => &[Kind::Container, Kind::Image, Kind::Network, Kind::Volume],
        _ => &[kind],
    };
    let mut last = Failed::Ours(String::new());
    for kind in kinds {
        let found = match kind {
            Kind::Container | Kind::Any => {
                let options = InspectContainerOptions { size };
                client.inspect_container(name, Some(options)).await.map(|c| {
                    readings(&c, said);
                    value(&c)
                })
            }
            Kind::Image => client.inspect_image(name).await.map(|i| value(&i)),
            Kind::Network => client.inspect_network(name, None::<InspectNetworkOptions>).await.map(|n| value(&n)),
            Kind::Volume => client.inspect_volume(name).await.map(|v| value(&v)),
        };
        match found.map_err(Failed::from) {
            Ok(found) => return found,
            Err(failed) if failed.is_absent() => last = failed,
            Err(failed) => return Err(failed),
        }
    }
    Err(last)
}

/// What of a container has a value that is watched.
pub fn readings(container: &ContainerInspectResponse, said: &mut Said) {
    let name = container.name.as_deref().unwrap_or_default().trim_start_matches('/').to_string();
    let Some(state) = &container.state else { return };
    let flag = |flag: Option<bool>| f64::from(u8::from(flag == Some(true)));
    said.reading(format!("running of {name}"), flag(state.running), "");
    said.reading(format!("restarts of {name}"), container.restart_count.unwrap_or_default() as f64, "");
    said.reading(format!("OOM kill of {name}"), flag(state.oom_killed), "");
    if state.running != Some(true) {
        said.reading(format!("exit code of {name}"), state.exit_code.unwrap_or_default() as f64, "");
    }
    if let Some(health) = &state.health {
        match health.status {
            Some(HealthStatusEnum::HEALTHY) => said.reading(format!("health of {name}"), 1.0, ""),
            Some(HealthStatusEnum::UNHEALTHY) => said.reading(format!("health of {name}"), 0.0, ""),
            _ => {}
        }
        said.reading(format!("failed health checks of {name}"), health.failing_streak.unwrap_or_default() as f64, "");
    }
}

fn value(object: &impl Serialize) -> Result<Value, Failed> {
    serde_json::to_value(object).map_err(|e| Failed::Ours(format!("Docker's answer is not understood: {e}")))
}

/// With four blanks, as the command line indents.
fn indented(objects: &[Value]) -> Result<String, Failed> {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    objects.serialize(&mut serializer).map_err(|e| Failed::Ours(e.to_string()))?;
    out.push(b'\n');
    Ok(String::from_utf8_lossy(&out).into_owned())
}

pub async fn top(client: &Docker, name: &str, arguments: Option<&str>, said: &mut Said) -> Result<(), Failed> {
    let options = arguments.map(|ps_args| TopOptions { ps_args: ps_args.to_string() });
    let top = client.top_processes(name, options).await?;
    let processes = top.processes.unwrap_or_default();
    said.reading(format!("processes of {name}"), processes.len() as f64, "");
    said.print(&aligned(top.titles.into_iter().chain(processes).collect(), 20));
    Ok(())
}

pub async fn port(client: &Docker, name: &str, said: &mut Said) -> Result<(), Failed> {
    let container = client.inspect_container(name, None::<InspectContainerOptions>).await?;
    let ports = container.network_settings.and_then(|n| n.ports).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for (port, bindings) in ports {
        for binding in bindings.unwrap_or_default() {
            let (ip, host) = (binding.host_ip.unwrap_or_default(), binding.host_port.unwrap_or_default());
            lines.push(format!("{port} -> {ip}:{host}\n"));
        }
    }
    lines.sort();
    said.print(&lines.concat());
    Ok(())
}

pub async fn version(client: &Docker, format: Option<&str>, said: &mut Said) -> Result<(), Failed> {
    let version = value(&client.version().await?)?;
    // The command line shows its own version beside it; here there is none.
    let shown = match Format::of_object(format).map_err(Failed::Ours)? {
        Format::Line(template) | Format::Table(template) => {
            let whole = serde_json::json!({"Server": version});
            template.write(&whole).map_err(|why| Failed::Ours(format!("template parsing error: {why}")))? + "\n"
        }
        Format::Json => serde_json::json!({"Server": version}).to_string() + "\n",
        Format::Default => {
            let field = |name: &str| version.get(name).and_then(Value::as_str).unwrap_or("unknown").to_string();
            format!(
                "Server:\n Engine:\n  Version:          {}\n  API version:      {}\n  OS/Arch:          {}/{}\n",
                field("Version"),
                field("ApiVersion"),
                field("Os"),
                field("Arch")
            )
        }
    };
    said.print(&shown);
    Ok(())
}

pub async fn info(client: &Docker, format: Option<&str>, said: &mut Said) -> Result<(), Failed> {
    let info = value(&client.info().await?)?;
    let number = |name: &str| info.get(name).and_then(Value::as_f64);
    for (field, metric) in [("ContainersRunning", "running containers"), ("ContainersStopped", "stopped containers")] {
        if let Some(count) = number(field) {
            said.reading(metric.to_string(), count, "");
        }
    }
    let shown = match Format::of_object(format).map_err(Failed::Ours)? {
        Format::Line(template) | Format::Table(template) => {
            template.write(&info).map_err(|why| Failed::Ours(format!("template parsing error: {why}")))?
        }
        Format::Json => info.to_string(),
        Format::Default => {
            let lines = [
                ("Containers", " "),
                ("ContainersRunning", "  Running"),
                ("ContainersPaused", "  Paused"),
                ("ContainersStopped", "  Stopped"),
                ("Images", " "),
                ("ServerVersion", " Server Version"),
                ("Driver", " Storage Driver"),
                ("KernelVersion", " Kernel Version"),
                ("OperatingSystem", " Operating System"),
                ("NCPU", " CPUs"),
                ("MemTotal", " Total Memory"),
                ("Name", " Name"),
                ("DockerRootDir", " Docker Root Dir"),
            ];
            let line = |(field, label): &(&str, &str)| {
                let value = info.get(*field)?;
                let value = value.as_str().map_or(value.to_string(), str::to_string);
                let label = if label.trim().is_empty() { format!(" {field}") } else { label.to_string() };
                Some(format!("{label}: {value}"))
            };
            format!("Server:\n{}", lines.iter().filter_map(line).collect::<Vec<_>>().join("\n"))
        }
    };
    said.print(&(shown + "\n"));
    Ok(())
}
