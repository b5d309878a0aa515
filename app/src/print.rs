//! Paper, rendered by the server: the sheet of checkpoint codes and the round record.
//!
//! Rendered synchronously in the language that the reader asks for, so texts are looked up while the
//! view is made.

use domain::modules::rounds::{Answer, AnswerType, Confirmation, Flag, Round, RoundTemplate};
use domain::{Ms, Zone};
use leptos::prelude::*;

use crate::i18n::{Language, fmt, in_language, name_of, tr};

/// One code on the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeCard {
    pub name: String,
    pub cluster: String,
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

/// The codes of a cluster, to be cut out and put up.
pub fn code_sheet(language: Language, style: Option<String>, cards: &[CodeCard]) -> String {
    in_language(language, || {
        let title = tr::print::codes_title();
        let body = view! {
            <h1>{title}</h1>
            <p>{tr::print::codes_note()}</p>
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

/// 组团巡查记录表.
pub fn round_record(
    language: Language,
    style: Option<String>,
    round: &Round,
    template: Option<&RoundTemplate>,
    cluster: &str,
    zone: &Zone,
) -> String {
    in_language(language, || {
        let title = tr::print::round_title();
        let moment = |at: Ms| fmt::exact(at, zone);
        let finished = round.finished.map(moment);
        let rows = round
            .results
            .iter()
            .map(|result| {
                let point = template.and_then(|template| template.point(&result.point));
                let name = point.map_or_else(|| result.point.clone(), |point| point.name.clone());
                let confirmed = match &result.confirmation {
                    Confirmation::Code { .. } => tr::print::by_code().to_owned(),
                    Confirmation::Hand { reason } => tr::print::by_hand(reason),
                };
                let flags: Vec<&str> = result
                    .flags
                    .iter()
                    .map(|flag| match flag {
                        Flag::TooFast => tr::print::too_fast(),
                        Flag::Correction => tr::print::correction(),
                        Flag::ByHand => "",
                    })
                    .filter(|text| !text.is_empty())
                    .collect();
                let answers = result
                    .answers
                    .iter()
                    .map(|answer| {
                        let item = point.and_then(|point| {
                            point.items.iter().find(|item| item.code == answer.item)
                        });
                        let text =
                            item.map_or_else(|| answer.item.clone(), |item| item.text.clone());
                        let unit = item.map_or("", |item| match &item.answer {
                            AnswerType::Number { unit, .. } => unit.as_str(),
                            _ => "",
                        });
                        let value = match &answer.answer {
                            Answer::Normal => tr::print::normal().to_owned(),
                            Answer::Abnormal => tr::print::abnormal().to_owned(),
                            Answer::NotApplicable => tr::print::not_applicable().to_owned(),
                            Answer::Number { reading } => {
                                format!("{} {unit}", fmt::thousandths(*reading))
                            }
                            Answer::Text { text } => text.clone(),
                            Answer::Photo => String::new(),
                        };
                        let photos = (!answer.photos.is_empty())
                            .then(|| tr::print::photos(answer.photos.len()));
                        let ticket = answer.ticket.map(|_| tr::print::ticket_raised());
                        view! {
                            <tr>
                                <td>{text}</td>
                                <td>{value}</td>
                                <td>{answer.note.clone()} " " {photos} " " {ticket}</td>
                            </tr>
                        }
                    })
                    .collect_view();
                view! {
                    <h2>{name}</h2>
                    <p>
                        {moment(result.at)} " · " {confirmed} " " {flags.join(" ")}
                    </p>
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
                }
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
                        <td>{cluster.to_owned()}</td>
                    </tr>
                    <tr>
                        <th>{tr::print::walked_by()}</th>
                        <td>{round.by_name.clone()}</td>
                        <th>{tr::print::date()}</th>
                        <td>{round.date.to_string()}</td>
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
                        <td>{round.tickets().count()}</td>
                    </tr>
                </tbody>
            </table>
            {rows}
            <p>{tr::print::summary()} " " {round.summary.clone()}</p>
            <p class="sign">
                <span>{tr::print::sign_walker()}</span>
                <span>{tr::print::sign_office()}</span>
            </p>
        };
        document(language, title, style, body.into_any())
    })
}
