//! Installing and updating: what the boot script announces, as signals; and what this device is.

use leptos::prelude::*;

use super::page;

/// What the browser offers. Make it once with `Install::provide`.
#[derive(Clone, Copy)]
pub struct Install {
    /// A new version waits for a clean moment.
    pub update_ready: RwSignal<bool>,
    /// The browser would install the app.
    pub install_ready: RwSignal<bool>,
}

impl Install {
    pub fn provide() -> Self {
        // What was announced before the program had arrived.
        let state = page::property(&page::window(), "guanjia_state");
        let was = |name| page::property(&state, name).as_bool().unwrap_or(false);
        let install = Install {
            update_ready: RwSignal::new(was("updateReady")),
            install_ready: RwSignal::new(was("installReady")),
        };
        let window = page::window();
        let set = |event: &str, signal: RwSignal<bool>, value: bool| {
            page::listen(&window, event, move |_| {
                signal.try_set(value);
            });
        };
        set("guanjia:update-ready", install.update_ready, true);
        set("guanjia:install-ready", install.install_ready, true);
        set("guanjia:installed", install.install_ready, false);
        set("guanjia:install-answer", install.install_ready, false);
        provide_context(install);
        install
    }

    /// Switches to the new version and reloads; drafts were kept as they were typed.
    pub fn apply_update(self) {
        page::tell("guanjia:apply-update");
    }

    pub fn install(self) {
        page::tell("guanjia:install");
    }
}

pub fn use_install() -> Install {
    expect_context::<Install>()
}

fn user_agent() -> String {
    page::window().navigator().user_agent().unwrap_or_default()
}

/// Running as an installed app, not in a browser's tab.
pub fn is_installed() -> bool {
    let standalone = page::window().match_media("(display-mode: standalone)").ok().flatten();
    standalone.is_some_and(|query| query.matches())
        || page::property(&page::window().navigator(), "standalone").as_bool() == Some(true)
}

/// Inside the browser of a chat app, where service workers and storage may be missing: the page
/// then shows how to open it in the system's browser.
pub fn is_embedded_browser() -> bool {
    is_embedded(&user_agent())
}

/// The app can be opened without a network here.
pub fn can_work_offline() -> bool {
    !page::property(&page::window().navigator(), "serviceWorker").is_undefined()
}

/// Safari installs from its share menu and announces nothing.
pub fn is_ios() -> bool {
    let agent = user_agent();
    agent.contains("iPhone") || agent.contains("iPad")
}

/// "Android · Chrome": how this device is listed at the office.
pub fn device_name() -> String {
    name_of(&user_agent())
}

fn is_embedded(agent: &str) -> bool {
    ["MicroMessenger", "DingTalk", "QQ/", "Lark/", "Feishu", "Weibo"]
        .iter()
        .any(|name| agent.contains(name))
}

fn name_of(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let system = first(&[
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("DingTalk", "DingTalk"),
        ("Edg", "Edge"),
        ("HuaweiBrowser", "Huawei"),
        ("MiuiBrowser", "MIUI"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    format!("{} · {}", system.unwrap_or("?"), browser.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_office_recognises_a_phone_by_its_name() {
        let pixel = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36";
        assert_eq!(name_of(pixel), "Android · Chrome");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
        assert_eq!(name_of(iphone), "iPhone · Safari");
    }

    #[test]
    fn a_chat_app_is_not_taken_for_a_browser() {
        let wechat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.50";
        assert!(is_embedded(wechat));
        assert_eq!(name_of(wechat), "Android · WeChat");
        assert!(!is_embedded("Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0 Safari/537.36"));
    }
}
