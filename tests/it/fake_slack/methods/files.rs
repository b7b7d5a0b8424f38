//! Files: the three steps of an upload (ask for an address, send the bytes, say that it is done), and `files.info`.

use super::*;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    form("files.getUploadURLExternal", Tier::Four, &["files:write"], ask),
    bot("files.completeUploadExternal", Tier::Four, &["files:write"], complete),
    form("files.info", Tier::Four, &["files:read"], info),
    bot("files.delete", Tier::Three, &["files:write"], delete),
];

fn ask(world: &mut World, call: &Call) -> Answer {
    let name = call.args.need("filename")?.to_owned();
    let length = call.args.number("length").ok_or_else(|| crate::fake_slack::args::missing("length"))?;
    if length <= 0 {
        return Err("invalid_arguments".into());
    }
    let id = world.id("F");
    let mut file =
        json!({"id": id, "name": name, "title": name, "length": length, "team": call.team, "user": call.user});
    if let Some(shows) = call.args.text("alt_txt") {
        if shows.chars().count() > 1_000 {
            return Err("invalid_arguments".into());
        }
        file["alt_txt"] = json!(shows);
    }
    world.uploads.insert(id.clone(), file);
    Ok(json!({"upload_url": format!("{}/upload/{id}", world.base_url), "file_id": id}))
}

/// The bytes, at the address that was given.
pub fn upload(world: &mut World, id: &str, content_type: &str, bytes: &[u8]) -> Result<String, u16> {
    let file = world.uploads.get_mut(id).ok_or(404u16)?;
    let body = match content_type.split_once("boundary=") {
        // A form with one part; the bytes are between its empty line and the closing boundary.
        Some((_, boundary)) => {
            let start = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(400u16)? + 4;
            let end = format!("\r\n--{}", boundary.trim_matches('"'));
            let length = bytes[start..].windows(end.len()).position(|some| some == end.as_bytes()).ok_or(400u16)?;
            &bytes[start..start + length]
        }
        None => bytes,
    };
    if file["length"].as_u64() != Some(body.len() as u64) {
        return Err(400);
    }
    file["content"] = json!(String::from_utf8_lossy(body));
    Ok(format!("OK - {}", body.len()))
}

fn complete(world: &mut World, call: &Call) -> Answer {
    let files = call.args.json("files")?.ok_or_else(|| crate::fake_slack::args::missing("files"))?;
    let place = match call.args.text("channel_id").or(call.args.text("channels")) {
        None => None,
        Some(id) => {
            let channel = world.team(&call.team).channels.get(id).ok_or("channel_not_found")?;
            if !channel.members.contains(&call.user) {
                return Err("not_in_channel".into());
            }
            Some(channel.id.clone())
        }
    };
    let mut done = Vec::new();
    for wanted in files.as_array().ok_or("invalid_arguments")? {
        let id = wanted["id"].as_str().ok_or("invalid_arguments")?;
        let mut file = world.uploads.remove(id).filter(|file| file["team"] == call.team).ok_or("file_not_found")?;
        if file["content"].is_null() {
            return Err("file_not_found".into());
        }
        if let Some(title) = wanted["title"].as_str() {
            file["title"] = json!(title);
        }
        done.push(world.keep_file(&call.team, file, place.as_deref()));
    }
    if let Some(place) = place {
        let mut body = serde_json::Map::new();
        body.insert("text".into(), json!(call.args.text("initial_comment").unwrap_or_default()));
        body.insert("files".into(), json!(done));
        if let Some(thread) = call.args.text("thread_ts") {
            body.insert("thread_ts".into(), json!(thread));
        }
        world.post_as_bot(&call.team, &place, body);
    }
    Ok(json!({"files": done}))
}

impl World {
    /// A file that is there from now on, as Slack answers it.
    pub fn keep_file(&mut self, team: &str, mut file: Value, place: Option<&str>) -> Value {
        let id = file["id"].as_str().map_or_else(|| self.id("F"), str::to_owned);
        let name = file["name"].as_str().unwrap_or("file.txt").to_owned();
        let kind = name.rsplit_once('.').map_or("text", |(_, kind)| kind).to_owned();
        let domain = self.team(team).domain.clone();
        file["id"] = json!(id);
        file["created"] = json!(self.seconds());
        file["timestamp"] = json!(self.seconds());
        file["filetype"] = json!(kind);
        file["mimetype"] = json!(if kind == "png" { "image/png" } else { "text/plain" });
        file["size"] = json!(file["content"].as_str().map_or(0, str::len));
        file["mode"] = json!("hosted");
        file["permalink"] = json!(format!("https://{domain}.slack.com/files/{id}/{name}"));
        file["url_private"] = json!(format!("{}/files/{id}/{name}", self.base_url));
        file["url_private_download"] = json!(format!("{}/files/{id}/download/{name}", self.base_url));
        file["channels"] = json!(place.into_iter().collect::<Vec<_>>());
        self.team_mut(team).files.insert(id, file.clone());
        if let Some(map) = file.as_object_mut() {
            map.remove("content");
        }
        file
    }
}

fn info(world: &mut World, call: &Call) -> Answer {
    let mut file = world.team(&call.team).files.get(call.args.need("file")?).ok_or("file_not_found")?.clone();
    if let Some(map) = file.as_object_mut() {
        map.remove("content");
    }
    Ok(json!({"file": file}))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.args.need("file")?.to_owned();
    let file = world.team(&call.team).files.get(&id).ok_or("file_not_found")?;
    if file["user"] != call.user {
        return Err("cant_delete_file".into());
    }
    world.team_mut(&call.team).files.remove(&id);
    Ok(json!({}))
}
