//! Tests of the outbox's words.

use std::collections::HashMap;

use super::*;
use domain::Ms;
use domain::id::{BuildingId, FeeCallId, ProjectId, VisitId};
use domain::modules::Record;
use domain::modules::attachments::Sha256Hex;
use domain::modules::fees::{CallOutcome, RecordFeeCall, UnpaidReason};
use domain::modules::households::UnitStatus;
use domain::modules::tickets::AcceptTicket;
use domain::modules::visits::{RecordVisit, Topic, VisitResult, VisitWay};
use domain::sync::record::{RecordKey, Scope, SyncedRecord};

#[derive(Default)]
struct Phone(HashMap<RecordKey, Record>);

impl World for Phone {
    fn record(&self, key: RecordKey) -> Option<&Record> {
        self.0.get(&key)
    }
}

fn phone() -> Phone {
    let home = Household {
        id: UnitId::derived(&["3-2-1501"]),
        project: ProjectId::derived(&["p"]),
        cluster: ClusterId::derived(&["A"]),
        building: BuildingId::derived(&["3"]),
        label: "3-2-1501".into(),
        floor: 15,
        area_centi: 10_125,
        status: UnitStatus::OwnerOccupied,
        handed_over: None,
        contacts: Vec::new(),
        key_customer: false,
        caution: String::new(),
        changed_at: Ms(0),
    };
    Phone(HashMap::from([(home.key(), home.into_record())]))
}

fn item(command: Command) -> OutboxItem {
    OutboxItem {
        op: OpId::derived(&["op"]),
        scope: Scope::Company,
        n: 1,
        kind: command.kind().into(),
        command: Some(command),
        at: Ms(0),
        state: OutboxState::Waiting,
        reason: None,
        blobs: Vec::new(),
    }
}

fn call() -> Command {
    RecordFeeCall {
        call: FeeCallId::derived(&["c"]),
        unit: UnitId::derived(&["3-2-1501"]),
        dialled: String::new(),
        outcome: CallOutcome::Connected,
        reason: Some(UnpaidReason::NoTime),
        promised: None,
        note: "周末回来".into(),
        ticket: None,
    }
    .into()
}

fn visit() -> Command {
    RecordVisit {
        visit: VisitId::derived(&["v"]),
        cluster: ClusterId::derived(&["A"]),
        unit: None,
        place: "东大堂".into(),
        way: VisitWay::OnTheWay,
        met: "李阿姨".into(),
        topics: vec![Topic::Praise],
        note: String::new(),
        result: VisitResult::Nothing,
        attachments: Vec::new(),
    }
    .into()
}

#[test]
fn an_item_says_what_was_done_and_to_whom() {
    assert_eq!(title(&item(call()), &phone()), "催缴电话 3-2-1501");
    assert_eq!(title(&item(visit()), &phone()), "拜访记录 东大堂 李阿姨");
}

#[test]
fn a_ticket_that_never_arrived_is_named_by_its_short_code() {
    let id = TicketId::derived(&["t"]);
    let words = title(&item(AcceptTicket { ticket: id }.into()), &phone());
    assert_eq!(words, format!("接单 #~{}", Ticket::short_code(id)));
}

#[test]
fn what_a_newer_build_recorded_is_still_listed() {
    let unknown = OutboxItem { command: None, kind: "gate.release".into(), ..item(visit()) };
    assert_eq!(title(&unknown, &phone()), "其他操作");
}

#[test]
fn every_command_of_this_build_has_its_verb() {
    for kind in Command::KINDS {
        assert_ne!(verb(kind), tr::sync::kind_unknown(), "{kind}");
    }
}

#[test]
fn what_was_recorded_is_told_in_words_and_without_ids() {
    let lines = recorded(&call());
    let values: Vec<_> = lines.iter().map(|(_, value)| value.as_str()).collect();
    assert!(values.contains(&"接通") && values.contains(&"没时间"), "{values:?}");
    assert!(values.contains(&"周末回来"), "{values:?}");
    assert!(values.iter().all(|value| !value.contains("-4") || value.len() < 36), "{values:?}");
    let lines = recorded(&visit());
    let values: Vec<_> = lines.iter().map(|(_, value)| value.as_str()).collect();
    assert!(values.contains(&"路遇") && values.contains(&"表扬"), "{values:?}");
}

#[test]
fn photos_are_counted_as_they_arrive() {
    let blob = |arrived| OutboxBlob {
        sha256: Sha256Hex("0".repeat(64)),
        mime: "image/jpeg".into(),
        size: 1,
        sent: 0,
        arrived,
        refused: false,
    };
    assert_eq!(photos(&[blob(true), blob(false), blob(true)]), Some((2, 3)));
    assert_eq!(photos(&[]), None);
}

#[test]
fn nothing_is_called_uploading_while_there_is_no_network() {
    let offline = SyncStatus { waiting: 1, uploading: 2, busy: true, ..SyncStatus::default() };
    let online = SyncStatus { online: true, ..offline.clone() };
    assert_eq!(state_words(OutboxState::Uploading, &online), "已提交，照片上传中");
    assert_eq!(state_words(OutboxState::Uploading, &offline), "已提交，照片等待上传");
    assert_eq!(state_words(OutboxState::Waiting, &online), "发送中");
    assert_eq!(state_words(OutboxState::Waiting, &offline), "等待上传");
    assert_eq!(unsent_parts(&online).as_deref(), Some("1 项记录 · 2 个附件上传中"));
    assert_eq!(unsent_parts(&offline).as_deref(), Some("1 项记录 · 2 个附件等待上传"));
    assert_eq!(unsent_parts(&SyncStatus { uploading: 0, ..online }), None);
}

#[test]
fn a_refused_visit_opens_in_its_form_and_a_ticket_move_at_its_ticket() {
    let op = OpId::derived(&["op"]);
    assert!(fix_href(&visit(), op).is_some_and(|href| href.starts_with("/visits/new?fix=")));
    let complete: Command = domain::modules::tickets::CompleteTicket {
        ticket: TicketId::derived(&["t"]),
        conduct: Vec::new(),
        not_applicable: Vec::new(),
        cause: String::new(),
        action: "换阀".into(),
        lines: Vec::new(),
        attachments: Vec::new(),
        signed_by: String::new(),
        unsigned_reason: String::new(),
    }
    .into();
    let href = fix_href(&complete, op).unwrap_or_default();
    assert!(href.contains("/complete?fix="), "{href}");
    let accept: Command = AcceptTicket { ticket: TicketId::derived(&["t"]) }.into();
    assert_eq!(fix_href(&accept, op), None);
    assert!(record_href(&accept).is_some_and(|href| href.starts_with("/tickets/")));
}
