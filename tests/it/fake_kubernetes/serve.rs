//! One request: who asks, whether they may, and what comes of it.

use super::objects::{At, Refused, not_found, refused};
use super::{Fault, Shared, World, exec, patch, selectors, table};
use crate::harness::wire::Line;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BODY_BYTES_MAX: usize = 1024 * 1024;

pub type Query = Vec<(String, String)>;

pub fn router(shared: Shared) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

pub fn value<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

async fn answer(State(shared): State<Shared>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    match served(shared, line, request).await {
        Ok(response) => response,
        Err(Refused(code, status)) => (code, axum::Json(status)).into_response(),
    }
}

async fn served(shared: Shared, line: Line, request: Request) -> Result<Response, Refused> {
    let (method, path) = (request.method().clone(), request.uri().path().to_string());
    let query: Query =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let headers = request.headers().clone();
    shared.world().asked.push(format!("{method} {path}"));
    let rules = {
        let world = shared.world();
        let token = header_of(&headers, header::AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default().to_string();
        world.tokens.get(&token).cloned().ok_or_else(|| refused(401, "Unauthorized", "Unauthorized"))?
    };
    if path == "/version" {
        return Ok(axum::Json(json!({"major": "1", "minor": "34", "gitVersion": "v1.34.1"})).into_response());
    }
    let at =
        At::read(&path).ok_or_else(|| refused(404, "NotFound", "the server could not find the requested resource"))?;
    let resource = at.sub.as_ref().map_or(at.plural.clone(), |sub| format!("{}/{sub}", at.plural));
    let verbs: &[&str] = match (&method, &at.name, at.sub.as_deref()) {
        // The request is a GET, and newer versions want the other right as well.
        (_, _, Some("exec")) => &["get", "create"],
        (&Method::GET, None, _) => &["list"],
        (&Method::GET, Some(_), _) => &["get"],
        (&Method::PATCH, ..) => &["patch"],
        (&Method::DELETE, ..) => &["delete"],
        _ => {
            let message = "the server does not allow this method on the requested resource";
            return Err(refused(405, "MethodNotAllowed", message));
        }
    };
    let fits = |own: &str, asked: &str| own == "*" || own == asked;
    let may = |verb: &str| {
        rules.iter().any(|r| fits(r.group, &at.group) && fits(r.resource, &resource) && fits(r.verb, verb))
    };
    if let Some(verb) = verbs.iter().find(|verb| !may(verb)) {
        let place =
            at.namespace.as_ref().map_or("at the cluster scope".to_string(), |n| format!("in the namespace \"{n}\""));
        return Err(refused(
            403,
            "Forbidden",
            format!(
                "{resource} is forbidden: User \"system:serviceaccount:shop:bot\" cannot {verb} resource \"{resource}\" in API group \"{}\" {place}",
                at.group
            ),
        ));
    }
    if at.group == "metrics.k8s.io" {
        return metrics(&shared.world(), &at, value(&query, "labelSelector"));
    }
    match (method, at.sub.as_deref()) {
        (Method::GET, Some("log")) => log(&shared, &at, &query),
        (Method::GET, Some("exec")) => exec::exec(&shared, line, &at, &query, request),
        (Method::GET, None) => read(&shared.world(), &at, &query, &headers),
        (Method::GET, Some("scale")) => {
            let object = shared.world().named(&at)?;
            Ok(axum::Json(scale(&at, &object)).into_response())
        }
        (Method::PATCH | Method::DELETE, None | Some("scale")) => change(shared, line, at, request).await,
        _ => Err(refused(404, "NotFound", "the server could not find the requested resource")),
    }
}

fn header_of(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string()
}

fn read(world: &World, at: &At, query: &Query, headers: &HeaderMap) -> Result<Response, Refused> {
    let accept = header_of(headers, header::ACCEPT);
    let as_table = accept.starts_with("application/json;as=Table");
    let whole = value(query, "includeObject") == Some("Object");
    if at.name.is_some() {
        let object = at.typed(world.named(at)?);
        return Ok(axum::Json(match as_table {
            true => table::table(at, &[object], json!({}), whole),
            false => object,
        })
        .into_response());
    }
    let mut objects = world.listed(at);
    if let Some(selector) = value(query, "labelSelector") {
        objects = selectors::by_label(objects, selector);
    }
    if let Some(selector) = value(query, "fieldSelector") {
        objects = selectors::by_field(objects, selector)?;
    }
    let limit: usize = value(query, "limit").and_then(|l| l.parse().ok()).filter(|l| *l > 0).unwrap_or(usize::MAX);
    let from: usize = value(query, "continue").and_then(|c| c.parse().ok()).unwrap_or_default();
    let more = objects.len() > from.saturating_add(limit);
    let page: Vec<Value> = objects.into_iter().skip(from).take(limit).collect();
    let metadata = if more { json!({"continue": (from + limit).to_string()}) } else { json!({}) };
    if as_table {
        return Ok(axum::Json(table::table(at, &page, metadata, whole)).into_response());
    }
    let items: Vec<Value> = match accept.contains("as=PartialObjectMetadataList") {
        true => page.iter().map(|o| json!({"metadata": o["metadata"]})).collect(),
        false => page,
    };
    let list = json!({"kind": format!("{}List", at.kind), "apiVersion": at.api_version(), "metadata": metadata, "items": items});
    Ok(axum::Json(list).into_response())
}

fn scale(at: &At, object: &Value) -> Value {
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": at.name, "resourceVersion": object["metadata"]["resourceVersion"]},
        "spec": {"replicas": object["spec"]["replicas"]}, "status": {"replicas": object["status"]["replicas"]}})
}

