//! One point of a round as it is being filled in: from what was tapped to what is recorded.

use std::collections::BTreeMap;

use domain::id::{ClusterId, RoundId, TemplateId, TicketId};
use domain::modules::attachments::Attachment;
use domain::modules::rounds::code::{ScannedCode, site_of};
use domain::modules::rounds::{
    Answer, AnswerType, Checkpoint, Confirmation, HandReason, Item, ItemAnswer, Point, Round,
    RoundCode, RoundTemplate,
};
use domain::modules::tickets::category::category;
use domain::modules::tickets::{
    Intake, OpenTicket, Origin, Place, Ticket, TicketContact, TicketKind, Urgency,
};
use domain::order;
use domain::{Ms, Refusal};
use serde::{Deserialize, Serialize};

use crate::i18n::{fmt, tr};

/// What was chosen for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tick {
    Normal,
    Abnormal,
    /// Not there; for a gauge: cannot be read; for a photo: cannot be taken.
    None,
}

impl Tick {
    pub fn name(self) -> &'static str {
        match self {
            Tick::Normal => "normal",
            Tick::Abnormal => "abnormal",
            Tick::None => "none",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        [Tick::Normal, Tick::Abnormal, Tick::None].into_iter().find(|tick| tick.name() == name)
    }
}

/// One item as it is being answered. New photos are kept beside it, in a draft of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemForm {
    #[serde(default)]
    pub tick: Option<Tick>,
    /// The reading, or the words.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub ticket: Option<TicketId>,
    /// Photos of the result that is being corrected: they stay.
    #[serde(default)]
    pub earlier: Vec<Attachment>,
}

/// One point as it is being filled in; kept as a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointForm {
    /// The genuine code that was scanned, and when.
    #[serde(default)]
    pub code: Option<(String, Ms)>,
    #[serde(default)]
    pub by_hand: bool,
    /// In the walker's own words.
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub usual: Option<HandReason>,
    #[serde(default)]
    pub items: BTreeMap<String, ItemForm>,
}

/// Why an item cannot be recorded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    Missing,
    NotANumber,
    NeedsEvidence,
    NeedsPhoto,
}

impl Problem {
    pub fn text(self) -> &'static str {
        match self {
            Problem::Missing => tr::rounds::problem_missing(),
            Problem::NotANumber => tr::rounds::problem_not_a_number(),
            Problem::NeedsEvidence => tr::rounds::problem_needs_evidence(),
            Problem::NeedsPhoto => tr::rounds::problem_needs_photo(),
        }
    }
}

/// The new photos of each item.
pub type Photos = BTreeMap<String, Vec<Attachment>>;

/// What an item shows: what a correction keeps, then what was taken now.
fn shown(item: &Item, form: &ItemForm, photos: &Photos) -> Vec<Attachment> {
    let new = photos.get(&item.code).into_iter().flatten();
    form.earlier.iter().chain(new).cloned().collect()
}

/// The reading that was typed, in thousandths.
pub fn reading(form: &ItemForm) -> Option<i64> {
    fmt::parse_thousandths(&form.text)
}

fn outside(item: &Item, reading: i64) -> bool {
    match &item.answer {
        AnswerType::Number { low, high, .. } => {
            low.is_some_and(|low| reading < low) || high.is_some_and(|high| reading > high)
        }
        _ => false,
    }
}

/// Whether something is wrong here: note, photos and a ticket are offered.
pub fn is_finding(item: &Item, form: &ItemForm) -> bool {
    match (&item.answer, form.tick) {
        (AnswerType::Normal, tick) => tick == Some(Tick::Abnormal),
        (_, Some(Tick::None | Tick::Abnormal)) => true,
        (AnswerType::Number { .. }, _) => reading(form).is_some_and(|r| outside(item, r)),
        _ => false,
    }
}

/// Whether the ticket that was raised from an item stands although the item is in order now: it is the
/// office that closes it. `ticket` is absent where this person may not see it.
pub fn ticket_outlives(item: &Item, form: &ItemForm, ticket: Option<&Ticket>) -> bool {
    let open = ticket.is_none_or(|ticket| !ticket.state.is_final());
    form.ticket.is_some() && open && !is_finding(item, form)
}

