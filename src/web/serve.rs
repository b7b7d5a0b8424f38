//! The accept loop: bounded connections, headers that must arrive in time, no waiting for more bytes before sending,
//! and an end that lets requests under way finish.

use crate::fault::{Fault, FaultKind};
use axum::Router;
use firebell_domain::limits;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How long a client may take for a request's head, also between two requests of one connection. Prometheus and
/// Alertmanager keep connections for minutes and open new ones without complaint.
const HEADERS: Duration = Duration::from_secs(75);
/// How long requests under way may take after the stop; a command answers within 2 s.
const FINISH: Duration = Duration::from_secs(10);
/// How long to wait when the process has no file descriptor left for another connection.
const NO_SOCKET: Duration = Duration::from_millis(50);

/// The router that answers: the one of now for each request, also within a connection that was opened before a reload.
#[derive(Clone)]
pub struct Routers(watch::Receiver<Router>);

impl From<watch::Receiver<Router>> for Routers {
    fn from(receiver: watch::Receiver<Router>) -> Routers {
        Routers(receiver)
    }
}

/// One for ever.
impl From<Router> for Routers {
    fn from(router: Router) -> Routers {
        Routers(watch::channel(router).1)
    }
}

/// Serves until told to stop.
pub async fn serve(
    listener: TcpListener,
    routers: impl Into<Routers>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Fault> {
    let routers = routers.into();
    let room = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    while !*stop.borrow() {
        let accepted = tokio::select! {
            changed = stop.changed() => match changed {
                Ok(()) => continue,
                // Nobody is left who could say so.
                Err(_) => break,
            },
            Some(_) = connections.join_next() => continue,
            accepted = async {
                let permit = room.clone().acquire_owned().await;
                (listener.accept().await, permit)
            } => accepted,
        };
        let (Ok(permit), stream) = (accepted.1, accepted.0) else {
            return Err(Fault::new(FaultKind::Bug, "the listener's room is closed"));
        };
        match stream {
            Ok((stream, _)) => {
                let (routers, stop) = (routers.clone(), stop.clone());
                connections.spawn(async move {
                    connection(stream, routers, stop).await;
                    drop(permit);
                });
            }
            Err(e) => {
                tracing::warn!("a connection could not be accepted: {e}");
                tokio::time::sleep(NO_SOCKET).await;
            }
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(FINISH, finish).await.is_err() {
        tracing::warn!("some requests did not finish within {} s of the stop", FINISH.as_secs());
    }
    Ok(())
}

async fn connection(stream: TcpStream, routers: Routers, mut stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let router = routers.0.borrow().clone();
        TowerToHyperService::new(router).call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), answer);
    let mut served = std::pin::pin!(served);
    let mut stopping = *stop.borrow();
    if stopping {
        served.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            // How a connection ends is the client's business.
            ended = served.as_mut() => {
                if let Err(e) = ended {
                    tracing::debug!("a connection ended: {e}");
                }
                return;
            }
            _ = stop.changed(), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}
