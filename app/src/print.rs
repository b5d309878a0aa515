//! Paper, rendered by the server: the sheet of checkpoint codes and the round record.
//!
//! Rendered synchronously in the language that the reader asks for, so texts are looked up while the
//! view is made.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::TicketId;
use domain::modules::attachments::{Attachment, AttachmentRole};
use domain::modules::rounds::{
    Answer, AnswerType, Confirmation, Flag, ItemAnswer, Point, PointResult, Round, RoundTemplate,
};
use domain::{Ms, Refusal, Zone};
use leptos::prelude::*;

use crate::error_text::error_text;
use crate::i18n::{Language, fmt, in_language, name_of, tr};

/// One code on the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeCard {
    pub name: String,
    pub cluster: String,
    /// Name of the template whose point it is.
    pub template: String,
    /// Number of the code, so that an old one on a wall can be told from the new one.
    pub version: u32,
    /// What is encoded.
    pub text: String,
    /// The code as an SVG element.
    pub svg: String,
}

fn document(language: Language, title: &str, style: Option<String>, body: AnyView) -> String {
    let page = view! {
        <html lang=language.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <title>{title.to_owned()}</title>
                {style.map(|url| view! { <link rel="stylesheet" href=url/> })}
            </head>
            <body>
                <main class="paper">{body}</main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

/// Why there is no paper, for whoever opened its address in a browser.
pub fn problem(
    language: Language,
    style: Option<String>,
    refusal: &Refusal,
    sign_in: bool,
) -> String {
    in_language(language, || {
        let title = tr::print::not_shown();
        let body = view! {
            <h1>{title}</h1>
            <p>{error_text(refusal)}</p>
            <p>
                <a href="/">
                    {if sign_in { tr::print::sign_in() } else { tr::print::to_app() }}
                </a>
            </p>
            {sign_in.then(|| view! { <p>{tr::print::then_again()}</p> })}
        };
        document(language, title, style, body.into_any())
    })
}

/// The codes of a cluster, to be cut out and put up.
pub fn code_sheet(language: Language, style: Option<String>, cards: &[CodeCard]) -> String {
    in_language(language, || {
        let title = tr::print::codes_title();
        let body = view! {
            <h1>{title}</h1>
            <p>{tr::print::codes_note()}</p>
            {cards.is_empty().then(|| view! { <p>{tr::print::no_codes()}</p> })}
            <div class="codes">
                {cards
                    .iter()
                    .map(|card| {
                        view! {
                            <figure class="code" data-code=card.text.clone()>
                                <div inner_html=card.svg.clone()></div>
                                <figcaption>
                                    <strong>{card.name.clone()}</strong>
                                    <br/>
                                    {card.cluster.clone()}
                                    <br/>
                                    {card.template.clone()} " · " {tr::print::code_number(card.version)}
                                </figcaption>
                            </figure>
                        }
                    })
                    .collect_view()}
            </div>
        };
        document(language, title, style, body.into_any())
    })
}

/// What a round's record shows beside the round itself.
pub struct RoundPaper<'a> {
    pub round: &'a Round,
    pub template: Option<&'a RoundTemplate>,
    pub cluster: &'a str,
    pub zone: &'a Zone,
    /// Whoever walked along, after the one who began.
    pub joined: Vec<String>,
    /// Numbers of the tickets that were raised.
    pub tickets: BTreeMap<TicketId, String>,
    /// Hashes of the photos that are here.
    pub arrived: BTreeSet<String>,
}

/// 组团巡查记录表.
pub fn round_record(language: Language, style: Option<String>, paper: &RoundPaper<'_>) -> String {
    in_language(language, || {
        let title = tr::print::round_title();
        let round = paper.round;
        let moment = |at: Ms| fmt::exact(at, paper.zone);
        let finished = round.finished.map(moment);
        let window = match round.window {
            Some((from, to)) => format!("{} – {}", moment(from), moment(to)),
            None => tr::print::not_scheduled().to_owned(),
        };
        let mut walkers = vec![round.by_name.clone()];
        walkers.extend(paper.joined.iter().cloned());
        let mut tickets: Vec<TicketId> = round.tickets().collect();
        tickets.sort_unstable();
        tickets.dedup();
        let tickets: Vec<String> =
            tickets.into_iter().map(|ticket| number_of(paper, ticket)).collect();
        let steps = round
            .results
            .iter()
            .enumerate()
            .map(|(place, result)| {
                let mut later = round.results.iter().skip(place + 1);
                let replaced = later.any(|other| other.point == result.point);
                step(paper, result, replaced)
            })
            .collect_view();
        let body = view! {
            <h1>{title}</h1>
            <table>
                <tbody>
                    <tr>
                        <th>{tr::print::round()}</th>
                        <td>{round.name.clone()}</td>
                        <th>{tr::print::cluster()}</th>
                        <td>{paper.cluster.to_owned()}</td>
                    </tr>
                    <tr>
                        <th>{tr::print::walked_by()}</th>
                        <td>{fmt::list(&walkers)}</td>
                        <th>{tr::print::date()}</th>
                        <td>{round.date.to_string()}</td>
                    </tr>
                    <tr>
                        <th>{tr::print::window()}</th>
                        <td colspan="3">{window}</td>
                    </tr>
                    <tr>
                        <th>{tr::print::started()}</th>
                        <td>{moment(round.started)}</td>
                        <th>{tr::print::finished()}</th>
                        <td>{finished} " " {round.late.then(|| name_of("rounds", "state_", "done_late"))}</td>
                    </tr>
                    <tr>
                        <th>{tr::print::points()}</th>
                        <td>{format!("{}/{}", round.points_done(), round.points)}</td>
                        <th>{tr::print::tickets()}</th>
                        <td>{if tickets.is_empty() { "0".to_owned() } else { fmt::list(&tickets) }}</td>
                    </tr>
                </tbody>
            </table>
            {steps}
            <p>{tr::print::summary()} " " {round.summary.clone()}</p>
            <p class="sign">
                <span>{tr::print::sign_walker()}</span>
                <span>{tr::print::sign_office()}</span>
            </p>
        };
        document(language, title, style, body.into_any())
    })
}

fn number_of(paper: &RoundPaper<'_>, ticket: TicketId) -> String {
    paper.tickets.get(&ticket).map_or_else(|| "#?".to_owned(), Clone::clone)
}

/// What was found at one point, when; in the order of the way.
fn step(paper: &RoundPaper<'_>, result: &PointResult, replaced: bool) -> AnyView {
    let point = paper.template.and_then(|template| template.point(&result.point));
    let name = point.map_or_else(|| result.point.clone(), |point| point.name.clone());
    let confirmed = match &result.confirmation {
        Confirmation::Code { .. } => tr::print::by_code().to_owned(),
        Confirmation::Hand { reason, usual } => {
            tr::print::by_hand(fmt::hand_reason(*usual, reason))
        }
    };
    let mut flags: Vec<&str> = result
        .flags
        .iter()
        .map(|flag| match flag {
            Flag::TooFast => tr::print::too_fast(),
            Flag::Correction => tr::print::correction(),
            Flag::ByHand => "",
        })
        .filter(|text| !text.is_empty())
        .collect();
    if replaced {
        flags.push(tr::print::replaced());
    }
    let answers = result.answers.iter().map(|answer| line(paper, point, answer)).collect_view();
    view! {
        <section class=if replaced { "step replaced" } else { "step" }>
            <h2>{name}</h2>
            <p>{fmt::exact(result.at, paper.zone)} " · " {confirmed} " " {flags.join(" ")}</p>
            <table>
                <thead>
                    <tr>
                        <th>{tr::print::item()}</th>
                        <th>{tr::print::answer()}</th>
                        <th>{tr::print::note()}</th>
                    </tr>
                </thead>
                <tbody>{answers}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn line(paper: &RoundPaper<'_>, point: Option<&Point>, answer: &ItemAnswer) -> AnyView {
    let item = point.and_then(|point| point.items.iter().find(|item| item.code == answer.item));
    let text = item.map_or_else(|| answer.item.clone(), |item| item.text.clone());
    let unit = item.map_or("", |item| match &item.answer {
        AnswerType::Number { unit, .. } => unit.as_str(),
        _ => "",
    });
    let value = match &answer.answer {
        Answer::Normal => tr::print::normal().to_owned(),
        Answer::Abnormal => tr::print::abnormal().to_owned(),
        Answer::NotApplicable => tr::print::not_applicable().to_owned(),
        Answer::Number { reading } => format!("{} {unit}", fmt::thousandths(*reading)),
        Answer::Text { text } => text.clone(),
        Answer::Photo => String::new(),
    };
    let is_picture = |one: &&Attachment| one.role != AttachmentRole::Voice;
    let pictures: Vec<&Attachment> = answer.photos.iter().filter(is_picture).collect();
    let (here, coming): (Vec<&Attachment>, Vec<&Attachment>) =
        pictures.iter().partition(|one| paper.arrived.contains(&one.sha256.0));
    let ticket = answer.ticket.map(|ticket| tr::print::ticket_raised(number_of(paper, ticket)));
    let alt = text.clone();
    view! {
        <tr>
            <td>{text}</td>
            <td>{value}</td>
            <td>
                {answer.note.clone()} " " {ticket}
                {(!coming.is_empty()).then(|| tr::print::photos_coming(coming.len()))}
                {here
                    .into_iter()
                    .map(|photo| {
                        // 32 mm wide on paper: the small picture has 250 dots an inch.
                        let address = format!("/api/v1/blobs/{}?size=thumb", photo.sha256.0);
                        view! { <img class="thumb" src=address alt=alt.clone()/> }
                    })
                    .collect_view()}
            </td>
        </tr>
    }
    .into_any()
}
