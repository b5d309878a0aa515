//! What the command line says, in the two languages of those who run it: Chinese, then English.
//!
//! Refusals are said with the app's own texts; what only the command line says stands in its code.

use std::fmt;

use app::error_text::error_text;
use app::i18n::{Language, in_language};
use domain::Refusal;

/// One sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub zh: String,
    pub en: String,
}

impl Words {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

impl From<&Refusal> for Words {
    fn from(refusal: &Refusal) -> Self {
        let text = |language| in_language(language, || error_text(refusal));
        Self { zh: text(Language::ZhHans), en: text(Language::En) }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.zh, self.en)
    }
}

#[cfg(test)]
mod tests {
    use domain::modules::accounts::AccountCode;

    use super::*;

    #[test]
    fn a_refusal_is_said_in_both_languages_and_never_as_its_code() {
        let refusal = Refusal::new(AccountCode::NameTaken).with("account", "limin");
        let words = Words::from(&refusal);
        assert!(words.zh.contains("limin") && words.zh.contains("已被使用"), "{words}");
        assert!(words.en.contains("limin") && words.en.contains("taken"), "{words}");
        assert!(!words.to_string().contains("accounts.name_taken"));
    }
}
