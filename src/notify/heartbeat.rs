//! Calls an outside watcher's address: a GET, any 2xx is well. Its address lets anybody in who knows it, so it is never
//! printed.

use super::BadSettings;
use super::http::address;
use crate::engine::ports::{Beat, BoxFuture};
use reqwest::Url;
use secrecy::SecretString;

pub struct Heartbeat {
    client: reqwest::Client,
    url: Url,
}

impl Heartbeat {
    pub fn new(url: &SecretString, client: reqwest::Client) -> Result<Heartbeat, BadSettings> {
        Ok(Heartbeat { client, url: address(url, "[heartbeat] url")? })
    }
}

impl Beat for Heartbeat {
    fn beat(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            match self.client.get(self.url.clone()).send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(format!("it answered {}", answer.status().as_u16())),
                Err(e) if e.is_timeout() => Err("it does not answer".to_string()),
                Err(_) => Err("it cannot be reached".to_string()),
            }
        })
    }
}
