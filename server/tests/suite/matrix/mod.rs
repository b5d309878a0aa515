//! Every kind of command × every role: what the server answers to whoever pushes it.
//!
//! Read it against processes.md: "Default rights" for the office, the process itself for the rest.

use std::collections::BTreeSet;

use domain::modules::Command;
use domain::sync::Scope;

use crate::web::{Server, staff, user};

mod cases;
mod corpus;

/// Cells: steward of the cluster, technician, guard, front desk, supervisor, engineering lead, cashier,
/// manager, quality, admin; last a steward of another cluster.
///
/// `+` done; `-` `common.not_allowed`; `c` `common.other_cluster`; `h` `tickets.not_yours`, somebody
/// else holds it; `s` `tickets.illegal_move`, not in that state; `r` `rounds.not_your_round`; `!` kept as
/// a conflict, `tickets.reassigned_elsewhere`: it lay in the pool, and the phone may not know better;
/// `.` cannot come about: giving them the work, or starting it, is what is refused.
const TABLE: &[(&str, &str, &str)] = &[
    // Admin: accounts and settings only.
    ("accounts.create", "", "---------+-"),
    ("accounts.update", "", "---------+-"),
    ("company.set_settings", "", "---------+-"),
    // The estate is the manager's.
    ("households.register_project", "", "-------+---"),
    ("households.register_cluster", "", "-------+---"),
    ("households.register_building", "", "-------+---"),
    ("households.register_unit", "", "-------+---"),
    // Whoever is on site opens; money and accounts do not.
    ("tickets.open", "", "++++++-++-c"),
    // Supervisor: assign, grade, reopen, decline. Engineering lead: the same for repairs.
    ("tickets.assess", "a repair", "---+++-+---"),
    ("tickets.assess", "a complaint", "---++--+---"),
    ("tickets.assign", "a repair", "----++-+---"),
    ("tickets.assign", "a complaint", "----+--+---"),
    ("tickets.decline", "a repair", "----++-+---"),
    ("tickets.decline", "a complaint", "----+--+---"),
    ("tickets.reopen", "a repair", "----++-+---"),
    ("tickets.reopen", "a complaint", "----+--+---"),
    // Own and pool tickets are taken, nobody else's.
    ("tickets.accept", "in the pool", "s+sss+sssss"),
    ("tickets.accept", "somebody else's", "h!hhh!hhhhh"),
    ("tickets.accept", "a complaint nobody has", "sssssssssss"),
    ("tickets.start", "somebody else's", "hhhhhhhhhhh"),
    ("tickets.wait", "somebody else's", "hhhhhhhhhhh"),
    ("tickets.resume", "somebody else's", "hhhhhhhhhhh"),
    ("tickets.complete", "somebody else's", "hhhhhhhhhhh"),
    ("tickets.accept", "given to them", "++...+....+"),
    ("tickets.start", "given to them", "++...+....+"),
    ("tickets.wait", "given to them", "++...+....+"),
    ("tickets.resume", "given to them", "++...+....+"),
    ("tickets.complete", "given to them", "++...+....+"),
    // Front desk: return visits; stewards ask the customers of their cluster.
    ("tickets.return_visit", "a repair", "+--+++-+--c"),
    ("tickets.return_visit", "a complaint", "+--++--+--c"),
    ("tickets.close", "a finding", "+--+++-+--c"),
    ("tickets.close", "an enquiry", "+--++--+--c"),
    // Remarks: a technician's on own and pool tickets.
    ("tickets.note", "in the pool", "++-+++-++-c"),
    ("tickets.note", "somebody else's", "+!-+++-++-c"),
    ("tickets.note", "a complaint", "+--+++-++-c"),
    ("tickets.note", "given to them", "++...+....+"),
    ("tickets.note", "settling a repair", "----++-+--c"),
    ("tickets.note", "settling a complaint", "----+--+--c"),
    // Supervisor: schedules, templates; engineering lead: schedules.
    ("rounds.publish_template", "", "----+--+---"),
    ("rounds.register_checkpoint", "", "----+--+---"),
    ("rounds.set_schedule", "", "----++-+---"),
    // A guard walks duties only; a duty is whose it is.
    ("rounds.start", "of their own accord", "++r-++-++-c"),
    ("rounds.start", "a duty of the guards", "rr+-rr-rr-c"),
    ("rounds.record_checkpoint", "in their own", "+++.++.++.."),
    ("rounds.record_checkpoint", "in somebody else's", "rrr-rr-rr-c"),
    ("rounds.finish", "their own", "+++.++.++.."),
    ("rounds.finish", "somebody else's", "rrr-rr-rr-c"),
    ("rounds.record_briefing", "", "++--++-++-c"),
    ("visits.record", "", "+--++--+--c"),
    ("visits.answer", "", "+--++--+--c"),
    // Cashier: money.
    ("fees.set_arrears", "", "------++---"),
    ("fees.record_call", "", "+--++-++--c"),
    // The product itself, which nobody can be.
    ("attachments.arrived", "", "-----------"),
];

/// The code that a cell stands for.
fn code_of(cell: char) -> &'static str {
    match cell {
        '+' => "",
        '-' => "common.not_allowed",
        'c' => "common.other_cluster",
        'h' => "tickets.not_yours",
        's' => "tickets.illegal_move",
        'r' => "rounds.not_your_round",
        '!' => "tickets.reassigned_elsewhere",
        other => panic!("{other} is no cell"),
    }
}

pub async fn every_command_is_answered_to_every_role_as_the_table_says(server: &Server) {
    let kinds: BTreeSet<&str> = TABLE.iter().map(|(kind, ..)| *kind).collect();
    let known: BTreeSet<&str> = Command::KINDS.iter().copied().collect();
    assert_eq!(kinds, known, "every kind of command has its line in the table");
    cases::furnish(server).await;
    let mut wrong = Vec::new();
    let written = std::env::var_os("GUANJIA_WRITE_CORPUS");
    for (column, (account, ..)) in staff().iter().enumerate() {
        // A corpus need not be large: every kind, done and refused.
        if written.is_some() && !corpus::OF.contains(&account.as_str()) {
            continue;
        }
        let mut client = server.signed_in(account).await;
        for scope in [Scope::Company, crate::web::scope()] {
            let rows: Vec<_> =
                TABLE.iter().filter(|(kind, ..)| cases::scope_of(kind) == scope).collect();
            let mut tried = Vec::new();
            for &&(kind, when, cells) in &rows {
                let cell = cells.chars().nth(column).unwrap();
                let command = cases::prepare(server, account, kind, when, cell == '.').await;
                if let Some(command) = command {
                    assert_eq!(command.kind(), kind);
                    tried.push((kind, when, cell, command));
                }
            }
            let commands: Vec<Command> =
                tried.iter().map(|(.., command)| command.clone()).collect();
            // Numbers are counted in each scope.
            client.n = 0;
            let outcomes = client.push(scope, user(account), &commands).await;
            for (index, (kind, when, cell, _)) in tried.iter().enumerate() {
                let outcome = &outcomes[index];
                let code = outcome["reason"]["code"].as_str().unwrap_or_default();
                let is = match outcome["outcome"].as_str().unwrap() {
                    "applied" | "merged" => '+',
                    "conflict" => '!',
                    "refused" => '-',
                    _ => '?',
                };
                let wanted = if matches!(cell, '+' | '!') { *cell } else { '-' };
                if is != wanted || code != code_of(*cell) {
                    wrong.push(format!("{account}: {kind} {when}: {cell}, but {outcome}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if let Some(folder) = written {
        corpus::write(server, folder.as_ref()).await;
    }
}
