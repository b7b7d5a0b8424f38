//! The rules: options, headers, addresses, assignments and statements behind which a secret stands.

use super::{SecretKind, SecretRef, by_name, open};

/// What runs, as far as the words so far say; it decides what `-p` and `-i` mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    None,
    Redis,
    Mysql,
    Curl,
    Ssh,
    SshPass,
    Mongo,
    Ldap,
    /// Registries and the like: `docker login -p X`.
    Login,
}

pub(super) fn scan(text: &str, assigned: &[String]) -> Vec<SecretRef> {
    let mut own: Vec<&str> = assigned.iter().map(String::as_str).collect();
    let mut out = Vec::new();
    let mut client = Client::None;
    let words = words(text);
    let mut at = 0;
    while let Some((word, starts)) = words.get(at) {
        if *starts {
            client = Client::None;
        }
        client = now(word, client);
        let next = words.get(at + 1).filter(|(_, starts)| !starts).map(|(w, _)| w.as_str());
        let mut scan = One { word, next, client, own: &own, out: &mut out };
        let used = scan.rules(&words, at);
        // An assignment counts for what comes after it: `P=$(cat f); mysql -p$P`.
        if let Some((name, _)) = assignment(word)
            && own.len() < 200
        {
            own.push(name);
        }
        at += 1 + usize::from(used);
    }
    out
}

fn now(word: &str, before: Client) -> Client {
    let program = word.rsplit('/').next().unwrap_or(word);
    match program {
        "redis-cli" | "valkey-cli" | "keydb-cli" | "redis-benchmark" => Client::Redis,
        "mysql" | "mariadb" | "mysqldump" | "mysqladmin" | "mysqlcheck" | "mariadb-dump" | "mariadb-admin"
        | "mariadb-check" | "mysqlbinlog" | "mysqlimport" | "mysqlshow" | "mysqlsh" | "xtrabackup" | "mariabackup"
        | "mydumper" | "mycli" => Client::Mysql,
        "curl" | "wget" | "http" | "xh" => Client::Curl,
        "ssh" | "scp" | "sftp" | "rsync" | "autossh" | "ssh-add" | "ssh-copy-id" | "mosh" => Client::Ssh,
        "sshpass" => Client::SshPass,
        "mongosh" | "mongo" | "mongodump" | "mongorestore" | "mongoexport" | "mongoimport" => Client::Mongo,
        "ldapsearch" | "ldapmodify" | "ldapadd" | "ldapdelete" => Client::Ldap,
        "login" => Client::Login,
        _ => before,
    }
}

