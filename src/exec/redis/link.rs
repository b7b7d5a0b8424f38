//! One connection to a Redis server: made from what the configuration says and nothing else, with a bound on what it
//! answers, and closed when nobody waits for it any more.

use crate::exec::database::server::{At, Encrypted, Server};
use crate::exec::database::{Failed, cause, trust};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, ProtocolVersion, RedisConnectionInfo, RedisError, Value};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// Bytes of all answers of one call: they are held whole before they are printed.
pub const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How long a server may take to agree on how to encrypt.
const GREETING: Duration = Duration::from_secs(8);

pub struct Link {
    conn: MultiplexedConnection,
    driver: JoinHandle<()>,
    read: Arc<AtomicU64>,
    pub id: Option<i64>,
}

impl Drop for Link {
    fn drop(&mut self) {
        // Else the connection would stay for as long as an answer is awaited.
        self.driver.abort();
    }
}

trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

/// Of a known address; nothing is asked of the server before it has let us in.
pub async fn connect(server: &Server, database: i64) -> Result<Link, Failed> {
    let at = server.shown();
    let away = |why: String| Failed::Unreached(format!("{at} cannot be reached: {why}"));
    let stream = open(server).await.map_err(Failed::Unreached)?;
    let mut info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
    if let Some(user) = &server.user {
        info = info.set_username(user);
    }
    if let Some(password) = &server.password {
        info = info.set_password(password.expose_secret());
    }
    info = info.set_db(database);
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let read = Arc::new(AtomicU64::new(0));
    let limited = Limited { inner: stream, read: read.clone() };
    let made = MultiplexedConnection::new_with_config(&info, limited, config).await;
    let (conn, driver) = made.map_err(|e| match (e.code(), e.is_io_error()) {
        (Some("NOAUTH" | "WRONGPASS"), _) => Failed::Unreached(format!("{at} does not let us in: {}", words(&e))),
        (_, true) => away(cause(&e)),
        _ if e.kind() == redis::ErrorKind::AuthenticationFailed => {
            Failed::Unreached(format!("{at} does not let us in: {}", words(&e)))
        }
        _ => Failed::Unreached(format!("{at} refuses: {}", words(&e))),
    })?;
    let mut link = Link { conn, driver: tokio::spawn(driver), read, id: None };
    // Before anything of the call: a server that wants a password says so here.
    match link.ask(&["CLIENT", "ID"]).await? {
        Value::Int(id) => link.id = Some(id),
        Value::ServerError(said) if said.code() == "NOAUTH" => {
            return Err(Failed::Unreached(format!("{at} does not let us in: it wants a password")));
        }
        _ => {}
    }
    Ok(link)
}

async fn open(server: &Server) -> Result<Box<dyn Both>, String> {
    let away = |why: &str| format!("{} cannot be reached: {why}", server.shown());
    let (host, port) = match &server.at {
        At::Socket(path) => return Ok(Box::new(UnixStream::connect(path).await.map_err(|e| away(&cause(&e)))?)),
        At::Tcp(host, port) => (host, *port),
    };
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|e| away(&cause(&e)))?;
    stream.set_nodelay(true).ok();
    if !matches!(server.encrypted, Encrypted::Required | Encrypted::Verified) {
        return Ok(Box::new(stream));
    }
    let roots = trust::authorities(server).await?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|e| away(&cause(&e)))?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.clone()).map_err(|_| away(&format!("{host} is no name for a certificate")))?;
    let made = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(GREETING, made).await {
        // A Redis that does not encrypt takes the greeting for the beginning of a line, and waits for its end.
        Err(_) => Err(trust::silent(server, GREETING)),
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(e)) => Err(trust::trouble(server, &e).unwrap_or_else(|| away(&cause(&e)))),
    }
}

impl Link {
    pub async fn ask(&mut self, words: &[&str]) -> Result<Value, Failed> {
        let mut command = Cmd::new();
        for word in words {
            command.arg(word);
        }
        match self.conn.req_packed_command(&command).await {
            Ok(value) => Ok(value),
            Err(error) => match error.clone().into_server_errors().as_deref() {
                Some([(_, said), ..]) => Ok(Value::ServerError(said.clone())),
                _ if self.read.load(Ordering::Relaxed) > ANSWER_BYTES_MAX => Err(Failed::Said(format!(
                    "The answer is longer than {} MB and was not read",
                    ANSWER_BYTES_MAX >> 20
                ))),
                _ if error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error() => {
                    Err(Failed::Lost(format!("The connection was lost: {}", cause(&error))))
                }
                _ => Err(Failed::Said(format!("(error) {}", self::words(&error)))),
            },
        }
    }
}

/// As the server words it.
pub fn words(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (_, Some(detail)) => detail.to_string(),
        _ => error.to_string(),
    }
}

/// A stream that breaks off instead of filling the memory.
struct Limited {
    inner: Box<dyn Both>,
    read: Arc<AtomicU64>,
}

impl AsyncRead for Limited {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut *self.inner).poll_read(cx, buf);
        let came = (buf.filled().len() - before) as u64;
        if self.read.fetch_add(came, Ordering::Relaxed) + came > ANSWER_BYTES_MAX {
            return Poll::Ready(Err(io::Error::other("the answer is too long")));
        }
        polled
    }
}

impl AsyncWrite for Limited {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(cx)
    }
}