/// The answer to one item; `None` where an optional one was left open.
pub fn answer_of(
    item: &Item,
    form: &ItemForm,
    photos: &[Attachment],
) -> Result<Option<ItemAnswer>, Problem> {
    let left_open = |problem| if item.optional { Ok(None) } else { Err(problem) };
    let answer = match (&item.answer, form.tick) {
        (AnswerType::Normal, None) => return left_open(Problem::Missing),
        (AnswerType::Normal, Some(Tick::Normal)) => Answer::Normal,
        (AnswerType::Normal | AnswerType::Number { .. }, Some(Tick::Abnormal)) => Answer::Abnormal,
        (AnswerType::Normal | AnswerType::Number { .. } | AnswerType::Photo, Some(Tick::None)) => {
            Answer::NotApplicable
        }
        (AnswerType::Number { .. }, _) if form.text.trim().is_empty() => {
            return left_open(Problem::Missing);
        }
        (AnswerType::Number { .. }, _) => match reading(form) {
            Some(reading) => Answer::Number { reading },
            None => return Err(Problem::NotANumber),
        },
        (AnswerType::Text, _) if form.text.trim().is_empty() => {
            return left_open(Problem::Missing);
        }
        (AnswerType::Text, _) => Answer::Text { text: form.text.trim().to_owned() },
        (AnswerType::Photo, _) if photos.is_empty() => return left_open(Problem::NeedsPhoto),
        (AnswerType::Photo, _) => Answer::Photo,
    };
    let evidence = !form.note.trim().is_empty() || !photos.is_empty() || form.ticket.is_some();
    if is_finding(item, form) && !evidence {
        return Err(Problem::NeedsEvidence);
    }
    Ok(Some(ItemAnswer {
        item: item.code.clone(),
        answer,
        note: form.note.trim().to_owned(),
        photos: photos.to_vec(),
        ticket: form.ticket,
    }))
}

/// Every answer of the point, or the first item that still needs something.
pub fn answers(
    point: &Point,
    form: &PointForm,
    photos: &Photos,
) -> Result<Vec<ItemAnswer>, (String, Problem)> {
    let empty = ItemForm::default();
    let mut answers = Vec::with_capacity(point.items.len());
    for item in &point.items {
        let own = form.items.get(&item.code).unwrap_or(&empty);
        match answer_of(item, own, &shown(item, own, photos)) {
            Ok(answer) => answers.extend(answer),
            Err(problem) => return Err((item.code.clone(), problem)),
        }
    }
    Ok(answers)
}

/// Whether there is an item that `tick_the_rest` would tick.
pub fn can_tick_the_rest(point: &Point, form: &PointForm) -> bool {
    let mut ticked = point.items.iter().filter(|item| item.answer == AnswerType::Normal);
    ticked.any(|item| form.items.get(&item.code).is_none_or(|own| own.tick.is_none()))
}

/// Ticks every item that only asks "in order?" and has no answer yet.
pub fn tick_the_rest(point: &Point, form: &mut PointForm) {
    for item in point.items.iter().filter(|item| item.answer == AnswerType::Normal) {
        let own = form.items.entry(item.code.clone()).or_default();
        own.tick.get_or_insert(Tick::Normal);
    }
}

/// How it is shown that somebody stood there; `None` while neither was done.
pub fn confirmation(form: &PointForm) -> Option<Confirmation> {
    if let Some((code, _)) = &form.code {
        return Some(Confirmation::Code { code: code.clone() });
    }
    let reason = form.reason.trim();
    let said = form.usual.is_some() || !reason.is_empty();
    (form.by_hand && said)
        .then(|| Confirmation::Hand { reason: reason.to_owned(), usual: form.usual })
}

/// Takes a usual reason, or takes it back.
pub fn choose_reason(form: &mut PointForm, name: &str) {
    let chosen = HandReason::ALL.into_iter().find(|reason| reason.name() == name);
    form.usual = chosen.filter(|_| form.usual != chosen);
}

/// What a correction begins with: the answers that were recorded last.
pub fn from_answers(answers: &[ItemAnswer]) -> BTreeMap<String, ItemForm> {
    let form = |answer: &ItemAnswer| {
        let (tick, text) = match &answer.answer {
            Answer::Normal => (Some(Tick::Normal), String::new()),
            Answer::Abnormal => (Some(Tick::Abnormal), String::new()),
            Answer::NotApplicable => (Some(Tick::None), String::new()),
            Answer::Number { reading } => (None, fmt::thousandths(*reading)),
            Answer::Text { text } => (None, text.clone()),
            Answer::Photo => (None, String::new()),
        };
        ItemForm {
            tick,
            text,
            note: answer.note.clone(),
            ticket: answer.ticket,
            earlier: answer.photos.clone(),
        }
    };
    order::map_of(answers.iter().map(|answer| (answer.item.clone(), form(answer))))
}

/// "0.35–0.5 MPa", "≤ 0.5 MPa", "= 0 人", "MPa".
pub fn limits_text(answer: &AnswerType) -> String {
    let AnswerType::Number { unit, low, high } = answer else { return String::new() };
    let range = match (low, high) {
        (Some(low), Some(high)) if low == high => format!("= {}", fmt::thousandths(*low)),
        (Some(low), Some(high)) => {
            format!("{}–{}", fmt::thousandths(*low), fmt::thousandths(*high))
        }
        (Some(low), None) => format!("≥ {}", fmt::thousandths(*low)),
        (None, Some(high)) => format!("≤ {}", fmt::thousandths(*high)),
        (None, None) => String::new(),
    };
    format!("{range} {unit}").trim().to_owned()
}

