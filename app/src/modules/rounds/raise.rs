//! A fault reported from an item in one tap: recorded at once, with its photos, and named in the
//! answer.

use domain::Refusal;
use domain::id::{ClusterId, RoundId, TicketId};
use domain::modules::rounds::{Checkpoint, Item};
use leptos::prelude::*;

use super::view_model::walk::{Finding, ItemForm};
use crate::app_context::App;
use crate::ui::Photos;

/// Where a fault is found.
#[derive(Clone, Copy)]
pub struct Place {
    pub round: RoundId,
    pub cluster: ClusterId,
    pub checkpoint: Memo<Option<Checkpoint>>,
    /// The place in words.
    pub label: Memo<String>,
}

/// Opens the ticket; comes back when it is on the disk.
pub async fn raise(
    app: App,
    place: Place,
    item: &Item,
    form: &ItemForm,
    photos: Photos,
) -> Result<TicketId, Refusal> {
    let ticket = TicketId(app.new_id());
    let new = untrack(|| photos.attachments());
    let shown: Vec<_> = form.earlier.iter().chain(&new).cloned().collect();
    let blobs = photos.blobs(&new);
    let checkpoint = place.checkpoint.get_untracked();
    let finding = Finding {
        ticket,
        round: place.round,
        cluster: place.cluster,
        checkpoint: checkpoint.as_ref(),
        place: place.label.get_untracked(),
        item,
        form,
        photos: &shown,
    };
    let command = finding.command();
    app.send(vec![command.into()], blobs, None).await?;
    Ok(ticket)
}
