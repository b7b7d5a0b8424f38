//! The listener under every stand-in: an axum router on a loopback port whose connections can be cut.
//!
//! Stand-ins run on a runtime and thread of their own, as the world outside the program does: a test that
//! blocks, or ends its runtime, neither delays nor stops them. It never decides what is answered.

use super::port::{Port, free_port};
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// The runtime of the outside world.
pub fn outside() -> &'static Runtime {
    static OUTSIDE: OnceLock<Runtime> = OnceLock::new();
    OUTSIDE.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("outside")
            .enable_all()
            .build()
            .expect("a second runtime can be built")
    })
}

/// A served router. Stops listening, and cuts its connections, when dropped.
#[derive(Debug)]
pub struct Wire {
    port: Port,
    router: Router,
    lines: Arc<Mutex<Vec<Weak<LineState>>>>,
    serving: Mutex<Option<JoinHandle<()>>>,
}

impl Wire {
    /// Serves the router on a free port. Handlers may take `ConnectInfo<Line>` to cut the connection.
    pub fn serve(router: Router) -> Wire {
        let wire = Wire { port: free_port(), router, lines: Arc::default(), serving: Mutex::default() };
        wire.start_again();
        wire
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.port.url()
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.port.address()
    }

    /// How many connections are open at this moment.
    pub fn connections(&self) -> usize {
        self.lines.lock().expect("not poisoned").iter().filter(|line| line.strong_count() > 0).count()
    }

    /// Goes down as a killed server does: nobody listens any more, and every connection is reset.
    pub fn stop(&self) {
        let serving = self.serving.lock().expect("not poisoned").take();
        if let Some(serving) = serving {
            serving.abort();
            // The listener is closed once the task has ended.
            super::eventually_blocking("the stand-in stopped", super::BOUND, || serving.is_finished());
        }
        for line in self.lines.lock().expect("not poisoned").drain(..) {
            if let Some(line) = line.upgrade() {
                Line(line).reset();
            }
        }
    }

    /// Listens again, where it listened before.
    pub fn start_again(&self) {
        let listener = std::net::TcpListener::bind(self.port.address())
            .unwrap_or_else(|error| panic!("cannot listen on {}: {error}", self.port.address()));
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let service = self.router.clone().into_make_service_with_connect_info::<Line>();
        let lines = self.lines.clone();
        let serving = outside().spawn(async move {
            let inner = TcpListener::from_std(listener).expect("the socket listens");
            axum::serve(Lines { inner, lines }, service).await.expect("serving does not end by itself");
        });
        *self.serving.lock().expect("not poisoned") = Some(serving);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One connection, as its handler sees it: what can be done to it.
#[derive(Debug, Clone)]
pub struct Line(Arc<LineState>);

#[derive(Debug)]
struct LineState {
    how: AtomicU8,
    reader: AtomicWaker,
}

impl Line {
    /// Ends the connection without another byte (the peer reads an end of file).
    pub fn close(&self) {
        self.cut(CLOSED);
    }

    /// Ends the connection with a reset (the peer reads "connection reset").
    pub fn reset(&self) {
        self.cut(RESET);
    }

    fn cut(&self, how: u8) {
        self.0.how.store(how, Ordering::SeqCst);
        self.0.reader.wake();
    }
}

/// The listener that hands out cuttable connections.
struct Lines {
    inner: TcpListener,
    lines: Arc<Mutex<Vec<Weak<LineState>>>>,
}

impl Listener for Lines {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.inner).await;
        stream.set_nodelay(true).ok();
        let line = Line(Arc::new(LineState { how: AtomicU8::new(OPEN), reader: AtomicWaker::new() }));
        let mut lines = self.lines.lock().expect("not poisoned");
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(&line.0));
        (Cuttable { stream, line }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

struct Cuttable {
    stream: TcpStream,
    line: Line,
}

impl Cuttable {
    /// An error once the line is cut. The server then drops the stream, which closes it, or resets it when
    /// nothing may linger.
    fn still_open(&self) -> io::Result<()> {
        match self.line.0.how.load(Ordering::SeqCst) {
            OPEN => Ok(()),
            how => {
                if how == RESET {
                    self.stream.set_zero_linger().ok();
                }
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.line.0.reader.register(context.waker());
        self.still_open()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.still_open()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.still_open()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.still_open()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