/// What a scanned genuine code means at this point.
#[derive(Clone, Debug, PartialEq)]
pub enum Scan {
    Right,
    /// Another point of the same round: one can go there instead.
    OtherPoint {
        point: String,
        name: String,
    },
    Refused(Refusal),
}

/// What has to fit for a code to confirm a point.
pub struct Standing<'a> {
    pub round: &'a Round,
    pub point: &'a str,
}

/// Whether the code on this wall is the one of this point.
pub fn judge_scan<'a>(
    code: &ScannedCode,
    standing: &Standing<'_>,
    checkpoint: &dyn Fn(domain::id::CheckpointId) -> Option<&'a Checkpoint>,
) -> Scan {
    if code.site != site_of(standing.round.project) {
        return Scan::Refused(Refusal::new(RoundCode::CodeOtherSite));
    }
    let Some(found) = checkpoint(code.checkpoint) else {
        // The office may have hung it today; the phone has not heard of it.
        let unknown = Refusal::new(RoundCode::CodeOtherCheckpoint);
        return Scan::Refused(unknown.with("checkpoint", tr::rounds::unknown_checkpoint()));
    };
    let of_round =
        found.cluster == standing.round.cluster && found.template == standing.round.template;
    if code.version < found.code_version {
        let revoked = Refusal::new(RoundCode::CodeRevoked).with("checkpoint", &found.name);
        return Scan::Refused(revoked);
    }
    match of_round {
        true if found.point == standing.point => Scan::Right,
        true => Scan::OtherPoint { point: found.point.clone(), name: found.name.clone() },
        false => Scan::Refused(
            Refusal::new(RoundCode::CodeOtherCheckpoint).with("checkpoint", &found.name),
        ),
    }
}

/// The registered place of a point in a cluster.
pub fn checkpoint_of<'a>(
    checkpoints: &mut dyn Iterator<Item = &'a Checkpoint>,
    cluster: ClusterId,
    template: TemplateId,
    point: &str,
) -> Option<&'a Checkpoint> {
    let mut here = checkpoints
        .filter(|one| one.cluster == cluster && one.template == template && one.point == point);
    here.next()
}

/// Where to go after a point: the next one in order without a result, from the start again at the
/// end. `None` when every other point has one.
pub fn next_after<'a>(
    template: &'a RoundTemplate,
    round: &Round,
    current: &str,
) -> Option<(usize, &'a Point)> {
    let here = template.points.iter().position(|point| point.code == current).unwrap_or(0);
    let count = template.points.len();
    (1..count).map(|step| (here + step) % count.max(1)).find_map(|index| {
        let point = template.points.get(index)?;
        round.result(&point.code).is_none().then_some((index, point))
    })
}

/// A fault that is reported from an item, in one tap.
pub struct Finding<'a> {
    pub ticket: TicketId,
    pub round: RoundId,
    pub cluster: ClusterId,
    pub checkpoint: Option<&'a Checkpoint>,
    /// Said where no place is registered.
    pub place: String,
    pub item: &'a Item,
    pub form: &'a ItemForm,
    pub photos: &'a [Attachment],
}

impl Finding<'_> {
    /// What goes wrong here, in the words of the item and of whoever stands before it.
    fn description(&self) -> String {
        let mut said = Vec::new();
        if let (AnswerType::Number { unit, .. }, Some(reading)) =
            (&self.item.answer, reading(self.form))
            && outside(self.item, reading)
        {
            let limits = limits_text(&self.item.answer);
            said.push(tr::rounds::finding_reading(fmt::thousandths(reading), unit, limits));
        }
        if !self.form.note.trim().is_empty() {
            said.push(self.form.note.trim().to_owned());
        }
        let text = if said.is_empty() {
            self.item.text.clone()
        } else {
            tr::rounds::finding_description(&self.item.text, fmt::list(&said))
        };
        // An item's text says how it ought to be; alone it would read as if all were well.
        tr::rounds::finding_abnormal(text)
    }

    pub fn command(&self) -> OpenTicket {
        // A remark item has no category of its own.
        let code = Some(self.item.category.as_str()).filter(|code| category(code).is_some());
        let origin = Origin::Round {
            round: self.round,
            checkpoint: self.checkpoint.map(|checkpoint| checkpoint.id),
            item: self.item.code.clone(),
        };
        OpenTicket {
            ticket: self.ticket,
            cluster: self.cluster,
            kind: TicketKind::Finding,
            category: code.unwrap_or("other_repair").to_owned(),
            urgency: if self.item.safety { Urgency::Urgent } else { Urgency::Normal },
            intake: Intake::Round,
            place: Place {
                unit: None,
                label: self.checkpoint.map_or_else(|| self.place.clone(), |c| c.name.clone()),
            },
            contact: TicketContact::default(),
            description: self.description(),
            photos: self.photos.to_vec(),
            origin: Some(origin),
        }
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
