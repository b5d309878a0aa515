//! What is still missing on a job, what it adds up to, and what its draft keeps.

use super::super::testkit::{NOW, ticket, user};
use super::*;
use domain::modules::attachments::Sha256Hex;
use domain::modules::tickets::{TicketKind, TicketState, price_list};

fn photo(role: AttachmentRole) -> Attachment {
    let sha256 = Sha256Hex("a".repeat(64));
    Attachment { sha256, mime: "image/jpeg".into(), size: 1, role, at: NOW }
}

fn job() -> Ticket {
    ticket("job", TicketState::InProgress { by: user("li"), since: NOW })
}

fn filled(ticket: &Ticket) -> CompleteForm {
    let mut form = CompleteForm::new(ticket);
    form.tick_all();
    form.cause = "阀芯老化".into();
    form.action = "更换阀芯".into();
    form
}

#[test]
fn an_empty_form_names_everything_that_is_missing_at_once() {
    let job = job();
    let form = CompleteForm::new(&job);
    let all = missing(&job, &form.command(job.id, Vec::new()), form.unsigned);
    assert_eq!(
        all,
        [
            Missing::Conduct(10),
            Missing::AfterPhoto,
            Missing::Cause,
            Missing::Action,
            Missing::Signature
        ]
    );
}

#[test]
fn nothing_is_missing_exactly_when_the_rules_accept_the_job() {
    let mut public = job();
    public.place.unit = None;
    public.contact = Default::default();
    let mut complaint = job();
    complaint.kind = TicketKind::Complaint;
    for ticket in [job(), public, complaint] {
        let mut forms = vec![CompleteForm::new(&ticket), filled(&ticket)];
        let mut excused = filled(&ticket);
        excused.excuse("knock", true);
        let anonymous = CompleteForm { signed_by: " ".into(), ..filled(&ticket) };
        forms.extend([excused, anonymous]);
        for form in forms {
            for reason in ["", "公共部位"] {
                let mut form = form.clone();
                form.unsigned_reason = reason.into();
                for roles in [
                    &[][..],
                    &[AttachmentRole::After][..],
                    &[AttachmentRole::After, AttachmentRole::Signature][..],
                ] {
                    let photos = roles.iter().map(|role| photo(*role)).collect();
                    let command = form.command(ticket.id, photos);
                    let all = missing(&ticket, &command, form.unsigned);
                    assert_eq!(all.is_empty(), command.check(&ticket).is_ok(), "{all:?}");
                }
            }
        }
    }
}

#[test]
fn a_signature_is_not_sent_when_nobody_is_said_to_have_signed() {
    let job = job();
    let mut form = filled(&job);
    form.unsigned = true;
    form.unsigned_reason = "业主不在家".into();
    let command = form.command(job.id, vec![photo(AttachmentRole::Signature)]);
    assert!(command.attachments.is_empty() && command.signed_by.is_empty());
}

#[test]
fn the_customer_sees_what_it_comes_to_as_it_is_counted() {
    let mut form = CompleteForm::default();
    let labour = &price_list()[0];
    form.add_line(labour.line("人工".into(), "小时".into(), 500));
    form.add_line(labour.line("人工".into(), "小时".into(), 500));
    assert_eq!((form.lines.len(), form.lines[0].quantity), (1, 1_000));
    assert_eq!(form.total(), Some(Fen(8_000)));
    assert_eq!(step(&form.lines[0], "小时"), 500);
    assert_eq!(stepped(500, 500, false), 500);
    assert_eq!(stepped(500, 500, true), 1_000);
}

