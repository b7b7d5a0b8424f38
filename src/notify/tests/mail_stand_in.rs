//! A mail server on loopback that misbehaves as told at one step and remembers what it was told. It never encrypts.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a client says, in order; `.` is the end of the message.
pub const STEPS: [&str; 7] = ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."];

#[derive(Clone, Debug)]
pub enum Says {
    /// A reply, without its line end.
    Reply(String),
    /// Bytes as they are, and then it goes on.
    Raw(&'static str),
    /// Closes the connection with a reset.
    Reset,
    Close,
    /// Never says another word.
    Hang,
}

#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// Commands line by line, a message as one.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
    /// The messages that were handed over, dots unstuffed.
    pub fn messages(&self) -> Vec<String> {
        let all = self.all();
        all.iter().filter_map(|m| m.strip_prefix("message:")).map(|m| m.replace("\r\n..", "\r\n.")).collect()
    }
}

/// A server that behaves but for this step (or for the commands that begin so). `extensions` are what it offers; with `""` for `step` it behaves throughout.
pub async fn mail_server(step: &'static str, says: Says, extensions: &'static [&'static str]) -> (u16, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Told::default();
    let seen = told.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, step, says.clone(), extensions, seen.clone()));
        }
    });
    (port, told)
}

async fn serve(stream: TcpStream, step: &str, says: Says, extensions: &[&str], told: Told) {
    let mut stream = BufReader::new(stream);
    let (mut now, mut said) = ("greeting".to_string(), String::new());
    loop {
        let reply = if now == step || (step.contains(' ') && said.starts_with(step)) {
            match &says {
                Says::Reply(text) => format!("{text}\r\n"),
                Says::Raw(text) => text.to_string(),
                Says::Reset => return stream.get_ref().set_zero_linger().unwrap(),
                Says::Close => return,
                Says::Hang => return std::future::pending().await,
            }
        } else {
            usual(&now, extensions)
        };
        if stream.get_mut().write_all(reply.as_bytes()).await.is_err() || now == "QUIT" {
            return;
        }
        let message = now == "DATA" && reply.starts_with("354");
        let mut line = String::new();
        if message {
            let mut text = String::from("message:");
            while !text.ends_with("\r\n.\r\n") {
                if stream.read_line(&mut text).await.is_err() || text.len() > 1 << 20 {
                    return;
                }
            }
            text.truncate(text.len() - 3);
            told.0.lock().unwrap().push(text);
            now = ".".to_string();
            continue;
        }
        match stream.read_line(&mut line).await {
            Ok(n) if n > 0 => {}
            _ => return,
        }
        said = line.trim_end().to_string();
        told.0.lock().unwrap().push(said.clone());
        now = line.split_whitespace().next().unwrap_or_default().to_uppercase();
    }
}

fn usual(step: &str, extensions: &[&str]) -> String {
    match step {
        "greeting" => "220 mail.example.org ESMTP\r\n".to_string(),
        "EHLO" => {
            let mut lines = vec!["250-mail.example.org".to_string()];
            lines.extend(extensions.iter().map(|e| format!("250-{e}")));
            lines.push("250 SIZE 1000000".to_string());
            lines.join("\r\n") + "\r\n"
        }
        "STARTTLS" => "220 go ahead\r\n".to_string(),
        "AUTH" => "235 2.7.0 welcome\r\n".to_string(),
        "DATA" => "354 end with a dot\r\n".to_string(),
        "." => "250 2.0.0 queued as 4711\r\n".to_string(),
        "QUIT" => "221 bye\r\n".to_string(),
        _ => "250 2.1.0 fine\r\n".to_string(),
    }
}
