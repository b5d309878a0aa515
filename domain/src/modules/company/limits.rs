//! How long things may take 时限: every limit that the company may set, with its source's value.

use serde::{Deserialize, Serialize};

/// A number that is left out where it is the usual one, so that settings and tickets from before it
/// was there look as they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Usual<const N: u32>(pub u32);

impl<const N: u32> Default for Usual<N> {
    fn default() -> Self {
        Self(N)
    }
}

impl<const N: u32> Usual<N> {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    fn is_usual(&self) -> bool {
        self.0 == N
    }
}

/// Puts `mine` into `kept`, which is what others have made of `base`, unless it is as it was shown.
/// Gives whether a change of others stays; `None`: both have changed it, each to something else.
pub(super) fn merge<T: PartialEq + Clone>(mine: &T, base: &T, kept: &mut T) -> Option<bool> {
    let changed = *kept != *base;
    if *mine == *base {
        return Some(changed);
    }
    if changed && *mine != *kept {
        return None;
    }
    kept.clone_from(mine);
    Some(false)
}

macro_rules! limits {
    ($($(#[$about:meta])* $field:ident = $usual:literal, up to $high:expr;)+) => {
        /// Limits of tickets. Hours and minutes run on; "days" end at the same time so many calendar days
        /// later in the company's zone, "working days" at the same time of a working day.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(default)]
        pub struct Limits {
            $(
                $(#[$about])*
                #[serde(skip_serializing_if = "Usual::is_usual")]
                #[cfg_attr(feature = "openapi", schema(value_type = u32))]
                pub $field: Usual<$usual>,
            )+
        }

        impl Limits {
            /// Each with its name and the least and most that can be meant.
            pub fn all(&self) -> impl Iterator<Item = (&'static str, u32, u32, u32)> {
                [$((stringify!($field), self.$field.0, 1, $high)),+].into_iter()
            }

            /// Sets the one of that name. `false`: there is none.
            pub fn set(&mut self, name: &str, value: u32) -> bool {
                match name {
                    $(stringify!($field) => self.$field = Usual(value),)+
                    _ => return false,
                }
                true
            }

            /// What somebody made of `base` where it is now `theirs`; whether changes of others stay in
            /// it. Fails with the field that both have changed.
            pub fn merge(self, base: &Self, theirs: &Self) -> Result<(Self, bool), &'static str> {
                let (mut kept, mut merged) = (*theirs, false);
                $(
                    let (mine, before) = (&self.$field, &base.$field);
                    merged |= merge(mine, before, &mut kept.$field).ok_or(stringify!($field))?;
                )+
                Ok((kept, merged))
            }
        }
    };
}

/// A month of hours, a quarter of days.
const HOURS: u32 = 24 * 31;
const DAYS: u32 = 92;

limits! {
    /// A complaint is handled or answered (S1).
    complaint_hours = 24, up to HOURS;
    /// What came by the company's quality line is answered (S1, S2).
    quality_line_hours = 72, up to HOURS;
    /// An enquiry is answered (S2).
    enquiry_hours = 24, up to HOURS;
    /// A request or suggestion is replied to (S3).
    request_days = 1, up to DAYS;
    /// What lay in the letter box is answered, in working days (S0).
    letter_box_working_days = 2, up to DAYS;
    /// Return visit 回访 after a complaint (S1, S3).
    return_complaint_days = 1, up to DAYS;
    /// Return visit after work on a safety facility (S1).
    return_safety_days = 2, up to DAYS;
    /// Return visit after a leak (S1).
    return_leak_days = 3, up to DAYS;
    /// Return visit after anything else (S1).
    return_other_days = 7, up to DAYS;
}

impl Limits {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
