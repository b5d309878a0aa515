//! The completion form: what it holds, what is still missing, what it adds up to.

use domain::Fen;
use domain::id::TicketId;
use domain::modules::attachments::{Attachment, AttachmentRole};
use domain::modules::tickets::{
    CONDUCT, CompleteTicket, LineKind, MAX_LINES, MAX_QUANTITY, PricedLine, Ticket, lines_total,
};
use domain::order;
use serde::{Deserialize, Serialize};

use crate::i18n::fmt;

/// Cause, action, lines, and what could not be read of them.
pub type SignedFor = (String, String, Vec<PricedLine>, Vec<(usize, String)>);

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
    /// What was typed as the quantity of a line and is none: kept as it was typed until it is mended.
    pub unread: Vec<(usize, String)>,
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
            unread: Vec::new(),
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

    /// What a customer signs for: the work and what it comes to. An amount that cannot be read is none
    /// that was shown.
    pub fn signed_for(&self) -> SignedFor {
        let (cause, action) = (self.cause.trim().to_owned(), self.action.trim().to_owned());
        (cause, action, self.lines.clone(), self.unread.clone())
    }

    /// Adds a line; the same item again counts up.
    pub fn add_line(&mut self, line: PricedLine) {
        let same = |known: &PricedLine| {
            (known.what, &known.name, &known.unit, known.price)
                == (line.what, &line.name, &line.unit, line.price)
        };
        if let Some(index) = self.lines.iter().position(same) {
            let quantity = self.lines[index].quantity.saturating_add(line.quantity);
            self.set_quantity(index, quantity.min(MAX_QUANTITY));
        } else if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        }
    }

    pub fn set_quantity(&mut self, index: usize, quantity: i64) {
        self.unread.retain(|(line, _)| *line != index);
        if let Some(line) = self.lines.get_mut(index) {
            line.quantity = quantity;
        }
    }

    /// Takes a quantity as it was typed. What is none leaves the line as it was and is said at its field.
    pub fn type_quantity(&mut self, index: usize, text: &str) {
        let read = fmt::parse_thousandths(text);
        match read.filter(|quantity| (1..=MAX_QUANTITY).contains(quantity)) {
            Some(quantity) => self.set_quantity(index, quantity),
            None => {
                self.unread.retain(|(line, _)| *line != index);
                self.unread.push((index, text.to_owned()));
            }
        }
    }

    pub fn remove_line(&mut self, index: usize) {
        if index < self.lines.len() {
            self.lines.remove(index);
        }
        self.unread.retain(|(line, _)| *line != index);
        for (line, _) in self.unread.iter_mut().filter(|(line, _)| *line > index) {
            *line -= 1;
        }
    }

    /// What the lines come to; nothing while a quantity or an amount cannot be meant.
    pub fn total(&self) -> Option<Fen> {
        lines_total(&self.lines).ok().filter(|_| self.unread.is_empty())
    }

    /// Everything that is missing at once, in the order of the page.
    pub fn lacking(&self, ticket: &Ticket, attachments: Vec<Attachment>) -> Vec<Missing> {
        let mut all = missing(ticket, &self.command(ticket.id, attachments), self.unsigned);
        if !self.unread.is_empty() {
            let place = all.iter().position(|one| one.part() == "sign").unwrap_or(all.len());
            all.insert(place, Missing::Quantity);
        }
        all
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
    /// A quantity was typed that is none.
    Quantity,
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
            Missing::Amount | Missing::Quantity => "lines",
            Missing::Signature | Missing::Signer | Missing::UnsignedReason => "sign",
        }
    }
}

/// What the rules miss, all of it at once, where `CompleteTicket::check` names the first.
fn missing(ticket: &Ticket, command: &CompleteTicket, unsigned: bool) -> Vec<Missing> {
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
#[path = "complete_tests.rs"]
mod tests;
