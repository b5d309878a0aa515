//! The completion form: what it holds, what is still missing, what it adds up to.

use domain::Fen;
use domain::id::TicketId;
use domain::modules::attachments::{Attachment, AttachmentRole};
use domain::modules::tickets::{
    CONDUCT, CompleteTicket, LineKind, MAX_LINES, MAX_QUANTITY, PricedLine, Ticket, lines_total,
};
use domain::order;
use serde::{Deserialize, Serialize};

/// What has been filled in; kept as a draft. Photos and signature are kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompleteForm {
    pub conduct: Vec<String>,
    /// Points of the checklist that do not apply here.
    pub not_applicable: Vec<String>,
    pub cause: String,
    pub action: String,
    pub lines: Vec<PricedLine>,
    pub signed_by: String,
    /// Nobody signs; `unsigned_reason` says why.
    pub unsigned: bool,
    pub unsigned_reason: String,
}

impl CompleteForm {
    /// The form as it opens. In a public place there is nobody to sign.
    pub fn new(ticket: &Ticket) -> Self {
        let somebody = ticket.place.unit.is_some() || !ticket.contact.name.trim().is_empty();
        Self { signed_by: ticket.contact.name.clone(), unsigned: !somebody, ..Self::default() }
    }

    /// The form as it was filled in, to be changed and sent again.
    pub fn of(command: &CompleteTicket) -> Self {
        let signed = command.attachments.iter().any(|a| a.role == AttachmentRole::Signature);
        Self {
            conduct: command.conduct.clone(),
            not_applicable: command.not_applicable.clone(),
            cause: command.cause.clone(),
            action: command.action.clone(),
            lines: command.lines.clone(),
            signed_by: command.signed_by.clone(),
            unsigned: !signed,
            unsigned_reason: command.unsigned_reason.clone(),
        }
    }

    pub fn tick(&mut self, code: &str, ticked: bool) {
        self.not_applicable.retain(|known| known != code);
        choose(&mut self.conduct, code, ticked);
    }

    /// Says of a point that it has no room on this job, or takes that back.
    pub fn excuse(&mut self, code: &str, excused: bool) {
        self.conduct.retain(|known| known != code);
        choose(&mut self.not_applicable, code, excused);
    }

    /// Points that have an answer.
    pub fn answered(&self) -> usize {
        self.conduct.len() + self.not_applicable.len()
    }

    /// Ticks what has no answer yet: what does not apply stays so.
    pub fn tick_all(&mut self) {
        let excused = |code: &&str| self.not_applicable.iter().any(|known| known == code);
        let rest = CONDUCT.iter().filter(|code| !excused(code));
        self.conduct = rest.map(|code| (*code).to_owned()).collect();
    }

    /// What a customer signs for: the work and what it comes to.
    pub fn signed_for(&self) -> (String, String, Vec<PricedLine>) {
        (self.cause.trim().to_owned(), self.action.trim().to_owned(), self.lines.clone())
    }

    /// Adds a line; the same item again counts up.
    pub fn add_line(&mut self, line: PricedLine) {
        let same = |known: &&mut PricedLine| {
            (known.what, &known.name, &known.unit, known.price)
                == (line.what, &line.name, &line.unit, line.price)
        };
        if let Some(known) = self.lines.iter_mut().find(same) {
            known.quantity = known.quantity.saturating_add(line.quantity).min(MAX_QUANTITY);
        } else if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        }
    }

    /// What is sent. A signature is left out when the form says that nobody signed.
    pub fn command(&self, ticket: TicketId, attachments: Vec<Attachment>) -> CompleteTicket {
        let keeps = |a: &Attachment| !(self.unsigned && a.role == AttachmentRole::Signature);
        let text = |text: &String, wanted: bool| if wanted { text.clone() } else { String::new() };
        CompleteTicket {
            ticket,
            conduct: self.conduct.clone(),
            not_applicable: self.not_applicable.clone(),
            cause: self.cause.clone(),
            action: self.action.clone(),
            lines: self.lines.clone(),
            attachments: attachments.into_iter().filter(keeps).collect(),
            signed_by: text(&self.signed_by, !self.unsigned),
            unsigned_reason: text(&self.unsigned_reason, self.unsigned),
        }
    }
}

/// In the order of the checklist, whatever the order of ticking.
fn choose(list: &mut Vec<String>, code: &str, chosen: bool) {
    list.retain(|known| known != code);
    if chosen {
        list.push(code.to_owned());
    }
    order::sort_by_key(list, |code| CONDUCT.iter().position(|known| known == code));
}

