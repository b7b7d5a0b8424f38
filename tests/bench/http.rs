//! The cheapest HTTP/1.1 client that is still honest: one keep-alive connection, one request at a time. The load must
//! not cost more than what it loads.

use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Client {
    stream: TcpStream,
    host: String,
    bearer: String,
    buffer: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub retry_after: bool,
    pub body: Vec<u8>,
}

impl Client {
    pub async fn connect(address: &str, bearer: &str) -> io::Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, host: address.to_string(), bearer: bearer.to_string(), buffer: Vec::with_capacity(8_192) })
    }

    pub async fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        self.send("POST", path, body).await
    }

    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send("GET", path, "").await
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            self.bearer,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let (head_end, length, status, retry_after) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let status = head.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0);
                let header = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
                let length: usize = header("content-length:").and_then(|v| v.parse().ok()).unwrap_or(0);
                break (end + 4, length, status, header("retry-after:").is_some());
            }
        };
        while self.buffer.len() < head_end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Answer { status, retry_after, body: self.buffer[head_end..head_end + length].to_vec() })
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}
