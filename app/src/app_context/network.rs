//! Whether there is a network, as far as this page has seen, and since when there is none.

use domain::Ms;
use domain::sync::client::SyncError;
use leptos::prelude::*;

use super::App;
use super::session::OFFSET;
use crate::device::page;
use crate::sync::http;

/// Since when the server has not been reached; a reload does not begin it anew.
const OFFLINE_SINCE: &str = "guanjia.offline_since";

/// Since when there is no contact: as kept from before a reload, else from now.
fn offline_since(kept: Option<Ms>, now: Ms) -> Ms {
    // A clock that was set back does not put it into the future.
    kept.map_or(now, |since| since.min(now))
}

impl App {
    /// As last seen, untracked; `status()` is the signal.
    pub fn is_online(self) -> bool {
        self.status_now().online
    }

    pub(crate) fn status_now(self) -> crate::sync::SyncStatus {
        self.status.try_get_untracked().unwrap_or_default()
    }

    pub(crate) fn set_status(self, next: crate::sync::SyncStatus) {
        let before = self.status_now();
        if before != next {
            let queue_moved = (before.waiting, before.uploading, before.attention, before.held)
                != (next.waiting, next.uploading, next.attention, next.held);
            self.status.try_set(next);
            if queue_moved {
                self.notify_queue();
            }
        }
    }

    pub(crate) fn set_online(self, online: bool) {
        let mut next = self.status_now();
        next.online = online;
        if online {
            next.offline_since = None;
        } else if next.offline_since.is_none() {
            let kept = page::stored(OFFLINE_SINCE);
            let since = offline_since(kept, super::corrected_now());
            if kept != Some(since) {
                page::keep(OFFLINE_SINCE, &since);
            }
            next.offline_since = Some(since);
        }
        self.set_status(next);
    }

    /// A request came back, or did not.
    pub(crate) fn saw_network(self, result: &Result<(), SyncError>) {
        use domain::sync::client::TransportError::{Offline, Timeout};
        match result {
            Err(SyncError::Transport(Offline | Timeout)) => self.set_online(false),
            Err(SyncError::Store(_)) => {}
            _ => {
                page::forget(OFFLINE_SINCE);
                self.set_online(true);
                if let Some(offset) = http::clock_offset() {
                    page::keep(OFFSET, &offset);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_does_not_begin_the_time_without_a_network_anew() {
        assert_eq!(offline_since(Some(Ms(5)), Ms(90)), Ms(5));
        assert_eq!(offline_since(None, Ms(90)), Ms(90));
        assert_eq!(offline_since(Some(Ms(100)), Ms(90)), Ms(90));
    }
}