/// Something without which the job cannot be finished, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// So many points of the checklist.
    Conduct(usize),
    AfterPhoto,
    Cause,
    Action,
    Amount,
    Signature,
    /// Signed, but not said by whom.
    Signer,
    UnsignedReason,
}

impl Missing {
    /// Part of the page, by its element's id.
    pub fn part(self) -> &'static str {
        match self {
            Missing::Conduct(_) => "conduct",
            Missing::AfterPhoto => "pictures",
            Missing::Cause | Missing::Action => "work",
            Missing::Amount => "lines",
            Missing::Signature | Missing::Signer | Missing::UnsignedReason => "sign",
        }
    }
}

/// Everything that is missing at once, where `CompleteTicket::check` names the first.
pub fn missing(ticket: &Ticket, command: &CompleteTicket, unsigned: bool) -> Vec<Missing> {
    let mut all = Vec::new();
    let shows = |role| command.attachments.iter().any(|attachment| attachment.role == role);
    let answered = |code: &&&str| {
        command.conduct.iter().chain(&command.not_applicable).any(|known| known == **code)
    };
    let unticked = CONDUCT.iter().filter(|code| !answered(code)).count();
    if ticket.needs_conduct() && unticked > 0 {
        all.push(Missing::Conduct(unticked));
    }
    if ticket.needs_after_photo() && !shows(AttachmentRole::After) {
        all.push(Missing::AfterPhoto);
    }
    if ticket.kind.is_technical() && command.cause.trim().is_empty() {
        all.push(Missing::Cause);
    }
    if command.action.trim().is_empty() {
        all.push(Missing::Action);
    }
    if lines_total(&command.lines).is_err() {
        all.push(Missing::Amount);
    }
    if shows(AttachmentRole::Signature) {
        if command.signed_by.trim().is_empty() {
            all.push(Missing::Signer);
        }
    } else if command.unsigned_reason.trim().is_empty() {
        all.push(if unsigned { Missing::UnsignedReason } else { Missing::Signature });
    }
    all
}

/// What the lines come to; nothing when an amount cannot be meant.
pub fn total(lines: &[PricedLine]) -> Option<Fen> {
    lines_total(lines).ok()
}

/// How much one press of + adds: half an hour of labour, one of everything else.
pub fn step(line: &PricedLine, hour: &str) -> i64 {
    if line.what == LineKind::Labour && line.unit == hour { 500 } else { 1_000 }
}

/// One press of + or −, never to nothing: a line is taken out on purpose.
pub fn stepped(quantity: i64, step: i64, up: bool) -> i64 {
    let next = if up { quantity.saturating_add(step) } else { quantity.saturating_sub(step) };
    if next < 1 { quantity } else { next.min(MAX_QUANTITY) }
}

/// Causes that are met again and again, by category; each is a key `cause_<code>`.
pub fn causes(category: &str) -> &'static [&'static str] {
    match category {
        "leak" => &["worn_valve", "loose_joint", "burst_pipe", "aged_seal", "waterproofing"],
        "water_supply" => &["worn_valve", "loose_joint", "burst_pipe", "blocked"],
        "drainage" => &["blocked", "burst_pipe", "loose_joint"],
        "electricity" => &["short_circuit", "overload", "bad_contact", "aged_part"],
        "lighting" => &["failed_lamp", "bad_contact", "sensor_fault"],
        "lift" | "fire" => &["worn_part", "sensor_fault", "bad_contact", "misuse"],
        "access_control" => &["sensor_fault", "bad_contact", "worn_part"],
        "door_window" => &["loose_hinge", "broken_lock", "worn_part", "aged_seal"],
        "wall_floor" => &["crack", "waterproofing", "aged_part"],
        "play_equipment" => &["loose_screws", "worn_part", "misuse"],
        "other_repair" => &["worn_part", "aged_part", "misuse"],
        "cleaning" | "greening" => &["work_missed", "after_weather"],
        "noise" | "parking" => &["neighbours", "rule_unknown"],
        _ => &["not_informed", "work_missed", "misunderstanding"],
    }
}

/// Adds a usual cause to what is written, once.
pub fn with_cause(written: &str, cause: &str, separator: &str) -> String {
    let written = written.trim();
    if written.is_empty() {
        cause.to_owned()
    } else if written.contains(cause) {
        written.to_owned()
    } else {
        format!("{written}{separator}{cause}")
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(total(&form.lines), Some(Fen(8_000)));
        assert_eq!(step(&form.lines[0], "小时"), 500);
        assert_eq!(stepped(500, 500, false), 500);
        assert_eq!(stepped(500, 500, true), 1_000);
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
        let changes: [fn(&mut CompleteForm); 4] = [
            |form| form.lines.clear(),
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
}
