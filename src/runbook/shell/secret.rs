//! Which secrets a command refers to. References only: a value that stands in the text is never returned, only where it
//! stood and a redacted form of it. Never resolves anything.
//!
//! Looks at the words of the raw text, quotes left out, so that what stands inside `ssh h "…"` is seen as well.

mod rules;

use super::Tongue;
use super::placeholder;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A variable: `$REDIS_PASSWORD`.
    Env,
    /// A file: `~/.ssh/deploy`, `/run/secrets/db`.
    KeyFile,
    /// The value itself stands in the text.
    Literal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// `$DB_PASS`, a path; of a literal only where it stands: `--password=…`.
    pub as_written: String,
    pub kind: SecretKind,
    /// Others on that machine can read it in the list of processes.
    pub on_command_line: bool,
}

/// In order of appearance, each once. `assigned`: names set earlier in the block, which are neither parameter nor secret.
pub fn found(text: &str, assigned: &[String]) -> Vec<SecretRef> {
    let mut refs: Vec<SecretRef> = Vec::new();
    for one in rules::scan(text, assigned) {
        if refs.len() < 200 && !refs.iter().any(|r| r.as_written == one.as_written) {
            refs.push(one);
        }
    }
    refs
}

/// A value that a person still has to fill in is no secret yet.
fn open(value: &str) -> bool {
    let marks = value.bytes().all(|b| b"*.x_-".contains(&b)) || value.contains('…');
    marks || !placeholder::replace(&format!("x {value}"), Tongue::Shell, &[]).found.is_empty()
}

/// Whether a variable of this name holds something that must not be shown.
pub fn by_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts: Vec<&str> = name.split('_').filter(|p| !p.is_empty()).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    // The name of a secret, or what is said about one, is none.
    const ABOUT: &[&str] = &[
        "NAME", "FILE", "PATH", "DIR", "TTL", "LENGTH", "COUNT", "ARN", "VERSION", "EXPIRY", "HOST", "PORT", "POLICY",
    ];
    if parts.len() > 1 && ABOUT.contains(last) {
        return false;
    }
    const WORDS: &[&str] =
        &["PASS", "TOKEN", "TOKENS", "SECRET", "SECRETS", "CREDENTIAL", "CREDENTIALS", "CREDS", "WEBHOOK"];
    const ENDS: &[&str] =
        &["PASSWORD", "PASSWD", "PASSWORT", "PASSPHRASE", "TOKEN", "SECRET", "APIKEY", "ACCESSKEY", "PRIVATEKEY"];
    const PASSES: &[&str] = &["DBPASS", "PGPASS", "MYPASS", "USERPASS", "ROOTPASS", "SSHPASS"];
    const KEYED: &[&str] = &[
        "API",
        "ACCESS",
        "PRIVATE",
        "SECRET",
        "SIGNING",
        "ENCRYPTION",
        "AUTH",
        "MASTER",
        "SSH",
        "ACCOUNT",
        "JWT",
        "DEPLOY",
    ];
    let word = |p: &&str| WORDS.contains(p) || PASSES.contains(p) || ENDS.iter().any(|e| p.ends_with(e));
    // `DB_PWD`, but not `PWD`: that is where the shell stands.
    let short = parts.len() > 1 && matches!(*last, "PWD" | "PW") && *first != "OLD";
    let keyed = parts.windows(2).any(|p| KEYED.contains(&p[0]) && matches!(p[1], "KEY" | "KEYS"));
    // An address with user and password in it.
    const STORES: &[&str] =
        &["DATABASE", "DB", "REDIS", "MONGO", "MONGODB", "POSTGRES", "PG", "AMQP", "RABBITMQ", "MYSQL"];
    let address = parts.len() > 1 && matches!(*last, "URL" | "URI" | "DSN") && parts.iter().any(|p| STORES.contains(p))
        || *last == "DSN"
        || name.ends_with("CONNECTION_STRING");
    parts.iter().any(word) || short || keyed || address
}

#[cfg(test)]
mod tests;
