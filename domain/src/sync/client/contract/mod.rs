//! What every local store must do, as cases that run against any implementation: natively on the one
//! in memory, in a browser on IndexedDB.
//!
//! A case gets a fresh, empty store. `reopen` gives a second handle to the same data, as another tab
//! or the next start of the app has.

mod commands;
mod kit;
mod pages;

use super::store::{LocalStore, StoreError};
use commands::*;
use pages::*;

/// Makes stores for the cases.
#[allow(async_fn_in_trait)] // single-threaded on both sides: the browser, and the tests
pub trait Maker {
    type Store: LocalStore;
    /// A store with nothing in it, under a name not used before in this run.
    async fn fresh(&self, name: &str) -> Result<Self::Store, StoreError>;
    /// Another handle to the data of that name.
    async fn reopen(&self, name: &str) -> Result<Self::Store, StoreError>;
}

/// How one case came out.
#[derive(Clone, Debug)]
pub struct CaseResult {
    pub name: &'static str,
    pub error: Option<String>,
}

/// Runs every case, each on a store of its own.
pub async fn run_all<M: Maker>(make: &M) -> Vec<CaseResult> {
    let mut results = Vec::new();
    macro_rules! cases {
        ($($case:ident = $name:literal),+ $(,)?) => {$(
            let error = $case(make, stringify!($case)).await.err();
            results.push(CaseResult { name: $name, error });
        )+};
    }
    cases! {
        numbers_are_contiguous = "numbers are contiguous over tabs and transactions, per scope",
        entry_is_kept_byte_for_byte = "an entry is kept byte for byte",
        second_try_gets_first_number = "a second try at the same command gets its first number",
        photo_and_draft_go_with_command = "photos come and the draft goes with the command",
        answers_move_to_journal_and_attention = "answered commands go to journal and attention, once",
        stale_answers_are_not_kept = "answers from before a restore are not kept",
        dealt_with_is_not_raised_again = "what a person dealt with is not raised again",
        replay_puts_back_with_numbers = "a replayed journal is the old outbox with its photos",
        only_backed_up_is_forgotten = "only what is backed up with its photos is forgotten",
        answer_to_another_command_is_ignored = "an answer to another command is ignored",
        renewed_is_numbered_anew = "a store that goes on as a new device is numbered anew",
        refused_photo_is_kept = "a photo that is refused for good is kept with its reason",
        settled_becomes_final = "a held command becomes final",
        pages_in_order_only = "a page that does not continue is not kept",
        snapshot_fills_the_shadow = "a snapshot fills the shadow and is swapped in whole",
        doubled_last_page_does_not_empty_the_base = "the last page of a snapshot twice does not empty the base",
        compaction_changes_nothing_one_sees = "compaction changes nothing one sees",
        small_things_are_kept = "meta and drafts are kept",
    }
    results
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::sync::client::memory::{Disk, MemoryStore, NoFaults};

    #[derive(Default)]
    struct InMemory(RefCell<BTreeMap<String, Rc<RefCell<Disk>>>>);

    impl Maker for InMemory {
        type Store = MemoryStore;
        async fn fresh(&self, name: &str) -> Result<MemoryStore, StoreError> {
            self.0.borrow_mut().remove(name);
            self.reopen(name).await
        }
        async fn reopen(&self, name: &str) -> Result<MemoryStore, StoreError> {
            let disk = Rc::clone(self.0.borrow_mut().entry(name.to_owned()).or_default());
            Ok(MemoryStore::new(disk, Rc::new(NoFaults)))
        }
    }

    #[test]
    fn the_store_in_memory_keeps_the_contract() {
        let make = InMemory::default();
        let mut run = pin!(run_all(&make));
        let mut context = Context::from_waker(Waker::noop());
        let results = loop {
            if let Poll::Ready(results) = run.as_mut().poll(&mut context) {
                break results;
            }
        };
        let failed: Vec<_> = results.iter().filter(|case| case.error.is_some()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(results.len() >= 17);
    }
}
