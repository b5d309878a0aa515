//! Looks: light, dark, high contrast, or as the system has it; kept on this device.

use crate::device::page::{self, document};
use crate::i18n::tr;

const KEY: &str = "guanjia.theme";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
    Contrast,
}

impl Theme {
    pub const ALL: [Theme; 4] = [Theme::System, Theme::Light, Theme::Dark, Theme::Contrast];

    /// As in storage and in `data-theme`.
    pub fn key(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Contrast => "contrast",
        }
    }

    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Theme::System => tr::more::theme_system(),
            Theme::Light => tr::more::theme_light(),
            Theme::Dark => tr::more::theme_dark(),
            Theme::Contrast => tr::more::theme_contrast(),
        }
    }
}

/// What was chosen on this device.
pub fn stored_theme() -> Theme {
    let stored: Option<String> = page::stored(KEY);
    stored.as_deref().and_then(Theme::of).unwrap_or_default()
}

fn show(theme: Theme) {
    let Some(root) = document().document_element() else { return };
    // The attribute names what it stands for; without one the style sheet asks the system. A
    // browser refuses neither.
    let _ = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        chosen => root.set_attribute("data-theme", chosen.key()),
    };
}

/// Shows what was chosen; called once at the start, before anything is drawn.
pub fn restore_theme() {
    show(stored_theme());
}

/// Shows another theme and keeps that.
pub fn switch_theme(theme: Theme) {
    show(theme);
    // Not being able to keep it (private mode) is no reason not to switch.
    page::keep(KEY, &theme.key());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_theme_is_found_again_and_nonsense_is_the_systems() {
        for theme in Theme::ALL {
            assert_eq!(Theme::of(theme.key()), Some(theme));
        }
        assert_eq!(Theme::of("neon").unwrap_or_default(), Theme::System);
    }
}
