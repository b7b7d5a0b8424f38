//! Two readings of one document at the same time. Neither sees what the other finds, so the result is the one that they
//! would have one after the other: nothing here is shared but what both only read.

use std::panic::resume_unwind;
use std::thread;

/// What the shell's grammar may use: it follows what is nested.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Both results. `aside` is done on a thread of its own, or here where none is to be had.
pub fn beside<A: Send, B>(aside: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let begun = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, &aside);
        let here = here();
        let aside = match begun {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => aside(),
        };
        (aside, here)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_read_and_a_panic_of_either_is_everybodys() {
        let text = String::from("runbook");
        assert_eq!(beside(|| text.len(), || text.to_uppercase()), (7, "RUNBOOK".to_string()));
        let panics = std::panic::catch_unwind(|| beside(|| assert!(text.is_empty(), "aside"), || 1));
        assert_eq!(panics.expect_err("it is passed on").downcast_ref::<&str>(), Some(&"aside"));
    }
}
