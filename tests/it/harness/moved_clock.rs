//! The bot's clock, moved by a test: the real program under Debian's libfaketime. Only the wall clock is moved: a
//! machine's monotonic clock does not jump.

use super::files::{TempDir, temp_dir};
use super::serve::Serve;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// An offset in seconds from the machine's clock.
pub struct MovedClock {
    folder: TempDir,
    offset_s: Arc<AtomicI64>,
    /// How often the library reads the offset.
    reads: (&'static str, &'static str),
}

impl MovedClock {
    pub fn start() -> MovedClock {
        MovedClock::read(("FAKETIME_NO_CACHE", "1"))
    }

    /// For a bot that runs for long and whose clock is never put back. The library reads the offset once a second and not
    /// at each question: while one thread reads, another may be told the machine's own time, and a clock that has been
    /// there once does not go back.
    pub fn forward() -> MovedClock {
        MovedClock::read(("FAKETIME_CACHE_DURATION", "1"))
    }

    fn read(reads: (&'static str, &'static str)) -> MovedClock {
        sweep();
        let clock = MovedClock { folder: temp_dir(), offset_s: Arc::default(), reads };
        clock.to(0);
        clock
    }

    /// Sets the bot's clock to this many seconds beside the machine's, from one moment to the next.
    pub fn to(&self, offset_s: i64) {
        self.offset_s.store(offset_s, Ordering::SeqCst);
        let next = self.folder.join("next");
        fs::write(&next, format!("{offset_s:+}\n")).expect("the test's folder can be written");
        fs::rename(next, self.folder.join("offset")).expect("a file can be replaced");
    }

    /// Seconds since 1970 by that clock, for whoever lives by the same.
    pub fn seconds(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let offset = self.offset_s.clone();
        move || machine_s().saturating_add_signed(offset.load(Ordering::SeqCst))
    }

    /// A bot that lives by this clock when it is started.
    pub fn rules(&self, serve: Serve) -> Serve {
        let file = self.folder.join("offset");
        serve
            .env("FAKETIME_TIMESTAMP_FILE", file.to_str().expect("a plain path"))
            .env(self.reads.0, self.reads.1)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .through(&["env", &preload()])
    }
}

/// For `env`, before a program that is to live by another clock. Not Debian's `faketime`, which starts one so: it
/// refuses to wherever a killed program of its own number left its shared memory.
pub fn preload() -> String {
    format!("LD_PRELOAD={}", library())
}

/// Removes what the library made for programs that were killed since, which is most of the tests' bots.
fn sweep() {
    for file in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = file.file_name();
        let of = |kind: &str| name.to_str().and_then(|n| n.strip_prefix(kind)).map(str::to_owned);
        let number = of("faketime_shm_").or_else(|| of("sem.faketime_sem_"));
        if number.is_some_and(|n| n.parse::<u32>().is_ok_and(|n| !Path::new("/proc").join(n.to_string()).exists())) {
            // Another test may be doing the same.
            fs::remove_file(file.path()).ok();
        }
    }
}

fn machine_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970").as_secs()
}

fn library() -> String {
    let found = fs::read_dir("/usr/lib").expect("/usr/lib is there").flatten().find_map(|entry| {
        let library = entry.path().join("faketime/libfaketime.so.1");
        library.exists().then_some(library)
    });
    let library = found.expect("libfaketime is not installed, and this test needs it. Run ./test --install");
    library.to_str().expect("a plain path").to_owned()
}
