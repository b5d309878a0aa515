//! A base that is not what the server says: found out, fetched anew, told, and nothing recorded is
//! touched by it.

use super::*;
use crate::sync::checksum::CHECK_EVERY;

fn checksum_key() -> String {
    format!("checksum/{}", here())
}

impl Phone {
    fn pulls(&self, now: Ms) -> Pulled {
        run(self.engine.pull_once(here(), now)).unwrap()
    }

    fn pulls_all(&self, now: Ms) {
        while self.pulls(now).more {}
    }

    /// What the disk does that loses a row, or keeps one that is gone.
    fn lose_a_row(&self) {
        self.engine.store.tamper(|disk| {
            let scope = disk.scopes.get_mut(&here()).unwrap();
            let rows = scope.segments.iter_mut().map(|segment| &mut segment.0);
            let row = rows.chain([&mut scope.delta]).find_map(Vec::pop);
            assert!(row.is_some());
        });
    }

    fn rows_kept(&self) -> usize {
        self.engine.store.disk().scopes[&here()].base().len()
    }

    fn repairs(&self) -> usize {
        self.server.borrow().repairs.get()
    }
}

#[test]
fn a_base_that_lost_a_row_is_fetched_anew_within_a_day_and_the_outbox_stays() {
    let phone = phone();
    let whole = phone.rows_kept();
    let visit = phone.visit("waits", "想换灯", vec![]).unwrap();
    phone.lose_a_row();
    phone.pulls_all(NOW);
    assert_eq!(phone.rows_kept(), whole - 1, "it is not looked at with every pull");
    let next_day = NOW.plus(CHECK_EVERY);
    phone.pulls_all(next_day);
    assert_eq!((phone.rows_kept(), phone.repairs()), (whole, 1));
    assert!(phone.shows(visit) == 1, "still shown");
    let queue = run(phone.engine.store.queue(here())).unwrap();
    assert_eq!(queue.outbox.len(), 1, "and still to be sent");
    phone.pulls_all(next_day.plus(CHECK_EVERY));
    assert_eq!(phone.repairs(), 1, "all is well again");
}

#[test]
fn a_base_that_agrees_is_left_as_it_is() {
    let phone = phone();
    for day in 0..5 {
        phone.pulls_all(NOW.plus(day * CHECK_EVERY));
    }
    assert_eq!(phone.repairs(), 0);
}

#[test]
fn a_snapshot_that_does_not_agree_either_is_not_fetched_without_end() {
    let phone = phone();
    // A mistake of the server's: no snapshot mends that.
    phone.engine.transport.wrong_sums.set(true);
    let days = [1, 2].map(|day| NOW.plus(day * CHECK_EVERY));
    for now in days {
        let pulls = (0..100).take_while(|_| phone.pulls(now).more).count();
        assert!(pulls < 99, "it goes on and on");
    }
    assert_eq!(phone.repairs(), 2, "once a day");
}

#[test]
fn a_clock_that_went_back_years_does_not_put_off_the_comparison() {
    let phone = phone();
    phone.lose_a_row();
    phone.pulls_all(NOW.plus(-3_650 * CHECK_EVERY));
    assert_eq!(phone.repairs(), 1);
}

#[test]
fn a_mismatch_that_was_found_before_the_tab_died_is_mended_after_the_next_start() {
    let phone = phone();
    phone.lose_a_row();
    run(phone.engine.store.put_meta(&checksum_key(), "differs")).unwrap();
    let phone = phone.copied();
    let whole = phone.rows_kept() + 1;
    phone.pulls_all(NOW);
    assert_eq!((phone.rows_kept(), phone.repairs()), (whole, 1));
}
