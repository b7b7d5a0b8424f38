//! What a test's Slack starts with: one workspace, its people, two channels, and the app installed with its tokens.
//!
//! It never starts anything: `FakeSlack` does.

use super::events;
use super::limits::Limits;
use super::state::{App, Code, Kind, Team, Token, TokenKind, User, UserGroup, World};
use super::time::Time;
use super::{FakeSlack, SECOND};

/// Every scope that some method or event of this Slack asks for.
pub const SCOPES: &str = "app_mentions:read bookmarks:read bookmarks:write channels:history channels:join \
    channels:manage channels:read chat:write chat:write.public commands files:read files:write groups:history \
    groups:read groups:write im:history im:read im:write links:read links:write mpim:history mpim:read mpim:write \
    pins:read pins:write reactions:read reactions:write team:read usergroups:read users:read users:read.email";

#[derive(Clone)]
pub struct Setup {
    pub time: Time,
    pub bot_token: String,
    pub app_token: String,
    pub signing_secret: String,
    pub scopes: String,
    pub events: Vec<String>,
    pub commands: Vec<String>,
    pub limits: Limits,
    pub rotates_tokens: bool,
    pub token_life_s: i64,
    pub edit_window_s: Option<i64>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            time: Time::real(),
            bot_token: "xoxb-1-test".into(),
            app_token: "xapp-1-test".into(),
            signing_secret: "8f742231b10e8888abcd99yyyzzz85a5".into(),
            scopes: SCOPES.into(),
            events: events::ALL.iter().map(|event| (*event).to_owned()).collect(),
            commands: vec!["/incident".into(), "/oncall".into()],
            limits: Limits::default(),
            rotates_tokens: false,
            token_life_s: 12 * 3600,
            edit_window_s: None,
        }
    }
}

impl Setup {
    pub fn start(self) -> FakeSlack {
        FakeSlack::of(self)
    }

    /// A clock of the test's, in microseconds since 1970.
    pub fn clock(mut self, now: impl Fn() -> i64 + Send + Sync + 'static) -> Setup {
        self.time = Time::of(now);
        self
    }

    pub fn scopes(mut self, scopes: &str) -> Setup {
        self.scopes = scopes.into();
        self
    }

    pub fn events(mut self, events: &[&str]) -> Setup {
        self.events = events.iter().map(|event| (*event).to_owned()).collect();
        self
    }

    pub fn commands(mut self, commands: &[&str]) -> Setup {
        self.commands = commands.iter().map(|command| (*command).to_owned()).collect();
        self
    }

    /// Calls are counted, never refused.
    pub fn without_limits(mut self) -> Setup {
        self.limits.enforced = false;
        self
    }

    /// A minute of Slack's limits passes in a `times`th of a minute of the clock.
    pub fn limits_faster(mut self, times: f64) -> Setup {
        self.limits.faster = times;
        self
    }

    /// As for an app outside the Marketplace: one page of 15 messages a minute.
    pub fn histories_slowly(mut self) -> Setup {
        self.limits.histories_slowly = true;
        self
    }

    pub fn rotates_tokens(mut self) -> Setup {
        self.rotates_tokens = true;
        self
    }

    /// Tokens that live for so long only.
    pub fn tokens_live_s(mut self, seconds: i64) -> Setup {
        (self.rotates_tokens, self.token_life_s) = (true, seconds);
        self
    }

    /// Messages can be edited for so long only.
    pub fn edit_window_s(mut self, seconds: i64) -> Setup {
        self.edit_window_s = Some(seconds);
        self
    }

