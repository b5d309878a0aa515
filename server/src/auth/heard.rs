//! When each device was last in step, what it still keeps, and how wrong its clock is.
//!
//! `last_sync` means: whatever was recorded on the device before that moment has arrived. The office
//! takes silence for idleness only with this (`views::due`), so it moves only when the device itself
//! says that nothing waits in its outboxes: with a pull that left nothing to fetch, or a push behind
//! which nothing waits. The moment is that of the request's arrival; what is recorded between the
//! phone's count and then is as old as the way here takes, and comes with the next push.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Ms;
use domain::id::DeviceId;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::db::{Db, sql};

/// A device is noted no more often than this unless what it says of its outbox changes: every phone
/// pulls after every change of the scope, and none of that is worth a write each.
const AGAIN_AFTER: i64 = 15_000;

/// What a device said of itself with a request.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    pub at: Ms,
    /// Commands that it has not sent yet; absent when the program does not say.
    pub waiting: Option<u64>,
    /// Server time minus device time in ms.
    pub offset: Option<i64>,
}

/// When a device was last noted, and whether its outbox was empty then.
type Noted = (Ms, Option<bool>);

/// What was last noted of each device.
#[derive(Clone, Debug, Default)]
pub struct Listener(Arc<Mutex<HashMap<DeviceId, Noted>>>);

impl Listener {
    /// Whether this is worth a write now.
    fn is_news(&self, device: DeviceId, heard: &Heard) -> bool {
        let empty = heard.waiting.map(|waiting| waiting == 0);
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = noted.get(&device).is_some_and(|(at, was_empty)| {
            (0..AGAIN_AFTER).contains(&heard.at.since(*at))
                && (empty.is_none() || *was_empty == empty)
        });
        if !known {
            noted.insert(device, (heard.at, empty));
        }
        !known
    }

    fn forget(&self, device: DeviceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&device);
    }

    /// Notes it. Nothing that a request asked for depends on it, so none fails over it.
    pub async fn note(&self, db: &Db, device: DeviceId, heard: Heard) {
        if !self.is_news(device, &heard) {
            return;
        }
        let synced = (heard.waiting == Some(0)).then_some(heard.at.0);
        let waiting = heard.waiting.map(|waiting| i64::try_from(waiting).unwrap_or(i64::MAX));
        let noted = sql("UPDATE devices SET last_sync = COALESCE($2, last_sync), \
             outbox_waiting = COALESCE($3, outbox_waiting), \
             clock_offset = COALESCE($4, clock_offset) WHERE id = $1")
        .bind(device.to_string())
        .bind(synced)
        .bind(waiting)
        .bind(heard.offset)
        .execute(db.writers())
        .await;
        if let Err(error) = noted {
            self.forget(device);
            tracing::warn!(%error, "the sync of a device was not noted");
        }
    }
}

/// The clock offset that the newest command of a push was recorded with.
pub fn offset_of(commands: &[Box<RawValue>]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Measured {
        offset: Option<i64>,
    }
    let newest = commands.last()?;
    serde_json::from_str::<Measured>(newest.get()).ok()?.offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_noted_again_after_a_while_or_when_its_outbox_changed() {
        let (listener, device) = (Listener::default(), DeviceId::derived(&["phone"]));
        let news = |at: i64, waiting| {
            let heard = Heard { at: Ms(at * 1_000), waiting, offset: None };
            listener.is_news(device, &heard)
        };
        assert!(news(100, Some(2)));
        assert!(!news(101, Some(3)));
        assert!(news(102, Some(0)), "what waited has arrived");
        assert!(!news(103, Some(0)));
        assert!(!news(104, None));
        assert!(news(117, Some(0)));
    }
}
