//! Tells the pages how sync stands.

use std::rc::Rc;

use super::driver::Driver;
use super::http;
use super::status::Standing;
use super::tabs::Hint;

/// Redraws what changed in the replica.
pub fn show(driver: &Driver) {
    let changed = driver.core.engine.replica.borrow_mut().kinds_changed();
    if !changed.is_empty() {
        driver.app.notify_kinds(&changed);
    }
}

/// Redraws the replica and takes over the counts of queue and blobs.
pub async fn publish(driver: &Rc<Driver>) {
    show(driver);
    // What is recorded while it is counted is in none of the counts: they would say that all is sent.
    let mut counts = None;
    for _ in 0..3 {
        let before = driver.recordings.get();
        counts = driver.core.engine.status(&driver.core.scopes()).await.ok();
        if !driver.is_current() {
            return;
        }
        if driver.recordings.get() == before {
            break;
        }
    }
    let Some(counts) = counts else { return };
    let app = driver.app;
    let mut next = app.status_now();
    next.waiting = counts.waiting;
    next.uploading = counts.uploading;
    next.attention = counts.attention;
    next.held = counts.held;
    next.unsecured = counts.unsecured;
    next.last_sync = counts.synced_at;
    next.first_sync = counts.synced_at.is_none();
    next.leader = driver.leader.get();
    next.clock_offset = http::clock_offset();
    // A tab that does not lead has asked nothing: of pauses it knows what the leader tells.
    if next.leader {
        next.paused = counts.paused;
        next.last_error = counts.last_error;
    }
    let standing = next.standing();
    app.set_status(next);
    if driver.leader.get()
        && driver.told.replace(Some(standing.clone())).as_ref() != Some(&standing)
    {
        tell(driver, standing);
    }
}

/// Answers a tab that has just opened.
pub fn answer(driver: &Driver) {
    if driver.leader.get() {
        tell(driver, driver.app.status_now().standing());
    }
}

/// Takes over what the leading tab says.
pub fn follow(driver: &Driver, standing: Standing) {
    if !driver.leader.get() && driver.is_current() {
        driver.app.set_status(driver.app.status_now().with(standing));
    }
}

fn tell(driver: &Driver, standing: Standing) {
    if let Some(tabs) = &driver.tabs {
        tabs.tell(&Hint::Stands(standing));
    }
}
