//! What the phone itself can do: camera, pen, codes, storage, installing.

pub mod blobs;
pub mod diagnostics;
pub mod install;
pub mod page;
pub mod photo;
pub mod reserve;
pub mod scan;
pub mod sheets;
pub mod signature;
pub mod storage;

pub use blobs::{Captured, attachments_of, blobs_of};
pub use install::{Install, use_install};
pub use scan::Scanner;
pub use signature::SignaturePad;
pub use storage::{StorageState, use_storage};
