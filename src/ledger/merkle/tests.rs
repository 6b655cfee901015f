use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::model::digest::from_hex;

const MOST: u64 = 300;

fn leaf(i: u64) -> Hash {
    leaf_hash(&i.to_be_bytes())
}

/// RFC 6962 §2.1 word for word, by recursion over ranges of entries; remembers what it computed.
#[derive(Default)]
struct Naive(RefCell<HashMap<(u64, u64), Hash>>);

impl Naive {
    fn split(n: u64) -> u64 {
        (0..63).map(|bit| 1 << bit).take_while(|k| *k < n).last().unwrap()
    }

    fn mth(&self, lo: u64, hi: u64) -> Hash {
        if let Some(known) = self.0.borrow().get(&(lo, hi)) {
            return *known;
        }
        let hash = match hi - lo {
            0 => empty_root(),
            1 => leaf(lo),
            n => node_hash(&self.mth(lo, lo + Self::split(n)), &self.mth(lo + Self::split(n), hi)),
        };
        self.0.borrow_mut().insert((lo, hi), hash);
        hash
    }

    fn path(&self, m: u64, lo: u64, hi: u64) -> Vec<Hash> {
        if hi - lo == 1 {
            return Vec::new();
        }
        let k = Self::split(hi - lo);
        let (mut path, last) = if m < k {
            (self.path(m, lo, lo + k), self.mth(lo + k, hi))
        } else {
            (self.path(m - k, lo + k, hi), self.mth(lo, lo + k))
        };
        path.push(last);
        path
    }

    fn subproof(&self, m: u64, lo: u64, hi: u64, whole: bool) -> Vec<Hash> {
        if m == hi - lo {
            return if whole { Vec::new() } else { vec![self.mth(lo, hi)] };
        }
        let k = Self::split(hi - lo);
        let (mut proof, last) = if m <= k {
            (self.subproof(m, lo, lo + k, whole), self.mth(lo + k, hi))
        } else {
            (self.subproof(m - k, lo + k, hi, false), self.mth(lo, lo + k))
        };
        proof.push(last);
        proof
    }
}

impl HashReader for Naive {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.mth(index << level, (index + 1) << level))
    }
}

// The tree that the reference implementation of Certificate Transparency is tested with.
#[test]
fn certificate_transparency_roots() {
    let leaves: [&[u8]; 8] = [b"", b"\0", b"\x10", b"\x20\x21", b"\x30\x31", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(Ok(frontier.root()), from_hex(roots[0]));
    for (data, root) in leaves.iter().zip(&roots[1..]) {
        frontier.append(leaf_hash(data));
        assert_eq!(Ok(frontier.root()), from_hex(root));
    }
}

#[test]
fn every_size_agrees_with_the_definition() {
    let (naive, mut frontier) = (Naive::default(), Frontier::new());
    for size in 0..=MOST {
        assert_eq!(frontier.root(), naive.mth(0, size), "{size}");
        assert_eq!(range_hash(&naive, 0..size), Ok(frontier.root()));
        assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).as_ref(), Ok(&frontier));
        frontier.append(leaf(size));
    }
}

#[test]
fn every_inclusion_proof_agrees_and_verifies() {
    let naive = Naive::default();
    for size in 1..=MOST {
        let root = naive.mth(0, size);
        for index in 0..size {
            let proof = inclusion_proof(&naive, index, size).unwrap();
            assert_eq!(proof, naive.path(index, 0, size), "{index} of {size}");
            assert_eq!(verify_inclusion(&leaf(index), index, size, &proof, &root), Ok(()), "{index} of {size}");
        }
        assert!(matches!(inclusion_proof(&naive, size, size), Err(ProveError::OutOfRange { .. })));
    }
}

#[test]
fn every_consistency_proof_agrees_and_verifies() {
    let naive = Naive::default();
    for size in 1..=MOST {
        let root = naive.mth(0, size);
        for old in 1..=size {
            let proof = consistency_proof(&naive, old, size).unwrap();
            assert_eq!(proof, naive.subproof(old, 0, size, true), "{old} to {size}");
            let old_root = naive.mth(0, old);
            assert_eq!(verify_consistency(old, size, &proof, &old_root, &root), Ok(()), "{old} to {size}");
        }
        assert_eq!(consistency_proof(&naive, 0, size), Ok(vec![]));
        assert_eq!(verify_consistency(0, size, &[], &empty_root(), &root), Ok(()));
        assert!(matches!(consistency_proof(&naive, size + 1, size), Err(ProveError::OutOfRange { .. })));
    }
}

