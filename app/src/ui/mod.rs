//! The kit the pages are made of: one component a file, no business rules.

pub mod button;
pub mod chart;
pub mod field;
pub mod icon;
pub mod progress;
pub mod segmented;
pub mod sheet;
pub mod states;
pub mod toast;

pub use button::{Button, ButtonLink, IconButton, Weight};
pub use chart::{Bar, Bars, Lines};
pub use field::{Check, Select, TextArea, TextField};
pub use icon::{Glyph, Icon};
pub use progress::Progress;
pub use segmented::{Chips, Choice, Segmented};
pub use sheet::Sheet;
pub use states::{Empty, Notice, Skeleton};
pub use toast::{ToastRegion, Toasts, use_toasts};
