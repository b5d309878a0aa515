//! Money as integer fen (1/100 yuan).

use serde::{Deserialize, Serialize};

/// An amount of money in fen. Negative amounts are credits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Price × quantity in thousandths (0.5 h = 500), rounded half away from zero to a fen.
    /// `None` when the product does not fit.
    pub fn times_thousandths(self, quantity: i64) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(quantity);
        let rounded = (product.abs() + 500) / 1000 * product.signum();
        i64::try_from(rounded).ok().map(Self)
    }

    /// Sum that refuses to wrap.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl std::iter::Sum for Fen {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        Self(items.fold(0, |total, item| total.saturating_add(item.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_hour_of_labour_rounds_to_the_fen() {
        assert_eq!(Fen(8000).times_thousandths(500), Some(Fen(4000)));
        assert_eq!(Fen(333).times_thousandths(500), Some(Fen(167)));
        assert_eq!(Fen(-333).times_thousandths(500), Some(Fen(-167)));
        assert_eq!(Fen(i64::MAX).times_thousandths(2000), None);
    }
}
