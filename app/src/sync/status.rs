//! What the sync badge and the outbox page show.

use domain::Ms;
use domain::sync::client::Paused;
use serde::{Deserialize, Serialize};

/// Where sync stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStatus {
    pub online: bool,
    /// By the server's clock, when it was last measured.
    pub offline_since: Option<Ms>,
    /// Commands the server has not answered.
    pub waiting: usize,
    /// Photos and other attachments whose bytes have not all arrived.
    pub uploading: usize,
    /// Refused or in conflict: somebody has to look.
    pub attention: usize,
    /// Answered, waiting for a record of another device or for a newer server.
    pub held: usize,
    /// Why nothing is sent although there is a connection. Recording goes on.
    pub paused: Option<Paused>,
    /// Stable code of what last went wrong; none after a success.
    pub last_error: Option<String>,
    /// Answered, not yet safe from the loss of the server's disk.
    pub unsecured: usize,
    pub last_sync: Option<Ms>,
    /// Server time minus device time, as last measured.
    pub clock_offset: Option<i64>,
    /// The first snapshot is still on its way: lists are not complete.
    pub first_sync: bool,
    /// A request is under way.
    pub busy: bool,
    /// This tab is the one that syncs.
    pub leader: bool,
    /// The browser cleared what was kept here; so many commands were stored again.
    pub cleared: Option<usize>,
}

/// What only the tab that syncs finds out, and tells the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub online: bool,
    pub offline_since: Option<Ms>,
    pub paused: Option<Paused>,
    pub last_error: Option<String>,
}

/// The one word of the badge, most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badge {
    Paused,
    Attention(usize),
    Offline(Option<Ms>),
    Waiting(usize),
    /// The first snapshot is still on its way.
    Loading,
    Synced,
}

/// A clock further off than this is worth a word.
const CLOCK_TOLERANCE: i64 = 5 * domain::time::MINUTE;

impl SyncStatus {
    pub fn badge(&self) -> Badge {
        let unsent = self.unsent();
        if self.paused.is_some() {
            Badge::Paused
        } else if self.attention > 0 {
            Badge::Attention(self.attention)
        } else if !self.online {
            Badge::Offline(self.offline_since)
        } else if unsent > 0 {
            Badge::Waiting(unsent)
        } else if self.first_sync {
            Badge::Loading
        } else {
            Badge::Synced
        }
    }

    pub fn standing(&self) -> Standing {
        Standing {
            online: self.online,
            offline_since: self.offline_since,
            paused: self.paused,
            last_error: self.last_error.clone(),
        }
    }

    /// Takes over what the tab that syncs has found out.
    pub fn with(mut self, standing: Standing) -> Self {
        self.online = standing.online;
        self.offline_since = standing.offline_since;
        self.paused = standing.paused;
        self.last_error = standing.last_error;
        self
    }

    /// Something would be lost if this device's data were cleared now.
    pub fn has_unsent(&self) -> bool {
        self.unsent() > 0
    }

    /// Records and attachments that are only here: the one number that is called unsent, wherever it is
    /// shown.
    pub fn unsent(&self) -> usize {
        self.waiting + self.uploading
    }

    /// What is unsent is on its way, as far as is known; else it waits.
    pub fn may_send(&self) -> bool {
        self.online && self.paused.is_none()
    }

    pub fn clock_is_off(&self) -> bool {
        self.clock_offset.is_some_and(|offset| offset.abs() > CLOCK_TOLERANCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_badge_never_says_synced_while_a_photo_is_on_its_way() {
        let status = SyncStatus { online: true, uploading: 2, ..SyncStatus::default() };
        assert_eq!(status.badge(), Badge::Waiting(2));
        assert!(status.has_unsent());
    }

    #[test]
    fn the_badge_never_says_synced_before_everything_was_there_once() {
        let status = SyncStatus { online: true, first_sync: true, ..SyncStatus::default() };
        assert_eq!(status.badge(), Badge::Loading);
    }

    #[test]
    fn photos_count_with_the_records_and_wait_where_there_is_no_network() {
        let offline = SyncStatus { waiting: 2, uploading: 3, ..SyncStatus::default() };
        assert_eq!(offline.unsent(), 5);
        assert!(!offline.may_send());
        let online = SyncStatus { online: true, ..offline };
        assert!(online.may_send());
        assert_eq!(online.badge(), Badge::Waiting(online.unsent()));
        assert!(!SyncStatus { paused: Some(Paused::SignIn), ..online }.may_send());
    }

    #[test]
    fn what_needs_a_person_is_shown_before_the_missing_network() {
        let status = SyncStatus { attention: 1, waiting: 3, ..SyncStatus::default() };
        assert_eq!(status.badge(), Badge::Attention(1));
        let signed_out = SyncStatus { paused: Some(Paused::SignIn), ..status };
        assert_eq!(signed_out.badge(), Badge::Paused);
    }
}