/// A change, with whatever is to happen to its connection.
async fn change(shared: Shared, line: Line, at: At, request: Request) -> Result<Response, Refused> {
    let fault = shared.world().fault.take();
    let (method, content_type) = (request.method().clone(), header_of(request.headers(), header::CONTENT_TYPE));
    let body = to_bytes(request.into_body(), BODY_BYTES_MAX).await.unwrap_or_default();
    if fault == Some(Fault::RequestLost) {
        line.reset();
        return Ok(never().await);
    }
    let answer = {
        let mut world = shared.world();
        let answer = match method {
            Method::DELETE => delete(&mut world, &at, &body)?,
            _ => patched(&mut world, &at, &content_type, &body)?,
        };
        world.reconcile();
        answer
    };
    match fault {
        Some(Fault::AnswerLost) => {
            line.reset();
            Ok(never().await)
        }
        Some(Fault::Trouble) => Err(refused(500, "InternalError", "etcdserver: request timed out")),
        Some(Fault::Silence) => Ok(never().await),
        _ => Ok(axum::Json(answer).into_response()),
    }
}

async fn never() -> Response {
    std::future::pending().await
}

fn patched(world: &mut World, at: &At, content_type: &str, body: &[u8]) -> Result<Value, Refused> {
    let before = world.named(at)?;
    if at.sub.is_some() {
        if !["deployments", "replicasets", "statefulsets"].contains(&at.plural.as_str()) {
            return Err(refused(404, "NotFound", "the server could not find the requested resource"));
        }
        let new = patch::patched(&scale(at, &before), content_type, body)?;
        let mut after = before.clone();
        after["spec"]["replicas"] = new["spec"]["replicas"].clone();
        let after = world.replace(at, &before, after);
        return Ok(scale(at, &after));
    }
    let after = patch::patched(&before, content_type, body)?;
    Ok(at.typed(world.replace(at, &before, after)))
}

