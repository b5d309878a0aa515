//! What was found at a point: whether the answers fit the items, whether the code fits the place,
//! and which results deserve a second look.

use super::OFFLINE_STRETCH;
use crate::id::CheckpointId;
use crate::modules::rounds::code::{ScannedCode, parse, site_of};
use crate::modules::rounds::{
    Answer, AnswerType, Checkpoint, Confirmation, Flag, Item, ItemAnswer, Point, PointResult,
    RecordCheckpoint, Round, RoundCode,
};
use crate::refusal::Refusal;
use crate::sync::command::{Context, Stop, World, need};
use crate::text;
use crate::time::Ms;

/// Every item answered once, with what it asks for, and with evidence where something is wrong.
pub(super) fn check(point: &Point, answers: &[ItemAnswer]) -> Result<(), Refusal> {
    for (index, answer) in answers.iter().enumerate() {
        let Some(item) = point.items.iter().find(|item| item.code == answer.item) else {
            return Err(Refusal::new(RoundCode::UnknownItem).with("item", &answer.item));
        };
        if answers.iter().take(index).any(|earlier| earlier.item == answer.item) {
            return Err(about(RoundCode::DuplicateItem, item));
        }
        check_answer(item, answer)?;
    }
    let missing = point
        .items
        .iter()
        .find(|item| !item.optional && !answers.iter().any(|answer| answer.item == item.code));
    match missing {
        Some(item) => Err(about(RoundCode::AnswerMissing, item)),
        None => Ok(()),
    }
}

fn about(code: RoundCode, item: &Item) -> Refusal {
    Refusal::new(code).with("item", &item.text)
}

fn check_answer(item: &Item, answer: &ItemAnswer) -> Result<(), Refusal> {
    text::optional("note", &answer.note, text::NOTE)?;
    let needs_evidence = match (&item.answer, &answer.answer) {
        (AnswerType::Normal, Answer::Normal | Answer::NotApplicable) => false,
        (AnswerType::Normal, Answer::Abnormal) => true,
        (AnswerType::Number { low, high, .. }, Answer::Number { reading }) => {
            low.is_some_and(|low| *reading < low) || high.is_some_and(|high| *reading > high)
        }
        // A gauge that is broken or not there has no reading; inventing one would be worse.
        (AnswerType::Number { .. }, Answer::Abnormal | Answer::NotApplicable) => true,
        (AnswerType::Text, Answer::Text { text }) => {
            text::optional("text", text, text::NOTE)?;
            if text.trim().is_empty() && !item.optional {
                return Err(about(RoundCode::AnswerMissing, item));
            }
            false
        }
        (AnswerType::Photo, Answer::Photo) => {
            if answer.photos.is_empty() {
                return Err(about(RoundCode::AnswerMissing, item));
            }
            false
        }
        // A camera that does not work must not keep the rest of the round from being recorded.
        (AnswerType::Photo, Answer::NotApplicable) => true,
        _ => return Err(about(RoundCode::WrongAnswerType, item)),
    };
    let evidence =
        !answer.note.trim().is_empty() || !answer.photos.is_empty() || answer.ticket.is_some();
    if needs_evidence && !evidence {
        return Err(about(RoundCode::AbnormalNeedsEvidence, item));
    }
    Ok(())
}

/// The place the command is about: named, or named by the code.
pub(super) fn place(command: &RecordCheckpoint) -> Option<CheckpointId> {
    command.checkpoint.or_else(|| match &command.confirmation {
        Confirmation::Code { code } => parse(code).ok().map(|code| code.checkpoint),
        Confirmation::Hand { .. } => None,
    })
}

