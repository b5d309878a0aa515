//! Names of kinds, categories, states and the rest in the reader's language.

use domain::modules::tickets::{Intake, Move, PriceItem, Ticket, TicketKind, Urgency, WaitReason};

use crate::i18n::{name_of, tr};

const NAMESPACE: &str = "tickets";

pub fn kind(kind: TicketKind) -> String {
    name_of(NAMESPACE, "kind_", kind.name())
}

pub fn category(code: &str) -> String {
    name_of(NAMESPACE, "category_", code)
}

/// By `TicketState::name`.
pub fn state(name: &str) -> String {
    name_of(NAMESPACE, "state_", name)
}

/// Colour of a state's badge: what somebody has to act on is amber, what is settled is green.
pub fn state_tone(name: &str) -> &'static str {
    match name {
        "received" | "assessed" | "waiting" | "return_visit" => "soon",
        "done" | "closed" => "ok",
        _ => "",
    }
}

pub fn urgency_name(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Normal => "normal",
        Urgency::Urgent => "urgent",
        Urgency::Emergency => "emergency",
    }
}

pub fn urgency(urgency: Urgency) -> String {
    name_of(NAMESPACE, "urgency_", urgency_name(urgency))
}

pub fn urgency_tone(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Normal => "",
        Urgency::Urgent => "soon",
        Urgency::Emergency => "late",
    }
}

pub fn intake_name(intake: Intake) -> &'static str {
    match intake {
        Intake::Phone => "phone",
        Intake::Counter => "counter",
        Intake::OnSite => "on_site",
        Intake::ResidentPage => "resident_page",
        Intake::LetterBox => "letter_box",
        Intake::QualityLine => "quality_line",
        Intake::Round => "round",
        Intake::Visit => "visit",
        Intake::FeeCall => "fee_call",
    }
}

pub fn intake(intake: Intake) -> String {
    name_of(NAMESPACE, "intake_", intake_name(intake))
}

pub fn wait_reason_name(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Parts => "parts",
        WaitReason::Owner => "owner",
        WaitReason::ThirdParty => "third_party",
    }
}

pub fn wait_reason(reason: WaitReason) -> String {
    name_of(NAMESPACE, "wait_", wait_reason_name(reason))
}

/// What the button of a move says.
pub fn move_name(tried: Move) -> String {
    name_of(NAMESPACE, "move_", tried.name())
}

/// What is said once a move is recorded.
pub fn move_done(tried: Move) -> String {
    name_of(NAMESPACE, "moved_", tried.name())
}

/// The same of a ticket that may be somebody's already: giving it to another is called otherwise.
pub fn move_name_of(tried: Move, ticket: &Ticket) -> String {
    match tried {
        Move::Assign if ticket.state.holder().is_some() => tr::tickets::move_reassign().to_owned(),
        _ => move_name(tried),
    }
}

pub fn move_done_of(tried: Move, ticket: &Ticket) -> String {
    match tried {
        Move::Assign if ticket.state.holder().is_some() => tr::tickets::moved_reassign().to_owned(),
        _ => move_done(tried),
    }
}

pub fn conduct(code: &str) -> String {
    name_of(NAMESPACE, "conduct_", code)
}

pub fn price_item(item: &PriceItem) -> String {
    name_of(NAMESPACE, "price_", item.code)
}

pub fn unit(code: &str) -> String {
    name_of(NAMESPACE, "unit_", code)
}

pub fn cause(code: &str) -> String {
    name_of(NAMESPACE, "cause_", code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Language, in_language, lookup};
    use domain::modules::tickets::category::CATEGORIES;
    use domain::modules::tickets::{CONDUCT, TicketState, price_list};

    use crate::modules::tickets::view_model::complete::causes;

    fn named(prefix: &str, name: &str) {
        let key = format!("{prefix}{name}");
        assert!(lookup(NAMESPACE, &key).is_some(), "no {key} in {:?}", crate::i18n::current());
    }

    #[test]
    fn everything_the_rules_can_name_has_a_name_in_each_language() {
        for language in Language::ALL {
            in_language(language, || {
                TicketKind::ALL.iter().for_each(|kind| named("kind_", kind.name()));
                CATEGORIES.iter().for_each(|category| named("category_", category.code));
                TicketState::NAMES.iter().for_each(|name| named("state_", name));
                CONDUCT.iter().for_each(|code| named("conduct_", code));
                for item in price_list() {
                    named("price_", item.code);
                    named("unit_", item.unit);
                }
                for tried in Move::ALL {
                    named("move_", tried.name());
                    named("moved_", tried.name());
                }
                for code in CATEGORIES.iter().flat_map(|category| causes(category.code)) {
                    named("cause_", code);
                }
                for one in [
                    Intake::Phone,
                    Intake::Counter,
                    Intake::OnSite,
                    Intake::ResidentPage,
                    Intake::LetterBox,
                    Intake::QualityLine,
                    Intake::Round,
                    Intake::Visit,
                    Intake::FeeCall,
                ] {
                    named("intake_", intake_name(one));
                }
                for one in [WaitReason::Parts, WaitReason::Owner, WaitReason::ThirdParty] {
                    named("wait_", wait_reason_name(one));
                }
                for one in [Urgency::Normal, Urgency::Urgent, Urgency::Emergency] {
                    named("urgency_", urgency_name(one));
                }
            });
        }
    }
}
