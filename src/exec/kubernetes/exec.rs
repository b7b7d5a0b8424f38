//! `kubectl exec`: a command inside a pod, over the API's own stream of channels. Its words are an argument vector there
//! too: no shell reads them.

use super::client::{Ask, Failed, cause};
use super::kinds::PODS;
use super::logs::{container_names, default_container, pods};
use super::op::Inside;
use super::place::{Here, name_of};
use crate::engine::ports::execute::End;
use crate::exec::docker::said::Said;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

/// What one frame of input holds.
const FRAME_BYTES: usize = 32 * 1024;
/// Channels, by the number that each frame begins with.
const INPUT: u8 = 0;
const OUTPUT: u8 = 1;
const ERRORS: u8 = 2;
const STATUS: u8 = 3;
const CLOSE: u8 = 255;

/// A shell that waits for somebody to type.
pub fn refuse_keyboard(inside: &Inside, has_input: bool) -> Result<(), String> {
    let program = inside.argv[0].rsplit('/').next().unwrap_or_default();
    let waits = inside.argv.len() == 1 && ["sh", "bash", "ash", "dash", "zsh"].contains(&program);
    match waits && !has_input {
        true => Err("it opens a shell in a pod that waits for a keyboard".to_string()),
        false => Ok(()),
    }
}

pub fn ask(here: &Here<'_>, inside: &Inside, pod: &str, container: Option<&str>, input: bool) -> Ask {
    let mut ask = Ask::get(&PODS, here.namespace(), pod).sub("exec");
    // No object comes back: an API of an older kind refuses to be asked for one here.
    ask.accept = "*/*";
    for word in &inside.argv {
        ask = ask.with("command", word);
    }
    // A terminal would mix the two streams and add control characters.
    ask.maybe("container", container).maybe("stdin", input.then_some(true)).with("stdout", true).with("stderr", true)
}

pub async fn exec(here: &Here<'_>, inside: &Inside, input: Option<&[u8]>, said: &mut Said) -> Result<(), Failed> {
    let input = input.filter(|_| inside.input);
    let found = pods(here, &inside.pod, Some(said)).await?;
    let Some(pod) = found.first() else { return Err(Failed::Ours("There is no such pod".to_string())) };
    let name = name_of(pod);
    here.admits(&PODS, name, true).or_else(|refused| match &inside.pod {
        // Its deployment was named, and may be.
        super::op::Source::Of(..) => Ok(()),
        _ => Err(refused),
    })?;
    let container = match &inside.container {
        Some(wanted) if !container_names(pod).contains(wanted) => {
            let all = container_names(pod).join(", ");
            return Err(Failed::Ours(format!("container {wanted} is not in pod {name}: it has {all}")));
        }
        Some(wanted) => Some(wanted.clone()),
        None => default_container(pod, said),
    };
    let ask = ask(here, inside, name, container.as_deref(), input.is_some());
    let place = here.namespace().map_or(String::new(), |n| format!(" -n {n}"));
    let how = format!("kubectl exec {name}{place} -- ps shows whether it runs");
    let request = ask.request(|bytes| bytes)?;
    let connection = match here.host.cluster.client().await?.connect(request).await {
        Ok(connection) => connection,
        Err(error) => {
            let failed = Failed::of(error, &ask.right);
            if failed.is_doubtful() && !matches!(failed, Failed::Said { .. }) {
                said.end = Some(End::Unknown(format!("{} when the command was started: {how}", failed.sentence())));
                return Ok(());
            }
            return Err(failed);
        }
    };
    let ends_input = connection.supports_stream_close();
    let (mut send, mut receive) = connection.into_stream().split();
    if input.is_some() && !ends_input {
        send.close().await.ok();
        let why = "This cluster cannot be told where the input of a command ends (Kubernetes 1.30 can): it was started without it";
        said.end = Some(End::Unknown(format!("{why}, {how}")));
        return Ok(());
    }
    let feed = async {
        if let Some(input) = input {
            for piece in input.chunks(FRAME_BYTES) {
                // A program that does not read to the end is not wrong.
                if send.send(frame(INPUT, piece)).await.is_err() {
                    return;
                }
            }
            send.send(frame(CLOSE, &[INPUT])).await.ok();
        }
    };
    let read = async {
        while let Some(message) = receive.next().await {
            let bytes = match message {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(_) => continue,
                Err(error) => return Err(cause(&error)),
            };
            match bytes.split_first() {
                Some((&OUTPUT, text)) => said.out(text),
                Some((&ERRORS, text)) => said.err(text),
                // Each channel is opened by an empty frame.
                Some((&STATUS, status)) if !status.is_empty() => return Ok(Some(status.to_vec())),
                _ => {}
            }
        }
        Ok(None)
    };
    let (status, ()) = tokio::join!(read, feed);
    match status {
        Ok(Some(status)) => ended(&status, said),
        Ok(None) => said.end = Some(End::Unknown(format!("The connection ended before the command did: {how}"))),
        Err(why) => {
            said.end = Some(End::Unknown(format!("The connection was lost while the command ran ({why}): {how}")))
        }
    }
    Ok(())
}

fn frame(channel: u8, bytes: &[u8]) -> Message {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(channel);
    frame.extend_from_slice(bytes);
    Message::Binary(frame.into())
}

/// The last word of the API: how the command ended, or why it never began.
fn ended(status: &[u8], said: &mut Said) {
    let status: Value = serde_json::from_slice(status).unwrap_or_default();
    if status["status"] == "Success" {
        return;
    }
    let causes = status["details"]["causes"].as_array().into_iter().flatten();
    let code = causes.filter(|c| c["reason"] == "ExitCode").find_map(|c| c["message"].as_str()?.parse().ok());
    match code {
        Some(code) => said.code = code,
        None => {
            let message = status["message"].as_str().unwrap_or("the command ended without a status");
            said.err(format!("error: {message}\n").as_bytes());
            said.code = 1;
        }
    }
}