fn delete(world: &mut World, at: &At, body: &[u8]) -> Result<Value, Refused> {
    let object = world.named(at)?;
    let options: Value = serde_json::from_slice(body).unwrap_or_default();
    let wanted = &options["preconditions"]["uid"];
    if !wanted.is_null() && *wanted != object["metadata"]["uid"] {
        return Err(refused(409, "Conflict", "Precondition failed: UID in precondition and UID in object meta differ"));
    }
    let name = at.name.clone().unwrap_or_default();
    let gone = world.objects.get_mut(&at.collection()).and_then(|c| c.remove(&name));
    gone.map(|object| at.typed(object)).ok_or_else(|| not_found(at, &name))
}

fn log(shared: &Shared, at: &At, query: &Query) -> Result<Response, Refused> {
    let world = shared.world();
    let pod = world.named(at)?;
    let names: Vec<&str> =
        pod["spec"]["containers"].as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect();
    let (name, namespace) = (at.name.clone().unwrap_or_default(), at.namespace.clone().unwrap_or_default());
    let container = match (value(query, "container"), &names[..]) {
        (Some(wanted), _) if names.contains(&wanted) => wanted,
        (Some(wanted), _) => {
            return Err(refused(400, "BadRequest", format!("container {wanted} is not valid for pod {name}")));
        }
        (None, [one]) => one,
        (None, _) => {
            let all = names.join(" ");
            return Err(refused(
                400,
                "BadRequest",
                format!("a container name must be specified for pod {name}, choose one of: [{all}]"),
            ));
        }
    };
    let previous = value(query, "previous") == Some("true");
    let key = format!("{namespace}/{name}/{container}{}", if previous { "/previous" } else { "" });
    let Some(text) = world.logs.get(&key).cloned() else {
        return match previous {
            true => Err(refused(
                400,
                "BadRequest",
                format!("previous terminated container \"{container}\" in pod \"{name}\" not found"),
            )),
            false => Ok(String::new().into_response()),
        };
    };
    let lines: Vec<&str> = text.lines().collect();
    let tail = value(query, "tailLines").and_then(|t| t.parse().ok()).unwrap_or(lines.len());
    let shown: String = lines[lines.len().saturating_sub(tail)..].iter().map(|l| format!("{l}\n")).collect();
    if value(query, "follow") != Some("true") {
        return Ok(shown.into_response());
    }
    // What is there, and then for ever nothing.
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(shown)]);
    Ok(Body::from_stream(first.chain(futures_util::stream::pending())).into_response())
}

fn metrics(world: &World, at: &At, selector: Option<&str>) -> Result<Response, Refused> {
    let Some(usage) = &world.metrics else {
        let none = (StatusCode::NOT_FOUND, "404 page not found\n");
        return Ok(none.into_response());
    };
    let measured = |name: &str| usage.get(name).map(|(cpu, memory)| json!({"cpu": cpu, "memory": memory}));
    let of = At { group: String::new(), version: "v1".into(), ..at.clone() };
    let mut objects = world.listed(&of);
    if let Some(selector) = selector {
        objects = selectors::by_label(objects, selector);
    }
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for object in objects {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_string();
        let Some(used) = measured(&name) else { continue };
        let mut one = json!({"metadata": {"name": name, "namespace": object["metadata"]["namespace"]}});
        match at.plural.as_str() {
            "nodes" => one["usage"] = used,
            _ => one["containers"] = json!([{"name": object["spec"]["containers"][0]["name"], "usage": used}]),
        }
        found.insert(name, one);
    }
    match &at.name {
        Some(name) => match found.remove(name) {
            Some(one) => Ok(axum::Json(at.typed(one)).into_response()),
            None => Err(refused(404, "NotFound", format!("podmetrics.metrics.k8s.io \"{name}\" not found"))),
        },
        None => {
            let (kind, items) = (format!("{}List", at.kind), found.into_values().collect::<Vec<_>>());
            let list = json!({"kind": kind, "apiVersion": at.api_version(), "metadata": {}, "items": items});
            Ok(axum::Json(list).into_response())
        }
    }
}
