//! The key that signs checkpoint codes, so that a home-made QR code does not pass for a walked round.
//!
//! Kept as a file beside the attachments rather than in the database: whoever gets hold of a copy of
//! the database cannot print codes. Losing it voids every code on the walls, hence "back it up".

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::CheckpointId;
use domain::modules::rounds::code;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};

use crate::clock::Clock;

/// Its name in the data folder.
pub const FILE: &str = "checkpoint-codes.pem";

/// The company's P-256 key for checkpoint codes.
pub struct CodeKey {
    signing: SigningKey,
    verifying: VerifyingKey,
}

impl CodeKey {
    fn new(signing: SigningKey) -> Self {
        Self { verifying: *signing.verifying_key(), signing }
    }

    /// Reads the key of a data folder; makes it at the first start.
    pub fn load_or_create(data: &Path, clock: &Clock) -> Result<Self, String> {
        let path = data.join(FILE);
        let problem = |what: &str, e: &dyn std::fmt::Display| {
            format!("The key for checkpoint codes, {}, {what}: {e}.", path.display())
        };
        match std::fs::read_to_string(&path) {
            Ok(pem) => {
                let key = SigningKey::from_pkcs8_pem(&pem)
                    .map_err(|e| problem("is damaged; restore it from a back-up", &e))?;
                return Ok(Self::new(key));
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(problem("cannot be read", &e)),
        }
        let key = fresh(clock);
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| problem("cannot be encoded", &e))?;
        match write_once(data, &path, pem.as_bytes()) {
            Ok(()) => Ok(Self::new(key)),
            // Another node made it at the same moment; there must be only one.
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                Self::load_or_create(data, clock)
            }
            Err(e) => Err(problem("cannot be written", &e)),
        }
    }

    /// Whether a scanned text carries this company's signature.
    pub fn is_genuine(&self, text: &str) -> bool {
        let Ok(scanned) = code::parse(text) else { return false };
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(&scanned.signature) else { return false };
        let Ok(signature) = Signature::from_slice(&bytes) else { return false };
        self.verifying.verify(scanned.signed_text().as_bytes(), &signature).is_ok()
    }

    /// The text of the code to print for a checkpoint.
    pub fn sign(&self, site: &str, checkpoint: CheckpointId, version: u32) -> String {
        let text = code::signed_text(site, checkpoint, version);
        let signature: Signature = self.signing.sign(text.as_bytes());
        code::render(site, checkpoint, version, &URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The public half for phones: uncompressed SEC1, base64url.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.verifying.to_encoded_point(false).as_bytes())
    }
}

fn fresh(clock: &Clock) -> SigningKey {
    loop {
        // All but one in 2^32 numbers of 256 bits are keys.
        if let Ok(key) = SigningKey::from_slice(&clock.random::<32>()) {
            return key;
        }
    }
}

/// Writes a file that only the owner may read, durably, and never over another one.
fn write_once(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = folder.join(format!("{FILE}.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // A link fails where the name exists; renaming would replace the key of another node.
    let linked = std::fs::hard_link(&partial, path);
    std::fs::remove_file(&partial)?;
    linked?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("guanjia-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_code_signed_before_a_restart_is_genuine_after_it() {
        let folder = folder("code-key");
        let checkpoint = CheckpointId::derived(&["lobby"]);
        let code = CodeKey::load_or_create(&folder, &Clock::system())
            .unwrap()
            .sign("0123abcd", checkpoint, 1);
        let again = CodeKey::load_or_create(&folder, &Clock::system()).unwrap();
        assert!(again.is_genuine(&code));
        assert!(!again.is_genuine(&code.replace("0123abcd", "0123abce")));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_code_signed_by_somebody_else_is_not_genuine() {
        let (ours, theirs) = (folder("code-key-ours"), folder("code-key-theirs"));
        let checkpoint = CheckpointId::derived(&["lobby"]);
        let forged = CodeKey::load_or_create(&theirs, &Clock::system())
            .unwrap()
            .sign("0123abcd", checkpoint, 1);
        assert!(!CodeKey::load_or_create(&ours, &Clock::system()).unwrap().is_genuine(&forged));
        for folder in [ours, theirs] {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("code-key-mode");
        CodeKey::load_or_create(&folder, &Clock::system()).unwrap();
        let mode = std::fs::metadata(folder.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
