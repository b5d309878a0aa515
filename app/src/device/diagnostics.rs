//! What helps whoever looks into a problem: facts about this phone, nothing about residents.

use domain::Refusal;
use domain::refusal::CommonCode;
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{install, page};
use crate::app_context::App;
use crate::i18n;

impl App {
    /// Offers the facts as a file.
    pub fn export_diagnostics(self) -> Result<(), Refusal> {
        let text = self.diagnostics().to_string();
        let parts = Array::of1(&JsValue::from_str(&text));
        page::download("guanjia-diagnostics.json", "application/json", &parts).map_err(|error| {
            Refusal::new(CommonCode::StorageFailed).with("why", page::describe(&error))
        })
    }

    /// Build, browser, sync, store.
    pub fn diagnostics(self) -> serde_json::Value {
        let status = self.status().get_untracked();
        let session = self.session().get_untracked();
        let agent = page::window().navigator().user_agent().unwrap_or_default();
        serde_json::json!({
            "build": page::boot_data("data-build"),
            "client": domain::sync::CLIENT,
            "at": self.instant(),
            "agent": agent,
            "language": i18n::current().tag(),
            "installed": install::is_installed(),
            "works_offline": install::can_work_offline(),
            "user": session.as_ref().map(|session| session.actor.user),
            "device": session.as_ref().map(|session| session.device.id),
            "roles": session.as_ref().map(|session| session.actor.roles.clone()),
            "sync": {
                "online": status.online,
                "leader": status.leader,
                "waiting": status.waiting,
                "uploading": status.uploading,
                "attention": status.attention,
                "held": status.held,
                "unsecured": status.unsecured,
                "paused": status.paused.map(|why| format!("{why:?}")),
                "last_error": status.last_error,
                "last_sync": status.last_sync,
                "clock_offset": status.clock_offset,
            },
        })
    }
}
