//! Closing a job as one guided page: conduct, photos, cause and action, materials and labour,
//! signature. Everything on it, photos and signature too, survives a killed tab.

use std::sync::Arc;

use domain::Refusal;
use domain::id::{OpId, TicketId};
use domain::modules::Command;
use domain::modules::attachments::AttachmentRole;
use domain::modules::tickets::{Denied, Move, Ticket, TicketCode};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::complete_lines::LinesPart;
use super::complete_parts::{ConductPart, MissingList, SignPart, WorkPart, go_to_part, part};
use super::labels;
use super::parts::{Problem, say, use_sending};
use super::ticket_page::{last_known, ticket_here, ticket_id};
use super::view_model::complete::CompleteForm;
use crate::app_context::{use_app, use_draft};
use crate::error_text::error_text;
use crate::i18n::tr;
use crate::modules::outbox::{fixed, restore_photos, use_fix};
use crate::reactive::{derive, drawn, memo, memo_after};
use crate::ui::{
    Button, ButtonLink, Empty, Icon, Notice, Page, PhotoField, Show, Skeleton, Weight, use_photos,
    use_toasts,
};

#[component]
pub fn CompletePage() -> impl IntoView {
    let app = use_app();
    let id = ticket_id();
    let ticket = ticket_here(id);
    let title = derive(move || {
        ticket.with(|ticket| match ticket {
            Some(ticket) => {
                tr::tickets::record_title(labels::kind(ticket.kind), ticket.display_number())
            }
            None => tr::tickets::complete_title().to_owned(),
        })
    });
    let subtitle = derive(move || {
        ticket.with(|ticket| ticket.as_ref().map(|t| t.place.label.clone()).unwrap_or_default())
    });
    let back =
        id.get_untracked().map_or_else(|| "/tickets".to_owned(), |id| format!("/tickets/{id}"));
    // Given to somebody else meanwhile: what is being filled in stays, and is kept as a late move.
    let shown = memo_after(move |before: Option<&Option<TicketId>>| {
        let here = ticket.with(|ticket| ticket.as_ref().map(|ticket| ticket.id));
        here.or_else(|| before.copied().flatten().filter(|before| id.get() == Some(*before)))
    });
    view! {
        <Page title=title subtitle=subtitle back=back bare=true narrow=true>
            {drawn(move || match (shown.get(), ticket.get_untracked()) {
                (Some(_), Some(first)) => view! { <Form first=first live=ticket/> }.into_any(),
                _ if app.status().with(|status| status.first_sync) => view! { <Skeleton/> }.into_any(),
                _ => view! {
                    <Empty
                        icon=Icon::Tickets
                        title=say(tr::tickets::not_here)
                        note=say(tr::tickets::not_here_note)
                    />
                }
                .into_any(),
            })}
        </Page>
    }
}

/// Whether the job can be finished by this person now.
#[derive(Clone, Debug, PartialEq)]
enum Way {
    Open,
    /// Overtaken: what is recorded is kept for the office.
    Late(Refusal),
    Shut(Refusal),
}