#[test]
fn a_quantity_that_is_none_is_kept_as_typed_and_nothing_is_saved_until_it_is_mended() {
    let job = job();
    let mut form = filled(&job);
    form.unsigned = true;
    form.unsigned_reason = "业主不在家".into();
    for item in price_list().iter().take(3) {
        form.add_line(item.line(item.code.into(), "个".into(), 1_000));
    }
    let lacking = |form: &CompleteForm| form.lacking(&job, vec![photo(AttachmentRole::After)]);
    assert!(lacking(&form).is_empty());
    for typed in ["", "两个", "0", "-1", "1000.5"] {
        form.type_quantity(2, typed);
        assert_eq!(form.unread, [(2, typed.to_owned())]);
        assert_eq!((form.lines[2].quantity, form.total()), (1_000, None));
        assert_eq!(lacking(&form), [Missing::Quantity]);
    }
    // A line above it goes: it is still the same one that is wrong.
    form.remove_line(0);
    assert_eq!(form.unread, [(1, "1000.5".to_owned())]);
    form.unsigned_reason.clear();
    assert_eq!(lacking(&form), [Missing::Quantity, Missing::UnsignedReason]);
    form.type_quantity(1, "２．５");
    assert_eq!((form.lines[1].quantity, form.unread.len()), (2_500, 0));
    assert!(form.total().is_some());
    form.type_quantity(1, "x");
    form.remove_line(1);
    assert!(form.unread.is_empty());
}

#[test]
fn a_refused_completion_opens_as_it_was_filled_in() {
    let job = job();
    let mut form = filled(&job);
    form.add_line(price_list()[0].line("人工".into(), "小时".into(), 500));
    let signed = form.command(job.id, vec![photo(AttachmentRole::Signature)]);
    assert_eq!(CompleteForm::of(&signed), form);
    form.unsigned = true;
    form.unsigned_reason = "业主不在家".into();
    form.signed_by = String::new();
    assert_eq!(CompleteForm::of(&form.command(job.id, Vec::new())), form);
}

#[test]
fn points_stay_in_the_order_of_the_checklist() {
    let mut form = CompleteForm::default();
    form.tick("goodbye", true);
    form.tick("badge", true);
    form.tick("badge", true);
    assert_eq!(form.conduct, ["badge", "goodbye"]);
    form.tick("badge", false);
    assert_eq!(form.conduct, ["goodbye"]);
}

#[test]
fn a_point_is_done_or_does_not_apply_and_never_both() {
    let mut form = CompleteForm::default();
    form.excuse("shoe_covers", true);
    form.tick_all();
    assert_eq!((form.conduct.len(), form.not_applicable.len()), (9, 1));
    assert_eq!(form.answered(), CONDUCT.len());
    form.tick("shoe_covers", true);
    assert_eq!((form.conduct.len(), form.not_applicable.len()), (10, 0));
    form.excuse("shoe_covers", true);
    form.excuse("shoe_covers", false);
    assert_eq!((form.conduct.len(), form.not_applicable.len()), (9, 0));
}

#[test]
fn what_is_signed_for_changes_with_lines_quantity_cause_and_action_only() {
    let mut form = filled(&job());
    form.add_line(price_list()[0].line("人工".into(), "小时".into(), 500));
    let signed = form.signed_for();
    form.tick("badge", false);
    form.signed_by = "张三".into();
    form.cause.push(' ');
    assert_eq!(form.signed_for(), signed);
    let changes: [fn(&mut CompleteForm); 5] = [
        |form| form.lines.clear(),
        // No amount is shown meanwhile; the old number typed again is another look at it.
        |form| form.unread.push((0, "1,".into())),
        |form| form.lines[0].quantity = 1_000,
        |form| form.cause.push_str("、老化"),
        |form| form.action.clear(),
    ];
    for change in changes {
        let mut changed = form.clone();
        change(&mut changed);
        assert_ne!(changed.signed_for(), signed);
    }
}

#[test]
fn a_usual_cause_is_added_once_to_what_was_typed() {
    assert_eq!(with_cause("", "堵塞", "、"), "堵塞");
    assert_eq!(with_cause("油污", "堵塞", "、"), "油污、堵塞");
    assert_eq!(with_cause("油污、堵塞", "堵塞", "、"), "油污、堵塞");
}
