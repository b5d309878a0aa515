//! Inside WeChat's or DingTalk's own browser, where nothing would be kept: how to open the page in
//! the system's browser, and plainly what does not work until then.

use leptos::prelude::*;

use crate::device::install::{can_work_offline, is_embedded_browser, is_ios};
use crate::device::page;
use crate::i18n::tr;
use crate::reactive::{drawn, written};
use crate::ui::{Glyph, Icon};

#[component]
pub fn BrowserNotice() -> impl IntoView {
    let embedded = is_embedded_browser();
    let limited = embedded || !can_work_offline();
    let ios = is_ios();
    let address = page::window().location().origin().unwrap_or_default();
    limited.then(|| {
        view! {
            <aside class="notice soon browser-notice">
                <Glyph icon=Icon::Alert/>
                <div class="stack tight grow">
                    <h2>
                        {drawn(move || if embedded {
                            tr::session::embedded_title()
                        } else {
                            tr::session::limited_title()
                        })}
                    </h2>
                    <p>{written(tr::session::limited_note)}</p>
                    {embedded.then(|| view! {
                        <ol class="steps">
                            <li>{written(tr::session::embedded_step_menu)}</li>
                            <li>
                                {drawn(move || if ios {
                                    tr::session::embedded_step_safari()
                                } else {
                                    tr::session::embedded_step_browser()
                                })}
                            </li>
                            <li>{written(tr::session::embedded_step_install)}</li>
                        </ol>
                    })}
                    <p>
                        {written(tr::session::open_address)}
                        " "
                        <code class="address">{address}</code>
                    </p>
                </div>
            </aside>
        }
    })
}
