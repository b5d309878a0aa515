//! What a reader holds of a scope, as one number: both sides reckon it, and where they differ the phone
//! has lost a row or kept one too long.
//!
//! A sum of one hash a record, so that order does not matter and rows need not be sorted. Of name and
//! sequence only: a row is either the server's at that sequence or it is not there, and bodies would
//! have to be read from every table. Wrapping addition and not XOR, for two rows of one record would
//! cancel each other.

use std::fmt::Write;

use super::record::RecordKey;

/// How often a phone asks to compare, beside the end of every snapshot. The server reads the names of
/// everything the reader may see for it, which no pull does otherwise.
pub const CHECK_EVERY: i64 = crate::time::DAY;

/// A sum of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// Takes in one record as it stands at `seq`.
    pub fn add(&mut self, key: RecordKey, seq: u64) {
        let kind = key.kind.name().bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let (high, low) = key.id.as_u64_pair();
        let row = [high, low, seq].into_iter().fold(kind, |hash, word| mixed(hash ^ mixed(word)));
        self.0 = self.0.wrapping_add(row);
    }

    /// As it is sent: 16 hex digits, because a number of 64 bits is no number in JavaScript.
    pub fn text(self) -> String {
        let mut text = String::with_capacity(16);
        // Writing to a string does not fail.
        let _ = write!(text, "{:016x}", self.0);
        text
    }
}

impl FromIterator<(RecordKey, u64)> for Checksum {
    fn from_iter<I: IntoIterator<Item = (RecordKey, u64)>>(rows: I) -> Self {
        let mut sum = Self::default();
        rows.into_iter().for_each(|(key, seq)| sum.add(key, seq));
        sum
    }
}

/// SplitMix64's finaliser: every bit of the input moves half of the output.
fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::modules::RecordKind;

    fn key(id: u128) -> RecordKey {
        RecordKey { kind: RecordKind::Ticket, id: Uuid::from_u128(id) }
    }

    fn sum(rows: &[(RecordKey, u64)]) -> String {
        rows.iter().copied().collect::<Checksum>().text()
    }

    #[test]
    fn a_checksum_knows_no_order_and_every_row() {
        let rows = [(key(1), 3), (key(2), 4), (key(3), 4)];
        let turned = [(key(3), 4), (key(1), 3), (key(2), 4)];
        assert_eq!(sum(&rows), sum(&turned));
        assert_ne!(sum(&rows), sum(&rows[..2]), "one lost");
        assert_ne!(sum(&rows), sum(&[(key(1), 3), (key(2), 4), (key(3), 5)]), "one older");
        assert_ne!(sum(&rows), sum(&[(key(1), 4), (key(2), 3), (key(3), 4)]), "two exchanged");
        assert_ne!(sum(&[(key(1), 3), (key(1), 3)]), sum(&[]), "doubled rows do not cancel");
        let unit = RecordKey { kind: RecordKind::Household, ..key(1) };
        assert_ne!(sum(&[(key(1), 3)]), sum(&[(unit, 3)]), "another kind");
    }

    #[test]
    fn a_checksum_is_the_same_in_every_build() {
        // Phones and servers of different builds compare it: it must never change.
        assert_eq!(sum(&[]), "0000000000000000");
        assert_eq!(sum(&[(key(0x0123_4567_89AB_CDEF), 42)]), "7ab5dd41c5a32afb");
    }
}