/// Words without their quotes, and whether a new command begins with one.
fn words(text: &str) -> Vec<(String, bool)> {
    let mut words: Vec<(String, bool)> = Vec::new();
    let mut word = String::new();
    let mut starts = true;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' | '`' => {}
            '\\' => {
                if matches!(chars.peek(), Some('\n' | '"' | '\'')) {
                    chars.next();
                }
            }
            c if c.is_whitespace() || matches!(c, '|' | ';' | '&' | '(' | ')') && !word.contains("://") => {
                // `$(` is kept as a word's beginning: what follows is no literal.
                if c == '(' && word.ends_with('$') {
                    word.push('(');
                }
                if !word.is_empty() {
                    words.push((std::mem::take(&mut word), std::mem::replace(&mut starts, false)));
                }
                starts |= matches!(c, '|' | ';' | '&' | '\n');
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push((word, starts));
    }
    words
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fine.then_some((name, value))
}

struct One<'a> {
    word: &'a str,
    next: Option<&'a str>,
    client: Client,
    own: &'a [&'a str],
    out: &'a mut Vec<SecretRef>,
}

impl One<'_> {
    /// Whether the next word was used up as a value.
    fn rules(&mut self, words: &[(String, bool)], at: usize) -> bool {
        let word = self.word;
        let before = at.checked_sub(1).and_then(|b| words.get(b)).map_or("", |(w, _)| w.as_str());
        if let Some(used) = self.option() {
            return used;
        }
        if let Some(used) = self.header(words, at) {
            return used;
        }
        if self.statement(before) {
            return false;
        }
        if let Some((name, value)) = assignment(word.strip_prefix("-e").unwrap_or(word)) {
            if by_name(name)
                || name.ends_with("CREDENTIALS")
                || name.ends_with("PASSFILE")
                || name.ends_with("_PASSWORD_FILE")
            {
                self.value(&format!("{name}="), value, false);
            } else {
                self.variables(value, false);
            }
            self.address(value);
            return false;
        }
        let seen = self.out.len();
        self.address(word);
        self.variables(word, false);
        if self.out.len() == seen {
            self.shaped(word);
        }
        false
    }

    /// `-a X`, `-pX`, `--password=X`, `-i FILE`.
    fn option(&mut self) -> Option<bool> {
        if !self.word.starts_with('-') {
            return None;
        }
        let (name, glued) = match self.word.split_once('=') {
            Some((n, v)) if n.starts_with("--") => (n, Some(v)),
            _ => (self.word, None),
        };
        const VALUES: &[&str] = &[
            "--password",
            "--passwd",
            "--pass",
            "--token",
            "--api-key",
            "--apikey",
            "--api-token",
            "--secret-key",
            "--auth-token",
            "--access-token",
            "--client-secret",
            "--private-token",
            "--oauth2-bearer",
            "--http-password",
            "--ftp-password",
            "--proxy-password",
            "--admin-password",
            "--docker-password",
            "--registry-password",
            "--master-password",
            "--passphrase",
            "--master-user-password",
            "--tlspassword",
            "--bind-password",
            "--secret-access-key",
            "--aws-secret-access-key",
            "--root-password",
        ];
        const FILES: &[&str] = &[
            "--private-key",
            "--key-file",
            "--ssh-key",
            "--identity-file",
            "--client-key",
            "--tls-key",
            "--cert-key",
            "--password-file",
            "--passphrase-file",
            "--vault-password-file",
            "--credentials-file",
            "--ssh-private-key",
            "-inkey",
            "--token-file",
            "--keyfile",
        ];
        let pair = |w: &str| w.contains(':') && !w.contains("://");
        let value = glued.or(self.next);
        match (name, self.client) {
            ("-a", Client::Redis) | ("-p", Client::SshPass | Client::Mongo | Client::Login) | ("-w", Client::Ldap) => {
                let value = self.next?;
                self.value(&format!("{name} "), value, true);
                Some(true)
            }
            // Connected over a socket or asked for: the user alone.
            ("-u" | "-U" | "--user" | "--proxy-user" | "--auth", Client::Curl) if value.is_some_and(pair) => {
                let value = value?;
                let (user, password) = value.split_once(':')?;
                self.variables(user, true);
                self.value(&format!("{name} {}:", plain(user)), password, true);
                Some(glued.is_none())
            }
            ("-i", Client::Ssh) => {
                let path = self.next?.to_owned();
                self.file(&path);
                Some(true)
            }
            (n, c) if c == Client::Mysql && n.starts_with("-p") && n.len() > 2 => {
                self.value("-p", &n[2..], true);
                Some(false)
            }
            (n, c) if c == Client::SshPass && n.starts_with("-p") && n.len() > 2 => {
                self.value("-p", &n[2..], true);
                Some(false)
            }
            (n, _) if VALUES.contains(&n) => {
                let value = value?;
                // `--password` alone asks for it.
                if glued.is_none() && (value.starts_with('-') || self.client == Client::Mysql) {
                    return Some(false);
                }
                self.value(&format!("{name}{}", if glued.is_some() { "=" } else { " " }), value, true);
                Some(glued.is_none())
            }
            (n, _) if FILES.contains(&n) => {
                let path = value?.to_owned();
                self.file(&path);
                Some(glued.is_none())
            }
            ("--key" | "-key", _) if value.is_some_and(|v| v.contains('/') || v.contains('.')) => {
                let path = value?.to_owned();
                self.file(&path);
                Some(glued.is_none())
            }
            _ => None,
        }
    }

    /// `Authorization: Bearer X`, `X-Api-Key: X`.
    fn header(&mut self, words: &[(String, bool)], at: usize) -> Option<bool> {
        let (name, glued) = self.word.split_once(':')?;
        if name.is_empty() || glued.starts_with("//") || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        let known = matches!(
            lower.as_str(),
            "authorization"
                | "proxy-authorization"
                | "apikey"
                | "api-key"
                | "x-api-key"
                | "private-token"
                | "x-vault-token"
                | "job-token"
        );
        if !(known || lower.contains('-') && by_name(&lower.replace('-', "_"))) {
            return None;
        }
        let mut value = if glued.is_empty() { self.next } else { Some(glued) };
        let scheme = |w: &str| {
            matches!(
                w.to_ascii_lowercase().as_str(),
                "bearer"
                    | "oauth"
                    | "basic"
                    | "token"
                    | "apikey"
                    | "digest"
                    | "genie"
                    | "genieKey"
                    | "geniekey"
                    | "bot"
            )
        };
        if value.is_some_and(scheme) {
            value = words.get(at + if glued.is_empty() { 2 } else { 1 }).map(|(w, _)| w.as_str());
        }
        self.value(&format!("{name}: "), value?, true);
        Some(false)
    }

    /// `… WITH PASSWORD 'x'`, `IDENTIFIED BY 'x'`, `CONFIG SET requirepass x`, `AUTH x`.
    fn statement(&mut self, before: &str) -> bool {
        let is = |word: &str, any: &[&str]| any.iter().any(|w| word.eq_ignore_ascii_case(w));
        let word = self.word;
        let fits = is(word, &["PASSWORD"]) && is(before, &["WITH", "ENCRYPTED", "UNENCRYPTED"])
            || is(word, &["BY"]) && is(before, &["IDENTIFIED"])
            || is(word, &["REQUIREPASS", "MASTERAUTH"]) && is(before, &["SET"])
            || is(word, &["AUTH"]) && self.client == Client::Redis;
        if let (true, Some(value)) = (fits, self.next) {
            self.value(&format!("{} ", self.word), value.trim_end_matches([';', ',']), true);
        }
        fits
    }

    /// `postgres://ana:x@h/db`.
    fn address(&mut self, word: &str) {
        if word.starts_with("https://hooks.slack.com/services/") && word.len() > 50 && !open(word) {
            return self.push("https://hooks.slack.com/services/…", SecretKind::Literal, true);
        }
        let Some((scheme, rest)) = word.contains(':').then(|| word.split_once("://")).flatten() else { return };
        let authority = rest.split(['/', '?']).next().unwrap_or("");
        let Some((user, password)) = authority.rsplit_once('@').and_then(|(info, _)| info.split_once(':')) else {
            return;
        };
        let scheme = scheme.rsplit(['=', '"']).next().unwrap_or(scheme).to_owned();
        self.value(&format!("{scheme}://{}:", plain(user)), password, true);
    }

    /// Shapes that speak for themselves.
    fn shaped(&mut self, word: &str) {
        const BEGINS: &[&str] = &[
            "ghp_",
            "gho_",
            "ghs_",
            "github_pat_",
            "xoxb-",
            "xoxp-",
            "xapp-",
            "sk_live_",
            "rk_live_",
            "glpat-",
            "hvs.",
            "dop_v1_",
            "npm_",
            "AIza",
            "SG.",
        ];
        let bare = word.rsplit(['=', ':']).next().unwrap_or(word);
        let token = BEGINS.iter().find(|b| bare.starts_with(**b) && bare.len() >= b.len() + 16);
        let jwt = bare.starts_with("eyJ") && bare.len() > 40 && bare.matches('.').count() == 2;
        if let Some(begin) = token.copied().or(jwt.then_some("eyJ")).filter(|_| !open(bare)) {
            return self.push(&format!("{begin}…"), SecretKind::Literal, true);
        }
        let path = word.rsplit_once([',', '=']).map_or(word, |(_, p)| p);
        let mounted = |p: &str| p.contains('/') && p.contains("/run/secrets/");
        let path = path.split(':').find(|p| mounted(p)).unwrap_or(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        let private = mounted(path) && !name.is_empty()
            || name.ends_with(".key") && name.len() > 4
            || matches!(name, "id_rsa" | "id_ed25519" | "id_ecdsa" | ".pgpass" | ".vault_pass" | ".my.cnf");
        if private && !word.starts_with('-') && !word.contains("://") {
            let path = path.to_owned();
            self.push(&path, SecretKind::KeyFile, false);
        }
    }

    /// What stands where a secret belongs: a variable whatever its name, or the thing itself.
    fn value(&mut self, place: &str, value: &str, on_line: bool) {
        if value.contains('$') {
            self.every_variable(value, on_line);
        } else if value.starts_with('/') || value.starts_with("~/") || value.starts_with("./") {
            self.file(value);
        } else if !(value.is_empty() || value == "-" || value.starts_with('@') || open(value)) {
            self.push(&format!("{place}…"), SecretKind::Literal, on_line);
        }
    }

    fn file(&mut self, path: &str) {
        let shown = if path.contains('$') { path.to_owned() } else { path.trim_start_matches('@').to_owned() };
        if !path.starts_with("$(") {
            self.push(&shown, SecretKind::KeyFile, false);
        }
    }

    fn variables(&mut self, text: &str, on_line: bool) {
        for (name, written) in references(text) {
            if by_name(name) {
                self.env(name, &written, on_line);
            }
        }
    }

    fn every_variable(&mut self, text: &str, on_line: bool) {
        for (name, written) in references(text) {
            self.env(name, &written, on_line);
        }
    }

    fn env(&mut self, name: &str, written: &str, on_line: bool) {
        if !self.own.contains(&name) {
            self.push(written, SecretKind::Env, on_line);
        }
    }

    fn push(&mut self, as_written: &str, kind: SecretKind, on_command_line: bool) {
        self.out.push(SecretRef { as_written: as_written.to_owned(), kind, on_command_line });
    }
}

/// A name that may be shown.
fn plain(user: &str) -> &str {
    if user.len() <= 40 { user } else { "" }
}

/// `$NAME` and `${NAME}`; a default behind the name may be a secret itself and is left out.
fn references(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('$').take(50) {
        let rest = &text[at + 1..];
        let (body, braced) = rest.strip_prefix('{').map_or((rest, false), |b| (b, true));
        let length = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
        let name = &body[..length];
        if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            found.push((name, if braced { format!("${{{name}}}") } else { format!("${name}") }));
        }
    }
    found
}
