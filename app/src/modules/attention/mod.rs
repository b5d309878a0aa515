//! To settle 待裁定: refused and conflicting commands of all devices, for whoever decides.

mod attention_page;

pub use attention_page::AttentionPage;
