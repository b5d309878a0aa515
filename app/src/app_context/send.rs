//! Recording what a person did: decided, stored durably, shown, sent when there is a network.

use domain::Refusal;
use domain::id::OpId;
use domain::modules::Command;
use domain::refusal::CommonCode;
use domain::sync::client::{Draft, Moment, NewBlob, Preview};
use leptos::prelude::*;

use super::App;
use crate::clock;
use crate::device::storage;
use crate::sync::{driver, http};

impl App {
    /// Records commands with their photos, all or nothing. Comes back when they are on the disk:
    /// only then may a page say "saved". A refusal is of the rules as this phone knows them, or says
    /// that the phone could not store; nothing was recorded then and the form keeps its content.
    ///
    /// `client.quota_full` with photos means that the photos do not fit: a reserve is kept so that the
    /// same commands without them still do. Offer that.
    ///
    /// `draft` is the key of the draft that this finishes; it is removed in the same transaction.
    pub async fn send(
        self,
        commands: Vec<Command>,
        blobs: Vec<NewBlob>,
        draft: Option<String>,
    ) -> Result<(), Refusal> {
        self.send_previewed(commands, blobs, draft).await.map(|_| ())
    }

    /// `send`, with what the commands did to the replica: merged, in conflict, or waiting for a
    /// record that this phone does not have.
    pub async fn send_previewed(
        self,
        commands: Vec<Command>,
        blobs: Vec<NewBlob>,
        draft: Option<String>,
    ) -> Result<Vec<Preview>, Refusal> {
        let core = self.core().ok_or_else(|| Refusal::new(CommonCode::SignInExpired))?;
        let mut drafts = Vec::with_capacity(commands.len());
        for command in commands {
            let scope = self.scope_of(&command);
            let scope = scope.ok_or_else(|| Refusal::new(CommonCode::WrongScope))?;
            let op = OpId(clock::new_uuid());
            drafts.push(Draft { scope, op, command, draft: draft.clone() });
        }
        let bytes = blobs.iter().map(|blob| blob.bytes.len() as u64).sum();
        if bytes > 0 && !storage::has_room_for(bytes).await {
            return Err(Refusal::new(CommonCode::QuotaFull));
        }
        let moment = Moment { at_device: clock::device_now(), offset: http::clock_offset() };
        let genuine = self.genuine.get_value();
        let is_genuine = |code: &str| genuine.contains(code);
        // From here on the form is being finished: what is still typed into it is no draft.
        let saved = draft.as_deref().map(|key| core.hold_draft(key)).unwrap_or_default();
        let (recorded, pictures) = (drafts.len(), blobs.len());
        let result = core.engine.record(drafts, blobs, moment, &is_genuine).await;
        match result {
            Ok(previews) => {
                if let Some(key) = &draft {
                    core.forget_draft(key);
                }
                let changed = core.engine.replica.borrow_mut().kinds_changed();
                self.notify_kinds(&changed);
                self.notify_queue();
                // Counted again in a moment. Until then the badge must not say that all is with the
                // server, while the page says that something was saved.
                let mut status = self.status_now();
                status.waiting += recorded;
                status.uploading += pictures;
                self.set_status(status);
                driver::recorded(self);
                Ok(previews)
            }
            Err(error) => {
                for (key, text) in saved {
                    core.keep_draft(&key, Some(text));
                }
                Err(error.refusal())
            }
        }
    }
}
