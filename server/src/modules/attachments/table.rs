//! Where the arrival of attachments and the outcomes of held commands are kept.

use domain::modules::attachments::{BlobArrival, Settlement};

crate::table!(BLOB_ARRIVALS: BlobArrival => "blob_arrivals", |blob| {
    sha256: Text = &blob.sha256.0,
    size: Int = blob.size,
    at: Int = blob.at,
});

crate::table!(SETTLEMENTS: Settlement => "settlements", |settlement| {
    device: Text = settlement.device,
    outcome: Text = settlement.outcome.outcome.name(),
});
