//! Facet values of many documents in one blob, so that counting a hundred thousand hits reads a few thousand rows.
//!
//! A block holds the documents whose key has the same high bits. For each, in the order of keys: the distance from the one before, the
//! length of what follows, and the ids of its facet values. All numbers are LEB128.

use std::collections::BTreeMap;

/// Low bits of a key that a block spans: 2^20 keys are 18 hours.
const BLOCK_BITS: u32 = 20;
const MASK: i64 = (1 << BLOCK_BITS) - 1;

/// The block that a key belongs to.
pub fn block_of(key: i64) -> i64 {
    key >> BLOCK_BITS
}

/// What changes in a block: for each key its new values, or none when its document goes.
pub type Changes = BTreeMap<i64, Option<Vec<u32>>>;

/// The block with the changes made. What cannot be read of `old` is left out.
pub fn change(old: &[u8], changes: &Changes) -> Vec<u8> {
    let mut entries: BTreeMap<u32, Vec<u8>> = Entries::new(old).map(|(at, values)| (at, values.to_vec())).collect();
    for (key, values) in changes {
        let at = place(*key);
        match values {
            Some(values) => {
                let mut packed = Vec::with_capacity(values.len() * 2);
                values.iter().for_each(|value| put(&mut packed, *value));
                entries.insert(at, packed);
            }
            None => {
                entries.remove(&at);
            }
        }
    }
    let mut bytes = Vec::with_capacity(old.len() + changes.len() * 12);
    let mut before = 0;
    for (at, values) in entries {
        put(&mut bytes, at - before);
        put(&mut bytes, u32::try_from(values.len()).unwrap_or(0));
        bytes.extend_from_slice(&values);
        before = at;
    }
    bytes
}

/// Counts the values of those of the ascending `keys`, all of this block, that stand in it: `counts` is by value id.
pub fn count(bytes: &[u8], keys: &[i64], counts: &mut Vec<u32>) {
    let mut wanted = keys.iter().map(|key| place(*key)).peekable();
    for (at, values) in Entries::new(bytes) {
        while wanted.next_if(|w| *w < at).is_some() {}
        if wanted.next_if_eq(&at).is_none() {
            if wanted.peek().is_none() {
                return;
            }
            continue;
        }
        let mut rest = values;
        while let Some(value) = take(&mut rest) {
            let at = usize::try_from(value).unwrap_or(usize::MAX);
            if at >= counts.len() && at < MOST_VALUES {
                counts.resize(at + 1, 0);
            }
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
    }
}

/// Ids beyond this are no ids of ours: a damaged block must not ask for gigabytes.
const MOST_VALUES: usize = 1 << 24;

fn place(key: i64) -> u32 {
    u32::try_from(key & MASK).unwrap_or(0)
}

/// The entries of a block, as far as it can be read.
struct Entries<'a> {
    rest: &'a [u8],
    at: u32,
}

impl<'a> Entries<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.at = self.at.checked_add(take(&mut self.rest)?)?;
        let length = usize::try_from(take(&mut self.rest)?).ok()?;
        let (values, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some((self.at, values))
    }
}

fn put(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        // The low seven bits, marked as not the last.
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in (0..32).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(bytes: &[u8], keys: &[i64]) -> Vec<u32> {
        let mut counts = Vec::new();
        count(bytes, keys, &mut counts);
        counts
    }

    proptest! {
        #[test]
        fn a_block_counts_as_a_map_does(steps in prop::collection::vec(prop::collection::btree_map(0_i64..40, prop::option::of(prop::collection::vec(0_u32..300, 0..4)), 0..8), 1..8),
            keys in prop::collection::btree_set(0_i64..40, 0..40)) {
            let (mut bytes, mut model) = (Vec::new(), BTreeMap::new());
            let block = 7 << BLOCK_BITS;
            for step in steps {
                let changes: Changes = step.into_iter().map(|(k, v)| (block + k * 1000, v)).collect();
                bytes = change(&bytes, &changes);
                for (key, values) in changes {
                    match values {
                        Some(values) => { model.insert(key, values); }
                        None => { model.remove(&key); }
                    }
                }
            }
            let keys: Vec<i64> = keys.into_iter().map(|k| block + k * 1000).collect();
            let mut expected = vec![0_u32; 300];
            keys.iter().filter_map(|k| model.get(k)).flatten().for_each(|v| expected[*v as usize] += 1);
            let mut got = counted(&bytes, &keys);
            got.resize(300, 0);
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn damage_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let keys: Vec<i64> = (0..200).collect();
            counted(&bytes, &keys);
            change(&bytes, &Changes::from([(5, Some(vec![1]))]));
        }
    }
}