#[component]
fn Form(first: Arc<Ticket>, live: Memo<Option<Arc<Ticket>>>) -> impl IntoView {
    let app = use_app();
    let id = first.id;
    let record = format!("/tickets/{id}");
    let query = use_query_map();
    let fix = query.with_untracked(|map| map.get("fix").and_then(|op| op.parse::<OpId>().ok()));
    let key = fix.map_or_else(|| format!("ticket:{id}:complete"), |op| format!("fix:{op}"));
    let restored = app.has_draft(&key);
    let form = use_draft(key.clone(), CompleteForm::new(&first));
    let photos = use_photos(format!("{key}/photos"));
    if !restored {
        use_fix(fix, move |command| {
            if let Command::CompleteTicket(command) = command {
                let before = CompleteForm::of(command);
                restore_photos(app, photos, command.attachments.clone(), move || {
                    form.try_set(before);
                });
            }
        });
    }
    let toasts = use_toasts();
    let sending = use_sending();
    let needs_conduct = first.needs_conduct();
    let is_technical = first.kind.is_technical();
    let category = first.category.clone();
    let place = Signal::stored(first.place.label.clone());
    let ticket = last_known(first, live);
    let way = memo(move || {
        if live.with(Option::is_none) {
            return Way::Late(Refusal::new(TicketCode::ReassignedElsewhere));
        }
        let actor = app.actor();
        ticket.with(|ticket| match ticket.gate(Move::Complete, &actor) {
            Ok(()) => Way::Open,
            Err(Denied::Late(reason)) => Way::Late(reason),
            Err(Denied::Refused(reason)) => Way::Shut(reason),
        })
    });
    let lacking = memo(move || {
        let pictures = photos.attachments();
        form.with(|form| ticket.with(|ticket| form.lacking(ticket, pictures)))
    });
    let navigate = use_navigate();
    let to = record.clone();
    let draft = StoredValue::new(key);
    let submit = Callback::new(move |()| {
        let first_missing = lacking.with_untracked(|all| all.first().copied());
        if let Some(missing) = first_missing {
            go_to_part(missing.part());
            return;
        }
        let pictures = untrack(|| photos.attachments());
        let command = form.with_untracked(|form| form.command(id, pictures));
        // What the missing list does not know (a text too long) is said by the rule itself.
        if let Err(refusal) = ticket.with_untracked(|ticket| command.check(ticket)) {
            sending.problem.set(Some(refusal));
            return;
        }
        let blobs = photos.blobs(&command.attachments);
        let navigate = navigate.clone();
        let to = to.clone();
        let done = Callback::new(move |()| {
            fixed(app, toasts, fix);
            navigate(&to, Default::default());
        });
        let text = labels::move_done(Move::Complete);
        sending.send(vec![command.into()], blobs, Some(draft.get_value()), text, done);
    });
    let first_part = usize::from(needs_conduct);
    view! {
        {drawn(move || match way.get() {
            // What is being saved here is not what somebody else did.
            _ if sending.busy.get() => ().into_any(),
            Way::Open => ().into_any(),
            Way::Late(reason) => {
                let text = tr::tickets::complete_late(error_text(&reason));
                view! { <Notice text=Signal::stored(text)/> }.into_any()
            }
            Way::Shut(reason) => {
                let text = error_text(&reason);
                let href = record.clone();
                view! {
                    <Notice tone="late" text=Signal::stored(text)>
                        <ButtonLink text=say(tr::tickets::to_record) href=href/>
                    </Notice>
                }
                .into_any()
            }
        })}
        <Show when=move || restored>
            <Notice tone="ok" text=say(tr::common::draft_restored)/>
        </Show>
        {needs_conduct.then(|| view! { <ConductPart form=form/> })}
        {part(
            "pictures",
            first_part + 1,
            say(tr::tickets::part_photos),
            view! {
                <PhotoField
                    label=say(tr::tickets::photos_before)
                    photos=photos
                    role=AttachmentRole::Before
                    place=place
                />
                <PhotoField
                    label=say(tr::tickets::photos_after)
                    photos=photos
                    role=AttachmentRole::After
                    place=place
                    hint=derive(move || {
                        if is_technical { tr::tickets::after_needed().to_owned() } else { String::new() }
                    })
                />
            }
            .into_any(),
        )}
        <WorkPart form=form number=first_part + 2 category=category/>
        <LinesPart form=form number=first_part + 3/>
        <SignPart form=form photos=photos number=first_part + 4/>
        <MissingList missing=lacking/>
        <Problem sending=sending/>
        <Show when=move || !matches!(way.get(), Way::Shut(_))>
            <div class="action-bar">
                <Button
                    text=say(tr::tickets::complete_submit)
                    on_press=submit
                    weight=Weight::Primary
                    large=true
                    icon=Icon::Check
                    busy=photos.or_busy(sending.busy)
                />
            </div>
        </Show>
    }
}
