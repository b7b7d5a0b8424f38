//! Asks at a fixed rate, whatever becomes of what was asked before: a slow answer delays no other question, and its time
//! counts from when it was to be asked.

use std::future::Future;
use std::time::{Duration, Instant};

/// Thrown away: connections are opened, caches filled.
const WARM_UP: u64 = 2;

/// How long each answer took, without those of the warm-up; and how many were none.
pub async fn paced<F>(rate: u64, seconds: u64, mut ask: impl FnMut(u64) -> F) -> (Vec<Duration>, usize)
where
    F: Future<Output = bool> + Send + 'static,
{
    let (step, began) = (Duration::from_secs_f64(1.0 / rate as f64), Instant::now());
    let mut asked = Vec::new();
    for n in 0..rate * (WARM_UP + seconds) {
        let due = began + step * u32::try_from(n).unwrap_or(u32::MAX);
        tokio::time::sleep_until(due.into()).await;
        let answer = ask(n);
        asked.push(tokio::spawn(async move {
            let answered = answer.await;
            (answered, due.elapsed())
        }));
    }
    let (mut took, mut failed) = (Vec::new(), 0);
    for (n, task) in asked.into_iter().enumerate() {
        let (answered, time) = task.await.expect("no panic");
        failed += usize::from(!answered);
        if n as u64 >= rate * WARM_UP {
            took.push(time);
        }
    }
    (took, failed)
}
