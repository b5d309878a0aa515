//! The kit the pages are made of: one component a file, no business rules.

pub mod button;
pub mod chart;
pub mod clock_chip;
pub mod field;
pub mod frame;
pub mod icon;
pub mod photo_field;
pub mod photo_strip;
pub mod progress;
pub mod scanner;
pub mod segmented;
pub mod sheet;
pub mod show;
pub mod signature_pad;
pub mod states;
pub mod timeline;
pub mod toast;
pub mod update_prompt;

pub use button::{Button, ButtonLink, IconButton, Weight};
pub use chart::{Bar, Bars, Lines};
pub use clock_chip::ClockChip;
pub use field::{Check, Select, TextArea, TextField};
pub use frame::{Page, SyncBadge, is_office, role_name};
pub use icon::{Glyph, Icon};
pub use photo_field::{PhotoField, Photos, use_photos};
pub use photo_strip::{FullPhoto, PhotoStrip};
pub use progress::Progress;
pub use scanner::Scanner;
pub use segmented::{Chips, Choice, Segmented};
pub use sheet::Sheet;
pub use show::Show;
pub use signature_pad::SignaturePad;
pub use states::{Empty, NoRight, Notice, Skeleton};
pub use timeline::{Timeline, TimelineRow};
pub use toast::{ToastRegion, Toasts, use_toasts};
pub use update_prompt::UpdatePrompt;