/// Whether it was shown that somebody stood there; returns the place, when one is registered.
pub(super) fn confirm<'w>(
    command: &RecordCheckpoint,
    round: &Round,
    world: &'w dyn World,
    context: &Context<'_>,
) -> Result<Option<&'w Checkpoint>, Stop> {
    let scanned = match &command.confirmation {
        Confirmation::Code { code } => Some(genuine(code, command, round, context)?),
        Confirmation::Hand { reason, usual } => {
            if reason.trim().is_empty() && usual.is_none() {
                return Err(Refusal::new(RoundCode::HandNeedsReason).into());
            }
            text::optional("reason", reason, text::NOTE)?;
            None
        }
    };
    let Some(id) = place(command) else { return Ok(None) };
    let checkpoint = need::<Checkpoint>(world, id.0)?;
    let fits = checkpoint.cluster == round.cluster
        && checkpoint.template == round.template
        && checkpoint.point == command.point;
    if !fits {
        let code = match scanned {
            Some(_) => RoundCode::CodeOtherCheckpoint,
            None => RoundCode::UnknownCheckpoint,
        };
        return Err(Refusal::new(code).with("checkpoint", &checkpoint.name).into());
    }
    if scanned.is_some_and(|code| is_revoked(&code, checkpoint, context.occurred_at)) {
        return Err(Refusal::new(RoundCode::CodeRevoked)
            .with("checkpoint", &checkpoint.name)
            .into());
    }
    Ok(Some(checkpoint))
}

fn genuine(
    code: &str,
    command: &RecordCheckpoint,
    round: &Round,
    context: &Context<'_>,
) -> Result<ScannedCode, Refusal> {
    let scanned = parse(code)?;
    if !(context.code_is_genuine)(code) {
        return Err(Refusal::new(RoundCode::CodeForged));
    }
    if scanned.site != site_of(round.project) {
        return Err(Refusal::new(RoundCode::CodeOtherSite));
    }
    if command.checkpoint.is_some_and(|checkpoint| checkpoint != scanned.checkpoint) {
        return Err(
            Refusal::new(RoundCode::CodeOtherCheckpoint).with("checkpoint", scanned.checkpoint)
        );
    }
    Ok(scanned)
}

/// A newer code than the one known here is genuine all the same: the phone has not heard of it yet.
/// The code before the present one was right until it was replaced.
fn is_revoked(code: &ScannedCode, checkpoint: &Checkpoint, at: Ms) -> bool {
    let was_right_then =
        code.version.checked_add(1) == Some(checkpoint.code_version) && at < checkpoint.code_since;
    code.version < checkpoint.code_version && !was_right_then
}

/// Puts a result where it belongs in time and says what deserves a second look: of the new result,
/// and of the one it turns out to have happened before. Flags are only ever added.
pub(super) fn insert(results: &mut Vec<PointResult>, mut new: PointResult, walking_mps: u32) {
    let place = results.partition_point(|result| result.at <= new.at);
    if matches!(new.confirmation, Confirmation::Hand { .. }) {
        flag(&mut new, Flag::ByHand);
    }
    if results.iter().take(place).any(|earlier| earlier.point == new.point) {
        flag(&mut new, Flag::Correction);
    }
    // Two people may walk one round: only the steps of the same person follow each other.
    let mut before = results.iter().take(place).rev();
    if before.find(|r| r.by == new.by).is_some_and(|r| too_fast(r, &new, walking_mps)) {
        flag(&mut new, Flag::TooFast);
    }
    let mut after = results.iter_mut().skip(place);
    if let Some(next) = after.find(|result| result.by == new.by)
        && too_fast(&new, next, walking_mps)
    {
        flag(next, Flag::TooFast);
    }
    for later in results.iter_mut().skip(place).filter(|later| later.point == new.point) {
        flag(later, Flag::Correction);
    }
    results.insert(place, new);
}

fn flag(result: &mut PointResult, flag: Flag) {
    if !result.flags.contains(&flag) {
        result.flags.push(flag);
    }
}

/// Farther than can be walked in that time.
fn too_fast(earlier: &PointResult, later: &PointResult, walking_mps: u32) -> bool {
    let (Some(from), Some(to)) = (earlier.position, later.position) else { return false };
    let east = i128::from(to.0) - i128::from(from.0);
    let north = i128::from(to.1) - i128::from(from.1);
    let reach = i128::from(walking_mps) * i128::from(later.at.since(earlier.at).max(0));
    // Squares of thousandths of a metre, so that no root is needed.
    (east * east + north * north) * 1_000_000 > reach * reach
}

/// Whether the office changed a record so lately that a phone may honestly not have known.
pub(super) fn is_news(changed_at: Ms, occurred_at: Ms) -> bool {
    occurred_at.since(changed_at) < OFFLINE_STRETCH
}