    pub(super) fn world(&self) -> World {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let app = App {
            id: "A0FIREBELL".into(),
            name: "Firebell".into(),
            client_id: "111.222".into(),
            client_secret: "c1ient-5ecret".into(),
            signing_secret: self.signing_secret.clone(),
            verification_token: "verification".into(),
            commands: self.commands.clone(),
            shortcuts: Vec::new(),
            events: self.events.iter().cloned().collect(),
            domains: vec!["firebell.example.com".into()],
            scopes: words(&self.scopes),
            rotates_tokens: self.rotates_tokens,
            token_life_s: self.token_life_s,
            redirect_urls: Vec::new(),
        };
        let mut world = World::new(self.time.clone(), app);
        world.limits = self.limits.clone();
        world.edit_window_s = self.edit_window_s;
        world.add_team("T0ACME", "Acme", "acme");
        let bot = world.team("T0ACME").bot_user.clone();
        let token = |kind, scopes: &str| Token {
            team: "T0ACME".into(),
            kind,
            user: bot.clone(),
            scopes: words(scopes),
            revoked: false,
            expires_at: None,
        };
        world.tokens.insert(self.bot_token.clone(), token(TokenKind::Bot, &self.scopes));
        world.tokens.insert(self.app_token.clone(), token(TokenKind::App, "connections:write authorizations:read"));
        world
    }
}

impl World {
    /// A workspace with ana, bo and cy, a group `oncall` with two of them, `#general` and `#incidents`.
    pub fn add_team(&mut self, id: &str, name: &str, domain: &str) {
        let letter = id.trim_start_matches('T');
        let bot_user = format!("UBOT{letter}");
        let team = Team {
            id: id.into(),
            name: name.into(),
            domain: domain.into(),
            bot_user: bot_user.clone(),
            bot_id: format!("B{letter}"),
            ..Team::default()
        };
        self.teams.insert(id.into(), team);
        for (name, real_name) in [("ana", "Ana Ruiz"), ("bo", "Bo Lind"), ("cy", "Cy Okoro")] {
            self.add_user(id, name, real_name);
        }
        let bot = User {
            id: bot_user.clone(),
            name: "firebell".into(),
            real_name: "Firebell".into(),
            is_bot: true,
            ..User::default()
        };
        self.team_mut(id).users.insert(bot_user.clone(), bot);
        let users = vec![self.user_id(id, "ana"), self.user_id(id, "bo")];
        let group = UserGroup {
            id: format!("S{letter}ONCALL"),
            handle: "oncall".into(),
            name: "On call".into(),
            users,
            disabled: false,
        };
        self.team_mut(id).groups.insert(group.id.clone(), group);
        for channel in ["general", "incidents"] {
            let ana = self.user_id(id, "ana");
            let place = self.new_channel(id, channel, Kind::Public, &ana);
            let everybody: Vec<String> = self.team(id).users.keys().cloned().collect();
            self.team_mut(id).channel_named(&place).members.extend(everybody);
        }
    }

    /// `U0ANA` of the first workspace; others have their own.
    pub fn add_user(&mut self, team: &str, name: &str, real_name: &str) -> String {
        let id = format!("U{}{}", team.trim_start_matches("T0").trim_start_matches("ACME"), name.to_uppercase());
        let user = User {
            id: id.clone(),
            name: name.into(),
            real_name: real_name.into(),
            email: Some(format!("{name}@example.com")),
            tz: "Europe/Berlin".into(),
            ..User::default()
        };
        self.team_mut(team).users.insert(id.clone(), user);
        id
    }

    pub fn user_id(&self, team: &str, name: &str) -> String {
        let user = self.team(team).find_user(name).unwrap_or_else(|| panic!("there is nobody called {name} in {team}"));
        user.id.clone()
    }

    /// What an installation's page would hand to the redirect address.
    pub fn authorize(&mut self, team: &str) -> String {
        self.authorize_for(team, None, None)
    }

    pub fn authorize_for(
        &mut self,
        team: &str,
        redirect_uri: Option<&str>,
        scopes: Option<std::collections::BTreeSet<String>>,
    ) -> String {
        let code = format!("{}.{:x}", self.now() / SECOND, self.next());
        let kept =
            Code { team: team.to_owned(), redirect_uri: redirect_uri.map(str::to_owned), scopes, at: self.now() };
        self.codes.insert(code.clone(), kept);
        code
    }
}
