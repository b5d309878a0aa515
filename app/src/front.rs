//! What a first visit sees before the rest of the program has arrived: the sign-in page.

use leptos::prelude::*;

use crate::device::page;
use crate::modules::session::SignInPage;
use crate::reactive::drawn;
use crate::ui::{ToastRegion, UpdatePrompt};

/// What is shown, and what the sign-in page has to know; made once with `Door::provide`.
#[derive(Clone, Copy)]
pub struct Door {
    /// Makes the pages. Before somebody is signed in there are none.
    pages: RwSignal<Option<fn() -> AnyView>>,
    online: RwSignal<bool>,
    /// Somebody is signed in, and what this phone keeps of theirs did not open.
    shut: RwSignal<bool>,
    /// Of the root, for what is made later and lives as long as the page.
    owner: StoredValue<Owner>,
}

/// The door of the page.
pub fn use_door() -> Door {
    expect_context::<Door>()
}

impl Door {
    /// Makes it under the current owner, which has to be the root's.
    pub fn provide() -> Self {
        let online = page::window().navigator().on_line();
        let owner = Owner::current().expect("the root has an owner");
        let door = Door {
            pages: RwSignal::new(None),
            online: RwSignal::new(online),
            shut: RwSignal::new(false),
            owner: StoredValue::new(owner),
        };
        let window = page::window();
        page::listen(&window, "online", move |_| door.set_online(true));
        page::listen(&window, "offline", move |_| door.set_online(false));
        provide_context(door);
        door
    }

    pub fn owner(self) -> Owner {
        self.owner.get_value()
    }

    /// There is a network, as far as is known. Tracked.
    pub fn is_online(self) -> bool {
        self.online.get()
    }

    /// Tracked.
    pub fn is_shut(self) -> bool {
        self.shut.get()
    }

    pub fn set_shut(self, shut: bool) {
        self.shut.try_set(shut);
    }

    pub fn set_online(self, online: bool) {
        if self.online.try_get_untracked().is_some_and(|known| known != online) {
            self.online.set(online);
        }
    }

    /// From now on the pages are shown; they show the sign-in page themselves when nobody is signed in.
    pub fn show(self, pages: fn() -> AnyView) {
        if self.pages.with_untracked(Option::is_none) {
            self.pages.set(Some(pages));
        }
    }
}

/// The root of the page.
#[component]
pub fn Front() -> impl IntoView {
    let door = use_door();
    view! {
        {drawn(move || match door.pages.get() {
            Some(pages) => pages(),
            None => view! { <SignInPage/> }.into_any(),
        })}
        <UpdatePrompt/>
        <ToastRegion/>
    }
}
