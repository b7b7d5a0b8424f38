//! Installing the app in a workspace (OAuth, version 2): where a browser is sent to be asked, and what is kept of what comes
//! back. The scopes asked for are those of the manifest. Knows no browser and no session: who may install, and whether a
//! state is the right one, is decided where pages are.

use super::client::Trouble;
use super::manifest::SCOPES;
use super::renew::Given;
use super::workspace::{CONNECTED, called};
use super::{CHANNEL, Slack};
use crate::engine::ports::BoxFuture;
use crate::engine::ports::chat::{Install, Installed};
use crate::store;
use firebell_domain::id::{ChannelId, PersonId};
use firebell_domain::text::line_of_machine;
use secrecy::ExposeSecret;
use serde_json::Value;

/// Characters of a workspace's name that are kept; Slack's own are shorter.
const NAME_CHARS_MAX: usize = 120;

impl Install for Slack {
    fn channel(&self) -> &ChannelId {
        &self.house.channel
    }

    fn asks_at(&self, back_to: &str, state: &str) -> String {
        let Some(oauth) = &self.house.settings.oauth else { return String::new() };
        let scopes: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
        let mut asked = url::form_urlencoded::Serializer::new(String::new());
        asked.append_pair("client_id", &oauth.client_id);
        asked.append_pair("scope", &scopes.join(","));
        asked.append_pair("user_scope", "");
        asked.append_pair("redirect_uri", back_to);
        asked.append_pair("state", state);
        // Where only one may be, Slack proposes no other.
        if let [only] = oauth.workspaces.as_slice() {
            asked.append_pair("team", only);
        }
        format!("{}/oauth/v2/authorize?{}", oauth.site_url.base(), asked.finish())
    }

    fn install<'a>(
        &'a self,
        back_to: &'a str,
        code: &'a str,
        by: &'a PersonId,
    ) -> BoxFuture<'a, Result<Installed, String>> {
        Box::pin(self.installed(back_to, code, by))
    }
}

impl Slack {
    /// Whether anybody may install the app by a browser.
    pub fn is_installable(&self) -> bool {
        self.house.settings.oauth.is_some()
    }

    async fn installed(&self, back_to: &str, code: &str, by: &PersonId) -> Result<Installed, String> {
        let (Some(oauth), Some(vault)) = (&self.house.settings.oauth, &self.house.vault) else {
            return Err("[slack] has no client_id: nothing can be installed by a browser.".to_string());
        };
        let given = [
            ("client_id", oauth.client_id.as_str()),
            ("client_secret", oauth.client_secret.expose_secret()),
            ("code", code),
            ("redirect_uri", back_to),
        ];
        let answer = self.house.home.client.exchange(&given).await.map_err(|trouble| refused(&trouble, back_to))?;
        let now = self.app().clock().now();
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).unwrap_or_default().to_string();
        let team = text("/team/id");
        if answer.get("is_enterprise_install").and_then(Value::as_bool) == Some(true) || !is_team(&team) {
            return Err("Slack installed the app for a whole organisation, and Firebell is installed in single \
                        workspaces. Nothing was kept: remove it there, and choose one workspace."
                .to_string());
        }
        let name = line_of_machine(&text("/team/name"), NAME_CHARS_MAX);
        if !oauth.workspaces.is_empty() && !oauth.workspaces.contains(&team) {
            return Err(format!(
                "{name} ({team}) is not among the workspaces of [slack] workspaces. Nothing was kept: choose another one at \
                 Slack, or add it there and restart."
            ));
        }
        if self.house.is_configured() {
            match self.me().await {
                Some(me) if me.team == team => {
                    return Err(format!(
                        "{name} is connected by bot_token in [slack] already. Nothing was kept: remove bot_token and \
                         restart to have its token kept and renewed by Firebell."
                    ));
                }
                Some(_) => {}
                None => {
                    return Err(
                        "Slack does not say whose bot_token in [slack] is, so it is not known whether this is \
                                another workspace. Nothing was kept: try again when Slack answers."
                            .to_string(),
                    );
                }
            }
        }
        let Some(given) = Given::read(&answer, now) else {
            return Err("Slack gave no token for a bot. Nothing was kept: compare the app with \
                        config/slack-manifest.yaml and begin again at /slack/install."
                .to_string());
        };
        let sealed = vault.seal(&team, &given.tokens).map_err(|why| format!("Nothing was kept: {why}."))?;
        let row = store::Workspace {
            team,
            name,
            bot_user: text("/bot_user_id"),
            scopes: given.scopes.clone(),
            sealed,
            expires_at: given.expires_at,
            obtained_at: now.0,
            standing: CONNECTED.to_string(),
            installed_at: now.0,
            installed_by: by.to_string(),
            ..store::Workspace::default()
        };
        self.app().store().install_workspace(CHANNEL, &row).await.map_err(|fault| fault.logged().shown())?;
        tracing::info!("the app is installed in {}, by {by}", called(&row));
        self.look().await;
        let granted: Vec<&str> = given.scopes.split([',', ' ']).collect();
        let lacks = SCOPES.iter().map(|(scope, _)| scope.to_string()).filter(|s| !granted.contains(&s.as_str()));
        Ok(Installed { workspace: row.team, name: row.name, lacks: lacks.collect() })
    }
}

fn is_team(id: &str) -> bool {
    id.starts_with('T') && id.len() <= 32 && id.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Why Slack gave no token, and what to do.
fn refused(trouble: &Trouble, back_to: &str) -> String {
    let again = "begin again at /slack/install";
    match trouble.code() {
        Some("invalid_code") => {
            format!(
                "Slack takes this code no more: it was used already, or is older than 10 minutes. Nothing was installed: {again}."
            )
        }
        Some(code @ ("bad_client_secret" | "invalid_client_id")) => format!(
            "Slack says {code}: compare client_id and client_secret in [slack] with \"Basic Information\" of the app, \
             restart, and {again}."
        ),
        Some("bad_redirect_uri") => format!(
            "Slack says bad_redirect_uri: add {back_to} under \"OAuth & Permissions\", Redirect URLs, of the app, and {again}."
        ),
        _ => format!("Nothing was installed: {}. Then {again}.", trouble.why()),
    }
}
