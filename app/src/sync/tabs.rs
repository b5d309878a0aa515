//! Several tabs of one user: one leads by a web lock, all tell each other what changed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use domain::sync::record::Scope;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, MessageEvent};

use super::driver::{self, Driver};
use super::status::Standing;
use super::{events, report};
use crate::device::page;

/// What one tab says to the others. Only a hint: the truth is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Commands were recorded or answered.
    Queue,
    /// Rows of a scope were pulled.
    Rows(Scope),
    /// The server announced something new.
    Head,
    /// A person wants it to be tried now.
    Now,
    /// A tab has opened and knows nothing yet.
    Ask,
    /// How the one that leads stands with the server.
    Stands(Standing),
}

impl Hint {
    fn text(&self) -> String {
        match self {
            Hint::Queue => "queue".into(),
            Hint::Rows(scope) => format!("rows {scope}"),
            Hint::Head => "head".into(),
            Hint::Now => "now".into(),
            Hint::Ask => "ask".into(),
            Hint::Stands(standing) => {
                format!("stands {}", serde_json::to_string(standing).unwrap_or_default())
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "queue" => Some(Hint::Queue),
            "head" => Some(Hint::Head),
            "now" => Some(Hint::Now),
            "ask" => Some(Hint::Ask),
            _ => match text.split_once(' ')? {
                ("rows", scope) => scope.parse().ok().map(Hint::Rows),
                ("stands", standing) => domain::json::from_str(standing).ok().map(Hint::Stands),
                _ => None,
            },
        }
    }
}

type Handler = Closure<dyn Fn(MessageEvent)>;

pub struct Tabs {
    channel: BroadcastChannel,
    handler: RefCell<Option<Handler>>,
}

impl Tabs {
    pub fn open(name: &str) -> Option<Self> {
        let channel = BroadcastChannel::new(name).ok()?;
        Some(Self { channel, handler: RefCell::new(None) })
    }

    pub fn tell(&self, hint: &Hint) {
        let _ = self.channel.post_message(&JsValue::from_str(&hint.text()));
    }

    pub fn close(&self) {
        self.channel.set_onmessage(None);
        self.channel.close();
        self.handler.borrow_mut().take();
    }

    pub fn listen(&self, driver: &Rc<Driver>) {
        let inbox = Rc::new(Inbox { driver: Rc::downgrade(driver), ..Inbox::default() });
        let handler = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(hint) = event.data().as_string().as_deref().and_then(Hint::parse) {
                inbox.clone().take(hint);
            }
        });
        self.channel.set_onmessage(Some(handler.as_ref().unchecked_ref()));
        *self.handler.borrow_mut() = Some(handler);
    }
}

/// Hints that have still to be followed: many come at once, one look at the store serves them all.
#[derive(Default)]
struct Inbox {
    driver: std::rc::Weak<Driver>,
    scopes: RefCell<BTreeSet<Scope>>,
    planned: Cell<bool>,
}

impl Inbox {
    fn take(self: Rc<Self>, hint: Hint) {
        let Some(driver) = self.driver.upgrade() else { return };
        match hint {
            Hint::Head => return driver.app.notify_heads(),
            Hint::Ask => return report::answer(&driver),
            Hint::Stands(standing) => return report::follow(&driver, standing),
            Hint::Now => {
                driver.core.engine.unpause();
                return driver::wake();
            }
            Hint::Rows(scope) => {
                self.scopes.borrow_mut().insert(scope);
            }
            // At once: timers of a tab in the background may wait for a minute.
            Hint::Queue if driver.leader.get() => driver.wake_senders(),
            Hint::Queue => {}
        }
        if self.planned.replace(true) {
            return;
        }
        page::after(150, move || {
            self.planned.set(false);
            let scopes = std::mem::take(&mut *self.scopes.borrow_mut());
            spawn_local(follow(driver, scopes));
        });
    }
}

async fn follow(driver: Rc<Driver>, reload: BTreeSet<Scope>) {
    let engine = &driver.core.engine;
    for scope in driver.core.scopes() {
        // An error here is only a late picture; the next hint or pull draws it again.
        if reload.contains(&scope) {
            let _ = engine.load(scope).await;
        } else {
            let _ = engine.refresh(scope).await;
        }
    }
    report::publish(&driver).await;
    driver.app.notify_queue();
}

/// Leads as soon as no other tab of this user does. Without web locks every tab leads: sync bears
/// that, it only costs more.
pub fn lead(driver: &Rc<Driver>, name: &str) {
    let locks = page::property(&page::window().navigator(), "locks");
    let request = page::property(&locks, "request").dyn_into::<Function>();
    let Ok(request) = request else { return take_the_lead(driver) };
    let waiting = Rc::downgrade(driver);
    let granted = Closure::once_into_js(move || -> JsValue {
        let Some(driver) = waiting.upgrade().filter(|driver| driver.is_current()) else {
            return JsValue::UNDEFINED;
        };
        // The lock is held until this promise ends: at sign-out, or with the tab.
        let held = Promise::new(&mut |resolve, _| driver.hold_lock(resolve));
        take_the_lead(&driver);
        held.into()
    });
    if request.call2(&locks, &JsValue::from_str(name), &granted).is_err() {
        take_the_lead(driver);
    }
}

fn take_the_lead(driver: &Rc<Driver>) {
    driver.core.engine.begins_to_lead();
    driver.leader.set(true);
    events::ensure(driver);
    driver.wake_all();
    driver.app.check_session();
}

/// Asks the browser to wake the service worker when the network is back. An extra: few have it.
pub fn register_background_sync() {
    let workers = page::property(&page::window().navigator(), "serviceWorker");
    // Without a worker in charge `ready` would never come.
    if !page::property(&workers, "controller").is_object() {
        return;
    }
    let Ok(ready) = page::property(&workers, "ready").dyn_into::<Promise>() else { return };
    spawn_local(async move {
        let Ok(registration) = wasm_bindgen_futures::JsFuture::from(ready).await else { return };
        let sync = page::property(&registration, "sync");
        let Ok(register) = Reflect::get(&sync, &"register".into()) else { return };
        if let Some(register) = register.dyn_ref::<Function>()
            && let Ok(promise) = register.call1(&sync, &"guanjia-push".into())
        {
            let _ = wasm_bindgen_futures::JsFuture::from(Promise::resolve(&promise)).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::ProjectId;

    #[test]
    fn every_hint_is_understood_by_the_other_tab() {
        let project = Scope::Project(ProjectId::derived(&["p"]));
        let standing = Standing {
            online: false,
            offline_since: Some(domain::Ms(5)),
            paused: Some(domain::sync::client::Paused::OtherUser),
            last_error: Some("sync.wrong_device".into()),
        };
        for hint in [
            Hint::Queue,
            Hint::Rows(Scope::Company),
            Hint::Rows(project),
            Hint::Head,
            Hint::Now,
            Hint::Ask,
            Hint::Stands(standing),
        ] {
            assert_eq!(Hint::parse(&hint.text()), Some(hint));
        }
        for strange in ["of a newer build", "stands", "stands {\"paused\":\"of_a_newer_build\"}"] {
            assert_eq!(Hint::parse(strange), None);
        }
    }
}