#[test]
fn a_proof_proves_only_its_own_statement() {
    let naive = Naive::default();
    for size in 1..40 {
        let root = naive.mth(0, size);
        for index in 0..size {
            let proof = naive.path(index, 0, size);
            for other in (0..size).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf(index), other, size, &proof, &root).is_err(), "{index} as {other}");
                assert!(verify_inclusion(&leaf(other), index, size, &proof, &root).is_err());
            }
            assert!(verify_inclusion(&leaf(index), index, size, &proof, &naive.mth(0, size + 1)).is_err());
        }
        for old in 1..size {
            let proof = naive.subproof(old, 0, size, true);
            let old_root = naive.mth(0, old);
            let with_old_root = |other: u64| verify_consistency(old, size, &proof, &naive.mth(0, other), &root);
            assert!((1..=size).filter(|other| *other != old).all(|other| with_old_root(other).is_err()));
            let with_root = |other: u64| verify_consistency(old, size, &proof, &old_root, &naive.mth(0, other));
            assert!((1..=size + 2).filter(|other| *other != size).all(|other| with_root(other).is_err()));
        }
    }
}

#[test]
fn the_errors_say_what_is_wrong() {
    let naive = Naive::default();
    let (root, old_root) = (naive.mth(0, 7), naive.mth(0, 3));
    let proof = naive.path(2, 0, 7);
    let check = |proof: &[Hash]| verify_inclusion(&leaf(2), 2, 7, proof, &root);
    assert_eq!(check(&proof[1..]), Err(ProofError::Length { found: 2 }));
    assert_eq!(check(&[proof.clone(), vec![[0; 32]]].concat()), Err(ProofError::Length { found: 4 }));
    assert_eq!(verify_inclusion(&leaf(3), 2, 7, &proof, &root), Err(ProofError::Root));
    assert_eq!(verify_inclusion(&leaf(3), 7, 7, &proof, &root), Err(ProofError::OutOfRange { from: 7, size: 7 }));
    let proof = naive.subproof(3, 0, 7, true);
    let check = |proof: &[Hash], old: &Hash, new: &Hash| verify_consistency(3, 7, proof, old, new);
    assert_eq!(check(&[], &old_root, &root), Err(ProofError::Length { found: 0 }));
    assert_eq!(check(&proof[..2], &old_root, &root), Err(ProofError::Length { found: 2 }));
    assert_eq!(check(&proof, &root, &root), Err(ProofError::OldRoot));
    assert_eq!(check(&proof, &old_root, &old_root), Err(ProofError::Root));
    assert_eq!(verify_consistency(7, 7, &[], &root, &old_root), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 7, &[], &root, &root), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(7, 7, &[root], &root, &root), Err(ProofError::Length { found: 1 }));
    assert_eq!(verify_consistency(8, 7, &[], &root, &root), Err(ProofError::OutOfRange { from: 8, size: 7 }));
}

#[test]
fn frontiers_are_checked() {
    let mut frontier = Frontier::new();
    (0..7).for_each(|i| frontier.append(leaf(i)));
    let bytes = frontier.to_bytes();
    assert_eq!(bytes.len(), 8 + 3 * 32);
    assert_eq!(Frontier::from_bytes(&bytes[..5]), Err(FrontierError::Short(5)));
    for length in [8, 40, 103] {
        assert!(matches!(Frontier::from_bytes(&bytes[..length]), Err(FrontierError::Hashes { size: 7, .. })));
    }
    let too_large = [u64::MAX.to_be_bytes().to_vec(), vec![0; 64 * 32]].concat();
    assert_eq!(Frontier::from_bytes(&too_large), Err(FrontierError::Size(u64::MAX)));
}

proptest! {
    #[test]
    fn huge_trees_have_proofs_of_the_right_shape(size in 1..=MAX_SIZE, part: prop::sample::Index) {
        let index = u64::try_from(part.index(usize::try_from(size).unwrap())).unwrap();
        let ranges = inclusion_ranges(index, size).unwrap();
        let covered = ranges.iter().map(|r| r.end - r.start).sum::<u64>();
        prop_assert_eq!(covered, size - 1);
        prop_assert!(ranges.iter().all(|r| !r.contains(&index)));
        let from_one = consistency_ranges(index + 1, size).unwrap();
        prop_assert!(from_one.len() <= 64);
    }

    #[test]
    fn verifiers_take_any_numbers(a: u64, b: u64, proof in prop::collection::vec(any::<Hash>(), 0..70)) {
        let _ = verify_inclusion(&[0; 32], a, b, &proof, &[0; 32]);
        let _ = verify_consistency(a, b, &proof, &[0; 32], &[0; 32]);
        let _ = (inclusion_ranges(a, b), consistency_ranges(a, b));
    }

    #[test]
    fn no_frontier_bytes_panic(bytes: Vec<u8>) {
        let _ = Frontier::from_bytes(&bytes);
    }
}
