//! Checkpoint codes: what the QR code on the wall says, and which part of it is signed.
//!
//! `GJ1.<site>.<checkpoint>.<version>.<signature>`. The signature (P-256, raw `r‖s`, base64url
//! without padding) is over everything before its dot. It is checked outside, by WebCrypto on the
//! phone and by the server's own key; a copied code still passes, which is why timings are judged.

use crate::id::{CheckpointId, ProjectId};
use crate::refusal::Refusal;

use super::RoundCode;

const PREFIX: &str = "GJ1";
/// Longer than any code of ours, shorter than what a scanner could choke on.
const MAX_LEN: usize = 320;

/// What a code says. That it says so in our form does not make it genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedCode {
    pub site: String,
    pub checkpoint: CheckpointId,
    pub version: u32,
    /// base64url, unpadded.
    pub signature: String,
}

/// The site on a project's codes: the first eight hex digits of its id.
pub fn site_of(project: ProjectId) -> String {
    project.to_string().chars().take(8).collect()
}

/// The text that is signed.
pub fn signed_text(site: &str, checkpoint: CheckpointId, version: u32) -> String {
    format!("{PREFIX}.{site}.{checkpoint}.{version}")
}

/// The text of the code on the wall.
pub fn render(site: &str, checkpoint: CheckpointId, version: u32, signature: &str) -> String {
    format!("{}.{signature}", signed_text(site, checkpoint, version))
}

/// Reads a scanned text. Anything that is not exactly a code of ours is refused as forged.
pub fn parse(text: &str) -> Result<ScannedCode, Refusal> {
    split(text).ok_or_else(|| Refusal::new(RoundCode::CodeForged))
}

fn split(text: &str) -> Option<ScannedCode> {
    if text.len() > MAX_LEN {
        return None;
    }
    let mut parts = text.split('.');
    let mut part = || parts.next();
    let (prefix, site, checkpoint, version, signature) =
        (part()?, part()?, part()?, part()?, part()?);
    if parts.next().is_some() || prefix != PREFIX || signature.is_empty() {
        return None;
    }
    if site.len() != 8 || !site.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    if !signature.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return None;
    }
    let code = ScannedCode {
        site: site.to_owned(),
        checkpoint: checkpoint.parse().ok()?,
        version: version.parse().ok()?,
        signature: signature.to_owned(),
    };
    // Only the canonical spelling, so that one code has one text ("+1", upper-case ids do not pass).
    let canonical = render(site, code.checkpoint, code.version, signature) == text;
    (canonical && code.version > 0).then_some(code)
}

impl ScannedCode {
    /// The text whose signature this code carries.
    pub fn signed_text(&self) -> String {
        signed_text(&self.site, self.checkpoint, self.version)
    }
}

#[cfg(test)]
#[path = "tests/code.rs"]
mod tests;
