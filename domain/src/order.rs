//! Sorting, with the sort itself in the program once.
//!
//! The standard library's sort is compiled anew for every type and every way to compare, at 4 kB each,
//! which a phone has to download. Here one sort puts row numbers in order; then the rows change places.
//! Lists are a screenful to a few thousand rows, where the call through a pointer is not felt. All of
//! it is stable, so that equal rows stay in the order in which they came.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Sorts by `compare`; equal rows keep their order.
pub fn sort_by<T>(rows: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = in_order(rows.len(), &|one, other| compare(&rows[one], &rows[other]));
    rearrange(order, &mut |one, other| rows.swap(one, other));
}

/// Sorts by what `key` makes of a row, asked for at every comparison.
pub fn sort_by_key<T, K: Ord>(rows: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(rows, |one, other| key(one).cmp(&key(other)));
}

/// Sorts by what `key` makes of a row, asked for once a row: for keys that cost something to make.
pub fn sort_by_cached_key<T, K: Ord>(rows: &mut [T], key: impl Fn(&T) -> K) {
    let keys: Vec<K> = rows.iter().map(key).collect();
    let order = in_order(rows.len(), &|one, other| keys[one].cmp(&keys[other]));
    rearrange(order, &mut |one, other| rows.swap(one, other));
}

/// Sorts rows that have an order of their own.
pub fn sort<T: Ord>(rows: &mut [T]) {
    sort_by(rows, T::cmp);
}

/// `collect` into a map, which would sort before it builds; of pairs with one key the last counts.
pub fn map_of<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}

/// `collect` into a set, which would sort before it builds.
pub fn set_of<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for value in values {
        set.insert(value);
    }
    set
}

/// The numbers of `count` rows in their order.
#[inline(never)]
fn in_order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// Brings row `order[place]` to each place, by as many swaps as there are rows at most.
#[inline(never)]
fn rearrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut place = start;
        // Along the circle of rows that wait for each other's place.
        loop {
            let from = std::mem::replace(&mut order[place], place);
            if from == start {
                break;
            }
            swap(place, from);
            place = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_rows_keep_their_order() {
        let mut rows = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        sort_by_key(&mut rows, |row| row.0);
        assert_eq!(rows, [(0, 'e'), (1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(rows: Vec<(u8, u16)>) {
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row.0 % 8);
            let (mut by, mut by_key, mut cached) = (rows.clone(), rows.clone(), rows.clone());
            sort_by(&mut by, |one, other| (one.0 % 8).cmp(&(other.0 % 8)));
            sort_by_key(&mut by_key, |row| row.0 % 8);
            sort_by_cached_key(&mut cached, |row| row.0 % 8);
            prop_assert_eq!(&by, &expected);
            prop_assert_eq!(&by_key, &expected);
            prop_assert_eq!(&cached, &expected);
            prop_assert_eq!(map_of(rows.clone()), rows.iter().copied().collect());
            prop_assert_eq!(set_of(rows.clone()), rows.iter().copied().collect());
            let (mut plain, mut expected) = (rows.clone(), rows);
            sort(&mut plain);
            expected.sort();
            prop_assert_eq!(plain, expected);
        }
    }
}
