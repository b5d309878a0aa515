//! Whatever people do, in whatever order and with whatever clocks: nothing breaks, nothing is lost.

use proptest::prelude::*;

use super::table::try_move;
use super::*;

fn check_clock(ticket: &Ticket) {
    let clock = &ticket.clock;
    assert_eq!(clock.stopped.is_some(), ticket.state.is_finished(), "stopped = finished");
    let waiting = matches!(ticket.state, TicketState::Waiting { .. });
    assert_eq!(clock.paused.is_some(), waiting, "only waiting pauses");
    let at_the_office = matches!(ticket.state, TicketState::Received | TicketState::Assessed);
    assert_eq!(clock.relay_due.is_some(), at_the_office, "relayed = somebody has it");
    assert!(clock.due.since(clock.started) >= 24 * HOUR, "waiting only adds to the limit");
}

fn every_completion(ticket: &Ticket) -> Vec<&Completion> {
    let late = ticket.timeline.iter().filter_map(|entry| match &entry.event {
        TicketEvent::CompletedAgain { completion } => Some(&**completion),
        _ => None,
    });
    ticket.completion.iter().chain(&ticket.earlier).chain(late).collect()
}

fn has_signature(completion: &Completion, seed: u8) -> bool {
    let signature = picture(AttachmentRole::Signature, seed);
    completion.attachments.contains(&signature) && completion.signed_by == "张三"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_moves_panics_or_loses_a_signed_completion_or_breaks_the_clock(
        technical in any::<bool>(),
        steps in prop::collection::vec((0_usize..12, 0_usize..14, 0_usize..3, -5_i64..30, any::<bool>()), 1..60),
    ) {
        let mut estate = Estate::with(if technical { leak() } else { complaint() });
        let people = [chen(), wu(), zhao(), steward(), guard(), desk(), manager()];
        let mut now = TEN;
        let mut signed = Vec::new();
        for (step, (tried, who, to, hours, solved)) in steps.into_iter().enumerate() {
            now = now.plus(hours * HOUR);
            let before = estate.ticket().clone();
            // Half of all steps are taken by whoever is likely to be allowed to.
            let holder = people.iter().find(|person| Some(person.user) == before.state.holder());
            let who = match who {
                0..7 => &people[who],
                7..11 => holder.unwrap_or(&people[to]),
                _ => &people[6],
            };
            let seed = 16 + u8::try_from(step).unwrap();
            let (kind, _) = match Move::ALL[tried] {
                Move::Assign => estate.outcome(who, now, assign(&people[to])),
                Move::Complete => estate.outcome(who, now, complete(seed)),
                Move::ReturnVisit => estate.outcome(who, now, return_visit(solved)),
                other => try_move(&mut estate, who, other, now),
            };
            let ticket = estate.ticket();
            if Move::ALL[tried] == Move::Complete && kind != OutcomeKind::Refused {
                signed.push(seed);
            }
            for seed in &signed {
                prop_assert!(every_completion(ticket).iter().any(|c| has_signature(c, *seed)));
            }
            match kind {
                OutcomeKind::Refused => prop_assert_eq!(ticket, &before),
                OutcomeKind::Conflict => {
                    prop_assert_eq!(&ticket.state, &before.state);
                    prop_assert_eq!(&ticket.clock, &before.clock);
                    prop_assert_eq!(&ticket.completion, &before.completion);
                }
                _ => {}
            }
            prop_assert!(ticket.timeline.starts_with(&before.timeline), "history only grows");
            let flagged = ticket.timeline.iter().filter(|entry| entry.conflict).count();
            prop_assert_eq!(usize::try_from(ticket.conflicts).unwrap(), flagged);
            check_clock(ticket);
            let json = serde_json::to_string(ticket).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Ticket>(&json).unwrap(), ticket);
        }
    }

    #[test]
    fn no_priced_line_overflows(quantity in any::<i64>(), price in any::<i64>(), count in 1_usize..60) {
        let line = PricedLine {
            what: LineKind::Labour,
            name: "人工".into(),
            unit: "小时".into(),
            quantity,
            price: Fen(price),
        };
        if let Ok(sum) = lines_total(&vec![line; count]) {
            prop_assert!((Fen(0)..=MAX_TOTAL).contains(&sum));
        }
    }
}
