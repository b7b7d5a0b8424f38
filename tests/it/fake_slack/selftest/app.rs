//! A bare app: calls of the Web API, and a Socket Mode client that answers what it is told to.

use super::*;
pub use crate::harness::{Answer, http_client};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
pub use std::sync::atomic::{AtomicI64, Ordering};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

pub async fn call(slack: &FakeSlack, method: &str, body: Value) -> Value {
    call_as(slack, &slack.bot_token(), method, body).await.json()
}

pub async fn call_as(slack: &FakeSlack, token: &str, method: &str, body: Value) -> Answer {
    let request = http_client().post(format!("{}/{method}", slack.api_url())).bearer_auth(token).json(&body);
    Answer::to(request).await.expect("Slack answers")
}

/// A method that takes only forms.
pub async fn form(slack: &FakeSlack, method: &str, pairs: &[(&str, &str)]) -> Value {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = http_client()
        .post(format!("{}/{method}", slack.api_url()))
        .bearer_auth(slack.bot_token())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    Answer::to(request).await.expect("Slack answers").json()
}

/// The word with which a call is refused.
pub async fn refusal(slack: &FakeSlack, method: &str, body: Value) -> String {
    let answer = call(slack, method, body).await;
    assert_eq!(answer["ok"], false, "{answer}");
    answer["error"].as_str().expect("a word").to_owned()
}

/// The id of a channel.
pub fn place(slack: &FakeSlack, name: &str) -> String {
    slack.see(|world| world.place(world.home(), name).expect("there is such a channel").id.clone())
}

/// A Slack whose clock stands still until the test moves it.
pub fn clock() -> (Arc<AtomicI64>, Setup) {
    let now = Arc::new(AtomicI64::new(1_790_000_000 * SECOND));
    let copy = now.clone();
    (now, Setup::default().clock(move || copy.load(Ordering::SeqCst)))
}

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub async fn open(slack: &FakeSlack) -> Socket {
        let answer = call_as(slack, &slack.app_token(), "apps.connections.open", json!({})).await.json();
        let url = answer["url"].as_str().unwrap_or_else(|| panic!("no address: {answer}")).to_owned();
        let address = slack.url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(address).await.expect("Slack listens");
        let (stream, _) = client_async(url, stream).await.expect("Slack takes the ticket");
        let mut socket = Socket(stream);
        assert_eq!(socket.next().await.expect("a hello")["type"], "hello");
        socket
    }

    /// The next thing that Slack says; nothing when the socket has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let frame = tokio::time::timeout(BOUND, self.0.next()).await.expect("Slack says something");
            match frame {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(text.as_str()).expect("JSON")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub async fn acknowledge(&mut self, envelope: &Value, payload: Value) {
        let mut ack = json!({"envelope_id": envelope["envelope_id"]});
        if !payload.is_null() {
            ack["payload"] = payload;
        }
        self.0.send(Message::text(ack.to_string())).await.expect("the socket is open");
    }

    /// The next envelope of this type, acknowledged; events of other kinds are acknowledged on the way.
    pub async fn take(&mut self, kind: &str, payload: Value) -> Value {
        loop {
            let envelope = self.next().await.expect("the socket is open");
            let wanted = envelope["type"] == kind;
            self.acknowledge(&envelope, if wanted { payload.clone() } else { Value::Null }).await;
            if wanted {
                return envelope;
            }
        }
    }
}
