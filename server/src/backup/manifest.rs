//! What a back-up says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use domain::Ms;
use domain::modules::attachments::Sha256Hex;
use domain::sync::Scope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OrSay, Outcome, words};
use crate::db::migrate;

/// Raised when an older build could not read a back-up of this one.
pub const FORMAT: u32 = 1;
/// Its name in the folder of a back-up.
pub const MANIFEST: &str = "manifest.json";

/// Where a scope's log ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadOf {
    pub seq: u64,
    pub hash: String,
}

/// A file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOf {
    pub bytes: u64,
    pub sha256: String,
}

/// The attachments that were secured with a back-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobsOf {
    pub count: u64,
    pub bytes: u64,
    /// Named by applied commands, and not here when the back-up was made: still on a phone, or lost.
    pub missing: Vec<Sha256Hex>,
    /// Were here, and were not what their name says any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<Sha256Hex>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// UTC milliseconds.
    pub made_at: Ms,
    /// The build that made it.
    pub build: String,
    pub schema: i64,
    pub epoch: Uuid,
    pub heads: BTreeMap<Scope, HeadOf>,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    pub database: FileOf,
    /// The key of the checkpoint codes, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_key: Option<FileOf>,
    pub blobs: BlobsOf,
}

impl Manifest {
    /// Reads the manifest of a back-up that this build can read.
    pub fn read(folder: &Path) -> Outcome<Self> {
        let path = folder.join(MANIFEST);
        let shown = path.display();
        let text = fs::read_to_string(&path).or_say((
            &format!("这里没有备份：{shown}"),
            &format!("There is no back-up here, {shown}"),
        ))?;
        let manifest: Self = serde_json::from_str(&text).or_say((
            &format!("备份清单 {shown} 已损坏"),
            &format!("The manifest of the back-up, {shown}, is damaged"),
        ))?;
        if manifest.format > FORMAT || manifest.schema > migrate::known() {
            return Err(words(
                "备份来自更新的版本，请用新版程序恢复",
                format!(
                    "The back-up is of a newer build (format {}, schema {}); restore it with that one",
                    manifest.format, manifest.schema
                ),
            ));
        }
        Ok(manifest)
    }

    /// What is written.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain data with text keys")
    }
}

/// The back-ups in a folder, oldest first. What is not whole has no manifest and is none.
pub fn list(root: &Path) -> Vec<(PathBuf, Manifest)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| is_name(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| Some((entry.path(), Manifest::read(&entry.path()).ok()?)))
        .collect();
    found.sort_by(|a, b| (a.1.made_at, &a.0).cmp(&(b.1.made_at, &b.0)));
    found
}

/// Whether a folder is called as back-ups are: by their moment in UTC, which sorts.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit()) && name.contains('T') && name.contains('Z')
}

/// The name of a back-up.
pub fn name(at: Ms) -> String {
    let moment = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    moment.format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_up_is_named_by_its_moment_in_utc() {
        let name = name(Ms(1_795_226_400_123));
        assert_eq!(name, "20261121T020000Z");
        assert!(is_name(&name));
        assert!(!is_name(".partial-20261121T020000Z") && !is_name("blobs") && !is_name("unsound"));
    }
}
