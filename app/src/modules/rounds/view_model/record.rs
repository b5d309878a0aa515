//! The record of a round 组团巡查记录表 as it is read and printed: in the order it was walked.

use domain::Ms;
use domain::modules::rounds::{
    Answer, Confirmation, Item, ItemAnswer, PointResult, Round, RoundTemplate,
};

use crate::i18n::{fmt, tr};

/// One step of the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub number: usize,
    pub name: String,
    pub result: PointResult,
    /// A later result of the same point counts instead.
    pub replaced: bool,
    /// Milliseconds since the step before.
    pub after: Option<i64>,
}

/// The steps in the order of time.
pub fn steps(round: &Round, template: Option<&RoundTemplate>) -> Vec<Step> {
    let mut before: Option<Ms> = None;
    let mut steps = Vec::with_capacity(round.results.len());
    for (place, result) in round.results.iter().enumerate() {
        let points = template.map_or(&[][..], |template| template.points.as_slice());
        let number = points.iter().position(|point| point.code == result.point);
        let later = round.results.iter().skip(place + 1);
        steps.push(Step {
            number: number.unwrap_or(place),
            name: number
                .and_then(|index| points.get(index))
                .map_or_else(|| result.point.clone(), |point| point.name.clone()),
            result: result.clone(),
            replaced: later.clone().any(|other| other.point == result.point),
            after: before.map(|before| result.at.since(before)),
        });
        before = Some(result.at);
    }
    steps
}

/// Names of the points that nobody went to.
pub fn left_out(round: &Round, template: &RoundTemplate) -> Vec<String> {
    let missing = template.points.iter().filter(|point| round.result(&point.code).is_none());
    missing.map(|point| point.name.clone()).collect()
}

/// An answer in words, and whether it is a finding.
pub fn answer_text(answer: &ItemAnswer, item: Option<&Item>) -> (String, bool) {
    match &answer.answer {
        Answer::Normal => (tr::rounds::normal().to_owned(), false),
        Answer::Abnormal => (tr::rounds::abnormal().to_owned(), true),
        Answer::NotApplicable => (tr::rounds::not_applicable().to_owned(), false),
        Answer::Number { reading } => {
            use domain::modules::rounds::AnswerType::Number;
            let shown = fmt::thousandths(*reading);
            match item.map(|item| &item.answer) {
                Some(Number { unit, low, high }) => {
                    let outside = low.is_some_and(|low| *reading < low)
                        || high.is_some_and(|high| *reading > high);
                    (format!("{shown} {unit}").trim().to_owned(), outside)
                }
                _ => (shown, false),
            }
        }
        Answer::Text { text } => (text.clone(), false),
        Answer::Photo => (tr::rounds::photos_taken(answer.photos.len()), false),
    }
}

/// "扫码", "手动：光线不足".
pub fn confirmation_text(confirmation: &Confirmation) -> String {
    match confirmation {
        Confirmation::Code { .. } => tr::rounds::by_code().to_owned(),
        Confirmation::Hand { reason, usual } => {
            tr::rounds::by_hand_because(fmt::hand_reason(*usual, reason))
        }
    }
}

/// Findings and tickets of the results that count.
pub fn findings(round: &Round, template: &RoundTemplate) -> usize {
    let items = |code: &str| {
        template.points.iter().flat_map(|point| &point.items).find(|item| item.code == code)
    };
    let counted = template.points.iter().filter_map(|point| round.result(&point.code));
    counted
        .flat_map(|result| &result.answers)
        .filter(|answer| answer_text(answer, items(&answer.item)).1)
        .count()
}

#[cfg(test)]
mod tests {
    use super::super::testkit::*;
    use super::*;
    use crate::i18n::{Language, in_language};
    use domain::modules::rounds::{Flag, HandReason};

    fn result(point: &str, at: Ms, answers: Vec<ItemAnswer>) -> PointResult {
        PointResult {
            point: point.into(),
            checkpoint: None,
            position: None,
            confirmation: Confirmation::Hand { reason: "光线不足".into(), usual: None },
            at,
            received: at,
            by: steward().user,
            answers,
            flags: vec![Flag::ByHand],
        }
    }

    fn answer(item: &str, answer: Answer) -> ItemAnswer {
        ItemAnswer { item: item.into(), answer, note: String::new(), photos: vec![], ticket: None }
    }

    #[test]
    fn the_record_shows_the_way_in_time_and_what_a_correction_replaced() {
        let mut round = round(&schedule(8, 10), local(8, 0));
        round.results = vec![
            result("lobby", local(8, 5), vec![answer("clean", Answer::Normal)]),
            result("pumps", local(8, 12), vec![answer("gauge", Answer::Number { reading: 200 })]),
            result("lobby", local(8, 20), vec![answer("clean", Answer::Abnormal)]),
        ];
        let template = template();
        let steps = steps(&round, Some(&template));
        let shown: Vec<_> = steps.iter().map(|s| (s.number, s.replaced, s.after)).collect();
        assert_eq!(shown, [(1, true, None), (0, false, Some(420_000)), (1, false, Some(480_000))]);
        assert_eq!(left_out(&round, &template), ["屋面"]);
        assert_eq!(findings(&round, &template), 2);
    }

    #[test]
    fn answers_are_read_as_words_and_a_bad_reading_stands_out() {
        let template = template();
        let gauge = &template.points[0].items[2];
        let bad = answer("gauge", Answer::Number { reading: 200 });
        assert_eq!(answer_text(&bad, Some(gauge)), ("0.2 MPa".to_owned(), true));
        let good = answer("clean", Answer::Normal);
        assert_eq!(answer_text(&good, None), ("正常".to_owned(), false));
        let by_hand = Confirmation::Hand { reason: "光线不足".into(), usual: None };
        assert_eq!(confirmation_text(&by_hand), "手动：光线不足");
    }

    #[test]
    fn a_usual_reason_is_read_in_the_readers_language_with_the_walkers_own_words_after_it() {
        let dark = |reason: &str| {
            let usual = Some(HandReason::Dark);
            confirmation_text(&Confirmation::Hand { reason: reason.into(), usual })
        };
        assert_eq!(dark(""), "手动：光线不足");
        assert_eq!(dark("灯坏了"), "手动：光线不足、灯坏了");
        in_language(Language::En, || {
            for usual in HandReason::ALL {
                let text = fmt::hand_reason(Some(usual), "");
                assert!(text.is_ascii() && text != usual.name(), "{text}");
            }
            assert_eq!(dark(""), format!("By hand: {}", tr::rounds::reason_dark()));
        });
    }
}
