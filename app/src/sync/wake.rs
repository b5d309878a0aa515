//! Waking a loop that sleeps.

use std::cell::{Cell, RefCell};
use std::task::{Poll, Waker};

use crate::device::page;

/// Rung by events, waited for by one loop. A ring while nobody waits is not lost.
#[derive(Default)]
pub struct Wake {
    rung: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Wake {
    pub fn ring(&self) {
        self.rung.set(true);
        // Taken out first: waking may run what rings again.
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits for a ring, but no longer than so many milliseconds. `true` when it rang.
    pub async fn wait(&self, milliseconds: u64) -> bool {
        let rung = std::future::poll_fn(|context| {
            if self.rung.replace(false) {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        });
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        page::within(milliseconds, rung).await.is_some()
    }
}
