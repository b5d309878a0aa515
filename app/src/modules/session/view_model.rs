//! What the sign-in page is told by the page it was loaded with.

use serde::Deserialize;

/// The accounts of a demo company, which its server writes into the page
/// (`<meta name="guanjia-demo" content='{"password":…,"accounts":[…]}'>`); a real company has none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Demo {
    pub password: String,
    pub accounts: Vec<DemoAccount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DemoAccount {
    pub account: String,
    pub name: String,
    /// `Role::name` of the first role.
    pub role: String,
}

/// Reads what the server wrote; anything else is no demo.
pub fn demo(content: &str) -> Option<Demo> {
    let demo: Demo = domain::json::from_str(content).ok()?;
    (!demo.accounts.is_empty()).then_some(demo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_offers_its_accounts_and_a_real_company_none() {
        let told = r#"{"password":"p","accounts":[{"account":"guanjia1","name":"林晓梅","role":"steward"}]}"#;
        let demo = demo(told).expect("a demo");
        assert_eq!(demo.accounts[0].account, "guanjia1");
        for other in ["", "1", r#"{"password":"p","accounts":[]}"#] {
            assert_eq!(super::demo(other), None, "{other}");
        }
    }
}
