//! `docker logs`, `events`, `exec`: what comes bit by bit. A stream that would never end is followed for a while.

use super::address::Failed;
use super::op::{Filters, Inside, Logs};
use super::said::Said;
use super::show::Format;
use super::units::{moment, now, rfc3339};
use crate::engine::ports::execute::End;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::{EventsOptions, LogsOptions};
use futures_util::{Stream, StreamExt};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// What `-f` is followed for: long enough to see whether something is still going wrong.
const FOLLOW: Duration = Duration::from_secs(10);
/// How often and how many times it is looked whether a command in a container has ended, once its output has.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 250;

pub async fn logs(client: &Docker, logs: &Logs, time: Duration, said: &mut Said) -> Result<(), Failed> {
    let now = now();
    let at = |text: &Option<String>| match text {
        None => Ok(0),
        Some(text) => {
            let seconds = moment(text, now).and_then(|s| i32::try_from(s).ok());
            seconds.ok_or(Failed::Ours(format!("{text} is neither a time nor a span")))
        }
    };
    let options = LogsOptions {
        follow: logs.follow,
        stdout: true,
        stderr: true,
        since: at(&logs.since)?,
        until: at(&logs.until)?,
        timestamps: logs.timestamps,
        tail: logs.tail.map_or("all".to_string(), |lines| lines.to_string()),
    };
    let lines = client.logs(&logs.name, Some(options));
    match logs.follow {
        false => copy(lines, said).await,
        true => {
            let window = FOLLOW.min(time * 9 / 10);
            match tokio::time::timeout(window, copy(lines, said)).await {
                Ok(done) => done,
                Err(_) => {
                    said.err(format!("[followed for {} s]\n", window.as_secs()).as_bytes());
                    Ok(())
                }
            }
        }
    }
}

async fn copy(
    lines: impl Stream<Item = Result<LogOutput, bollard::errors::Error>>,
    said: &mut Said,
) -> Result<(), Failed> {
    let mut lines = std::pin::pin!(lines);
    while let Some(piece) = lines.next().await {
        match piece? {
            LogOutput::StdErr { message } => said.err(&message),
            LogOutput::StdOut { message } | LogOutput::Console { message } | LogOutput::StdIn { message } => {
                said.out(&message)
            }
        }
    }
    Ok(())
}

pub async fn events(
    client: &Docker,
    since: Option<&str>,
    until: Option<&str>,
    filters: &Filters,
    format: Option<&str>,
    time: Duration,
    said: &mut Said,
) -> Result<(), Failed> {
    let format = Format::of_object(format).map_err(Failed::Ours)?;
    let now = now();
    let at = |text: &str| moment(text, now).ok_or(Failed::Ours(format!("{text} is neither a time nor a span")));
    let now_s = now.timestamp();
    let window = FOLLOW.min(time * 9 / 10);
    // Asked for what was, it is what was until now; asked for nothing, it is what comes.
    let until = match (since, until) {
        (_, Some(until)) => at(until)?.min(now_s + window.as_secs() as i64),
        (Some(_), None) => now_s + 1,
        (None, None) => now_s + window.as_secs().max(1) as i64,
    };
    let options = EventsOptions {
        since: since.map(|s| at(s).map(|s| s.to_string())).transpose()?,
        until: Some(until.to_string()),
        filters: Some(filters.clone()),
    };
    let mut events = std::pin::pin!(client.events(Some(options)));
    let mut count = 0;
    while let Some(event) = events.next().await {
        let event = event?;
        let actor = event.actor.unwrap_or_default();
        let attributes: BTreeMap<String, String> = actor.attributes.unwrap_or_default().into_iter().collect();
        let (kind, action, id) = (event.typ.map(|t| t.to_string()), event.action, actor.id.unwrap_or_default());
        let nanos = (event.time_nano.unwrap_or_default().rem_euclid(1_000_000_000)) as u32;
        count += 1;
        match &format {
            Format::Default => {
                let time = rfc3339(event.time.unwrap_or_default(), nanos);
                let told: Vec<String> = attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
                let told = if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) };
                said.line(&format!("{time} {} {} {id}{told}", kind.unwrap_or_default(), action.unwrap_or_default()));
            }
            Format::Line(template) | Format::Table(template) => {
                let row = json!({
                    "Type": kind, "Action": action, "Status": action, "ID": id, "From": attributes.get("image"), "Time": event.time,
                    "TimeNano": event.time_nano, "Actor": {"ID": id, "Attributes": attributes},
                });
                said.line(&template.write(&row).map_err(|why| Failed::Ours(format!("template parsing error: {why}")))?);
            }
            Format::Json => said.line(&json!({"Type": kind, "Action": action, "Actor": {"ID": id, "Attributes": attributes}, "time": event.time}).to_string()),
        }
    }
    said.reading("events".to_string(), f64::from(count), "");
    Ok(())
}

/// A command inside a container. Its words are an argument vector there too: no shell reads them.
pub async fn exec(client: &Docker, inside: &Inside, input: Option<&[u8]>, said: &mut Said) -> Result<(), Failed> {
    let input = input.filter(|_| inside.input);
    let options = CreateExecOptions {
        attach_stdin: Some(input.is_some()),
        attach_stdout: Some(!inside.detach),
        attach_stderr: Some(!inside.detach),
        // A terminal would mix the two streams and add control characters.
        tty: Some(false),
        env: Some(inside.env.clone()),
        cmd: Some(inside.argv.clone()),
        privileged: Some(inside.privileged),
        user: inside.user.clone(),
        working_dir: inside.folder.clone(),
        ..Default::default()
    };
    let id = client.create_exec(&inside.container, options).await?.id;
    let start = StartExecOptions { detach: inside.detach, tty: false, output_capacity: None };
    let how = format!("docker top {} shows whether it runs", inside.container);
    match client.start_exec(&id, Some(start)).await.map_err(Failed::from) {
        Ok(StartExecResults::Detached) => return Ok(()),
        Ok(StartExecResults::Attached { output, input: mut stdin }) => {
            let fed = async {
                if let Some(input) = input {
                    // A program that does not read to the end is not wrong.
                    stdin.write_all(input).await.ok();
                    stdin.shutdown().await.ok();
                }
            };
            let (copied, ()) = tokio::join!(copy(output, said), fed);
            if let Err(failed) = copied {
                said.end = Some(End::Unknown(format!("{} while the command was under way: {how}", failed.sentence())));
                return Ok(());
            }
        }
        Err(failed) if failed.is_doubtful() => {
            said.end = Some(End::Unknown(format!("{} when the command was started: {how}", failed.sentence())));
            return Ok(());
        }
        Err(failed) => return Err(failed),
    }
    for _ in 0..LOOKS_MAX {
        match client.inspect_exec(&id).await.map_err(Failed::from) {
            Ok(state) if state.running != Some(true) => {
                said.code = state.exit_code.and_then(|c| i32::try_from(c).ok()).unwrap_or(1);
                return Ok(());
            }
            Ok(_) => tokio::time::sleep(LOOK_EVERY).await,
            Err(failed) => {
                said.end = Some(End::Unknown(format!("{}, so its exit status is not known: {how}", failed.sentence())));
                return Ok(());
            }
        }
    }
    said.end = Some(End::Unknown(format!("It closed its output and goes on: {how}")));
    Ok(())
}
