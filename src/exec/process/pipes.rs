//! What goes into a running program and what comes out of it, in bounded memory, with lines of progress on the way.
//! Progress that nobody takes in time is dropped: it never holds the program up.

use crate::engine::ports::execute::{End, Ran};
use crate::exec::clean::{Kept, Secrets};
use crate::exec::ran;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::Child;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// Bytes of a line beyond which its end is not shown as progress.
const LINE_BYTES_MAX: usize = 4 * 1024;

pub struct Pipes {
    out: (Arc<Mutex<Kept>>, JoinHandle<()>),
    err: (Arc<Mutex<Kept>>, JoinHandle<()>),
    fed: Option<JoinHandle<()>>,
    notes: Vec<String>,
}

impl Pipes {
    /// Takes the child's ends. From here on it can neither block on a full pipe nor fill our memory.
    pub fn open(
        child: &mut Child,
        input: Option<&[u8]>,
        bytes_max: usize,
        secrets: &Secrets,
        progress: &Sender<String>,
    ) -> Pipes {
        Pipes::of(child.stdin.take(), child.stdout.take(), child.stderr.take(), input, bytes_max, secrets, progress)
    }

    /// The same of streams that come from anywhere.
    pub fn of(
        stdin: Option<impl AsyncWrite + Unpin + Send + 'static>,
        stdout: Option<impl AsyncRead + Unpin + Send + 'static>,
        stderr: Option<impl AsyncRead + Unpin + Send + 'static>,
        input: Option<&[u8]>,
        bytes_max: usize,
        secrets: &Secrets,
        progress: &Sender<String>,
    ) -> Pipes {
        let fed = stdin.zip(input).map(|(mut stdin, input)| {
            let input = input.to_vec();
            tokio::spawn(async move {
                // A program that does not read to the end is not wrong.
                stdin.write_all(&input).await.ok();
            })
        });
        let out = keep(stdout, bytes_max, secrets.clone(), Some(progress.clone()));
        let err = keep(stderr, bytes_max, secrets.clone(), Some(progress.clone()));
        Pipes { out, err, fed, notes: Vec::new() }
    }

    /// A sentence of ours, shown after what the program said itself.
    pub fn note(&mut self, sentence: &str) {
        self.notes.push(format!("[{sentence}]"));
    }

    pub fn noted(&self) -> bool {
        !self.notes.is_empty()
    }

    /// Everything that came, once all writers are gone; `drain` at the longest.
    pub async fn finish(self, drain: Duration, secrets: &Secrets) -> Ran {
        if let Some(fed) = self.fed {
            fed.abort();
        }
        let (stdout, left_out) = finish(self.out, drain).await;
        let (stderr, more) = finish(self.err, drain).await;
        let mut ran = ran::ended(End::Exited(0), false);
        ran.left_out = left_out + more;
        (ran.stdout, ran.stderr) = (secrets.text(&stdout), secrets.text(&stderr));
        for note in self.notes {
            if !ran.stderr.is_empty() && !ran.stderr.ends_with('\n') {
                ran.stderr.push('\n');
            }
            ran.stderr.push_str(&note);
            ran.stderr.push('\n');
        }
        ran
    }
}

async fn finish((kept, mut task): (Arc<Mutex<Kept>>, JoinHandle<()>), drain: Duration) -> (Vec<u8>, u64) {
    if tokio::time::timeout(drain, &mut task).await.is_err() {
        task.abort();
    }
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = std::mem::replace(&mut *kept, Kept::new(0));
    let left_out = kept.left_out();
    (kept.into_bytes(), left_out)
}

fn keep(
    pipe: Option<impl AsyncRead + Unpin + Send + 'static>,
    bytes_max: usize,
    secrets: Secrets,
    progress: Option<Sender<String>>,
) -> (Arc<Mutex<Kept>>, JoinHandle<()>) {
    let kept = Arc::new(Mutex::new(Kept::new(bytes_max)));
    let into = kept.clone();
    let task = tokio::spawn(async move {
        let Some(mut pipe) = pipe else { return };
        let (mut chunk, mut line) = (vec![0; 64 * 1024], Vec::new());
        while let Ok(n @ 1..) = pipe.read(&mut chunk).await {
            into.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk[..n]);
            if let Some(progress) = &progress {
                lines(&mut line, &chunk[..n], |line| {
                    // A place first: what nobody reads need not be cleaned.
                    if let Ok(place) = progress.try_reserve() {
                        place.send(secrets.line(line));
                    }
                });
            }
        }
    });
    (kept, task)
}

/// Calls `each` for every line that is complete.
pub fn lines(open: &mut Vec<u8>, bytes: &[u8], mut each: impl FnMut(&[u8])) {
    for piece in bytes.split_inclusive(|b| *b == b'\n') {
        let room = LINE_BYTES_MAX.saturating_sub(open.len());
        open.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.ends_with(b"\n") {
            each(open.strip_suffix(b"\n").unwrap_or(open));
            open.clear();
        }
    }
}
