//! Who may see an attachment: whoever brought it, and whoever may see a record that names it.

use domain::modules::attachments::Sha256Hex;

use super::store;
use crate::auth::Signed;
use crate::db::Db;
use crate::error::ApiError;
use crate::store::records;

/// Whether this person receives, on one of their channels, a record in which the hash stands.
///
/// The commands that brought the attachment lead to their records; the records of today decide, so
/// that a ticket that went to another cluster takes its photos along.
pub async fn may_see(db: &Db, signed: &Signed, sha256: &Sha256Hex) -> Result<bool, ApiError> {
    if store::uploader(db, sha256).await?.is_some_and(|by| by == signed.user.to_string()) {
        return Ok(true);
    }
    let commands = store::named_by(db, sha256).await?;
    let keys = commands.iter().flat_map(|(_, command)| command.reads());
    let mut connection = db.readers().acquire().await?;
    let records = records::load(&mut connection, db.dialect(), keys)
        .await
        .map_err(|e| ApiError::fault("records that name an attachment", e))?;
    let channels = signed.channels();
    Ok(records.values().any(|record| {
        record.channels().iter().any(|channel| channels.contains(channel))
            && record.encode().contains(&sha256.0)
    }))
}
