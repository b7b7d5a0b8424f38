//! `bookmarks.*`

use super::*;
use serde_json::{Value, json};

const TITLE_MAX: usize = 255;
const BOOKMARKS_MAX: usize = 100;

pub const METHODS: &[Method] = &[
    bot("bookmarks.add", Tier::Two, &["bookmarks:write"], add),
    bot("bookmarks.edit", Tier::Two, &["bookmarks:write"], edit),
    bot("bookmarks.remove", Tier::Two, &["bookmarks:write"], remove),
    bot("bookmarks.list", Tier::Three, &["bookmarks:read"], list),
];

/// These methods name the channel `channel_id`.
fn channel<'w>(world: &'w mut World, call: &Call) -> Result<&'w mut Channel, Refused> {
    let id = call.args.need("channel_id")?;
    let channel = world.team_mut(&call.team).channels.get_mut(id).ok_or("channel_not_found")?;
    if !channel.members.contains(&call.user) {
        return Err("channel_not_found".into());
    }
    if channel.archived { Err("is_archived".into()) } else { Ok(channel) }
}

fn check(call: &Call) -> Result<(), Refused> {
    if call.args.text("title").is_some_and(|title| title.chars().count() > TITLE_MAX) {
        return Err("invalid_arguments".into());
    }
    let valid = |link: &str| url::Url::parse(link).is_ok_and(|link| matches!(link.scheme(), "http" | "https"));
    if call.args.text("link").is_some_and(|link| !valid(link)) {
        return Err("invalid_link".into());
    }
    Ok(())
}

fn add(world: &mut World, call: &Call) -> Answer {
    let (id, now) = (world.id("Bk"), world.seconds());
    let title = call.args.need("title")?;
    if call.args.need("type")? != "link" {
        return Err("invalid_bookmark_type".into());
    }
    let link = call.args.text("link").ok_or("invalid_link")?;
    check(call)?;
    let channel = channel(world, call)?;
    if channel.bookmarks.len() >= BOOKMARKS_MAX {
        return Err("too_many_bookmarks".into());
    }
    let bookmark = json!({"id": id, "channel_id": channel.id, "title": title, "link": link, "type": "link",
        "emoji": call.args.text("emoji"), "icon_url": null, "entity_id": null, "date_created": now, "date_updated": 0,
        "rank": format!("{:04}", channel.bookmarks.len()), "last_updated_by_user_id": call.user,
        "last_updated_by_team_id": call.team, "shortcut_id": null, "app_id": null});
    channel.bookmarks.push(bookmark.clone());
    Ok(json!({"bookmark": bookmark}))
}

fn edit(world: &mut World, call: &Call) -> Answer {
    let (id, now) = (call.args.need("bookmark_id")?.to_owned(), world.seconds());
    check(call)?;
    let channel = channel(world, call)?;
    let bookmark = channel.bookmarks.iter_mut().find(|one| one["id"] == id).ok_or("bookmark_not_found")?;
    for key in ["title", "link", "emoji"] {
        if let Some(value) = call.args.text(key) {
            bookmark[key] = json!(value);
        }
    }
    bookmark["date_updated"] = json!(now);
    Ok(json!({"bookmark": bookmark}))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let id = call.args.need("bookmark_id")?.to_owned();
    let channel = channel(world, call)?;
    let index = channel.bookmarks.iter().position(|one| one["id"] == id).ok_or("bookmark_not_found")?;
    channel.bookmarks.remove(index);
    Ok(json!({}))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let all: Vec<Value> = channel(world, call)?.bookmarks.clone();
    Ok(json!({"bookmarks": all}))
}
