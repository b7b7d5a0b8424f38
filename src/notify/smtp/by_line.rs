//! A connection that hands out what arrives one line at a time.
//!
//! SMTP begins in the clear, and whoever sits on the line can put words of their own behind the server's "go ahead" for
//! TLS. A client that has read them ahead takes them for what the server said *after* it was encrypted (RFC 3207,
//! section 6, says to throw them away; the library reads ahead and keeps them). Here nothing is read ahead of a line, so
//! such words reach the TLS handshake, which fails of them. It never looks at what the lines say.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const READ_BYTES: usize = 4_096;

#[derive(Debug)]
pub struct ByLine {
    stream: TcpStream,
    arrived: Vec<u8>,
    /// What of it has been handed out.
    given: usize,
}

impl ByLine {
    pub fn new(stream: TcpStream) -> ByLine {
        ByLine { stream, arrived: Vec::new(), given: 0 }
    }
}

impl AsyncRead for ByLine {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.given == self.arrived.len() {
            let mut bytes = [0; READ_BYTES];
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            self.arrived = buffer.filled().to_vec();
            self.given = 0;
        }
        let left = &self.arrived[self.given..];
        let line = left.iter().position(|byte| *byte == b'\n').map_or(left.len(), |at| at + 1);
        let n = line.min(out.remaining());
        out.put_slice(&left[..n]);
        self.given += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ByLine {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for ByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
