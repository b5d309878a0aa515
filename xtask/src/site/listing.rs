//! What the build tells of itself: its name, what the service worker keeps, where the server finds what.

use super::{File, Kept, MIN_CLIENT, Mode, hex};
use crate::budget::Part;
use crate::sh::{self, Outcome};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A name for all that a client of this build gets to see.
pub(super) fn build_id(files: &[File], worker: &[u8], mode: Mode) -> Outcome<String> {
    let mut all = Sha256::new();
    let mut add = |name: &str, bytes: &[u8]| all.update(format!("{name}\0{}\n", hex(bytes)));
    for file in files {
        add(&file.url, &file.bytes);
    }
    // Two workers with one name would fill, or fail to fill, one and the same cache.
    add("service-worker.js", worker);
    if mode == Mode::Release {
        // The server makes the shell that the service worker keeps, so a change there is a new build as well.
        for folder in ["server/src", "app/src"] {
            for source in sh::files_below(&sh::root().join(folder))? {
                add(
                    &source.strip_prefix(sh::root()).unwrap_or(&source).to_string_lossy(),
                    &sh::read(&source)?,
                );
            }
        }
    }
    Ok(format!("{:x}", all.finalize())[..16].to_owned())
}

/// The service worker with the list of what it keeps in front: address and hash, so that what a proxy mangled is
/// refused rather than kept.
pub(super) fn service_worker(files: &[File], worker: Vec<u8>, build: &str) -> File {
    let listed = |kept| -> Value {
        let named = |file: &File| {
            json!([file.url, format!("sha256-{}", base64(&Sha256::digest(&file.bytes)))])
        };
        files.iter().filter(|file| file.kept == kept).map(named).collect()
    };
    let mut script = format!(
        "const GUANJIA_BUILD={},GUANJIA_FILES={},GUANJIA_DESK={};\n",
        json!(build),
        listed(Kept::Always),
        listed(Kept::AtTheDesk)
    )
    .into_bytes();
    script.extend(worker);
    let mut file = File::fixed("/service-worker.js", script, Kept::Never);
    file.part = Some(Part::Script);
    file
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > group.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

pub(super) fn assets_json(files: &[File], build: &str) -> Value {
    let named: Map<String, Value> = files
        .iter()
        .filter(|file| !file.key.is_empty())
        .map(|file| (file.key.clone(), json!(file.url)))
        .collect();
    let kept = files.iter().filter(|file| file.kept == Kept::Always).map(|file| file.url.as_str());
    let precache: Vec<&str> = std::iter::once("/shell").chain(kept).collect();
    json!({ "build": build, "min_client": MIN_CLIENT, "files": named, "precache": precache })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_like_everyone_does() {
        let encoded = ["", "f", "fo", "foo", "foob", "管"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "566h"]);
    }
}
