//! A phone whose storage was copied, or cleared under its page: it goes on as a new device, with everything
//! that was recorded, once.

use super::*;

impl Phone {
    /// The same phone once more, from a copy of its storage.
    pub(super) fn copied(&self) -> Phone {
        let disk = Rc::new(RefCell::new(self.engine.store.disk().clone()));
        let store = MemoryStore::new(disk, Rc::new(memory::NoFaults));
        Phone::on(store, &self.server, self.engine.transport.device, &self.engine.transport.me)
    }

    /// Goes on as a new device that the server has registered.
    fn renewed(self, name: &str) -> Phone {
        let device = DeviceId::derived(&[name]);
        assert!(run(self.engine.renew(device)).unwrap());
        let me = &self.engine.transport.me;
        self.server.borrow_mut().register(me.user, me.user, device).unwrap();
        Phone::on(self.engine.store.clone(), &self.server, device, me)
    }
}

#[test]
fn a_copied_phone_goes_on_as_a_new_device_and_nothing_is_applied_twice() {
    let first = phone();
    first.visit("both have it", "想换灯", vec![]).unwrap();
    let copy = first.copied();
    first.visit("only here", "想换锁", vec![]).unwrap();
    first.sync();
    copy.visit("only there", "想换门", vec![picture(1, 60)]).unwrap();
    let taken = run(copy.engine.push_once(here(), NOW)).err();
    assert_eq!(taken, Some(SyncError::Paused(Paused::NumberReused)));
    assert_eq!(copy.status().waiting, 2, "nothing of it was taken");
    let copy = copy.renewed("copy");
    copy.sync();
    assert_eq!(run(copy.engine.upload_once(&scopes())), Ok(Uploaded::Confirmed));
    first.sync();
    for name in ["both have it", "only here", "only there"] {
        assert_eq!(copy.logged(name), [OutcomeKind::Applied], "{name}");
        for phone in [&first, &copy] {
            assert_eq!(phone.shows(VisitId::derived(&[name])), 1, "{name}");
            let status = phone.status();
            assert_eq!((status.waiting, status.attention, status.paused), (0, 0, None), "{name}");
        }
    }
    let server = copy.server.borrow();
    let log = &server.db.scopes[&here()].log;
    assert_eq!(log.iter().filter(|row| row.kind == REPEATED).count(), 1);
    let device = copy.engine.transport.device;
    let numbers: Vec<u64> = log.iter().filter(|row| row.device == device).map(|r| r.n).collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_tab_of_the_old_device_sends_nothing_more_once_another_has_renewed_it() {
    let first = phone();
    first.visit("a", "想换灯", vec![]).unwrap();
    let copy = first.copied();
    first.visit("b", "想换锁", vec![]).unwrap();
    first.sync();
    copy.visit("c", "想换门", vec![]).unwrap();
    let (store, device) = (copy.engine.store.clone(), copy.engine.transport.device);
    let old_tab = Phone::on(store, &copy.server, device, &copy.engine.transport.me);
    let copy = copy.renewed("copy");
    let sent = run(old_tab.engine.push_once(here(), NOW)).err();
    assert_eq!(sent, Some(SyncError::Paused(Paused::OtherUser)));
    assert!(!run(old_tab.engine.renew(DeviceId::derived(&["third"]))).unwrap());
    copy.sync();
    assert_eq!(copy.status().waiting, 0);
}

#[test]
fn what_was_held_under_the_old_device_becomes_final_under_the_new_one() {
    let first = phone();
    let late = VisitId::derived(&["late"]);
    first.do_command("answer", AnswerVisit { visit: late, text: "下周".into() }.into());
    first.sync();
    assert_eq!(first.status().held, 1);
    let copy = first.copied();
    first.visit("b", "想换锁", vec![]).unwrap();
    first.sync();
    copy.visit("c", "想换门", vec![]).unwrap();
    let copy = copy.renewed("copy");
    copy.sync();
    assert_eq!((copy.status().held, copy.status().waiting), (1, 0));
    // A visit that nobody promised anything at: the answer is then refused, for good.
    let before = copy.status().attention;
    first.visit("late", "想换灯", vec![]).unwrap();
    first.sync();
    copy.sync();
    assert_eq!((copy.status().held, copy.status().attention), (0, before + 1));
    // And whoever asks only now is told how it ended.
    let third = copy.copied().renewed("third");
    third.sync();
    assert_eq!((third.status().held, third.status().waiting), (0, 0));
}

#[test]
fn a_number_under_which_a_command_came_again_is_answered_with_the_same_bytes() {
    let first = phone();
    first.visit("a", "想换灯", vec![]).unwrap();
    let copy = first.copied();
    first.sync();
    let copy = copy.renewed("copy");
    let again = copy.copied();
    copy.sync();
    let head = copy.server.borrow().db.scopes[&here()].head;
    again.sync();
    let answer = |phone: &Phone| run(phone.engine.store.queue(here())).unwrap().journal;
    assert_eq!(answer(&copy), answer(&again));
    assert_eq!(copy.server.borrow().db.scopes[&here()].head, head, "and the log has not grown");
}

#[test]
fn a_store_that_was_cleared_under_the_page_is_filled_again_from_what_the_page_shows() {
    let phone = phone();
    let visit = phone.visit("a", "想换灯", vec![]).unwrap();
    let sum = phone.engine.replica.borrow().checksum(here());
    phone.engine.store.tamper(|disk| *disk = memory::Disk::default());
    assert!(run(phone.engine.was_cleared()).unwrap());
    let (pages, unanswered) = {
        let replica = phone.engine.replica.borrow();
        (scopes().map(|scope| replica.whole(scope).unwrap()), replica.unanswered())
    };
    for page in pages {
        assert!(run(phone.engine.store.keep_page(page)).unwrap());
    }
    run(phone.engine.store.record(unanswered, vec![])).unwrap();
    let device = DeviceId::derived(&["after it"]);
    let me = &phone.engine.transport.me;
    phone.server.borrow_mut().register(me.user, me.user, device).unwrap();
    let again = Phone::on(phone.engine.store.clone(), &phone.server, device, me);
    assert_eq!(again.engine.replica.borrow().checksum(here()), sum);
    assert_eq!(again.shows(visit), 1);
    again.sync();
    assert_eq!(again.logged("a"), [OutcomeKind::Applied]);
    assert_eq!(again.shows(visit), 1);
}

#[test]
fn a_command_of_a_newer_build_outlives_a_cleared_store_byte_for_byte() {
    let phone = phone();
    let newer = NewCommand {
        scope: here(),
        op: OpId::derived(&["newer"]),
        kind: "parking.reserve".into(),
        payload: r#"{ "space": "B2-17",  "until": null }"#.into(),
        at_device: NOW,
        offset: Some(-1_500),
        blobs: Vec::new(),
        draft: None,
    };
    run(phone.engine.store.record(vec![newer.clone()], vec![])).unwrap();
    run(phone.engine.refresh(here())).unwrap();
    assert_eq!(phone.engine.replica.borrow().unanswered(), [newer]);
}
