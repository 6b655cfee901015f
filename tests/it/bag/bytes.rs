//! Every byte of a bag matters: whichever is changed, neither program says that the bag is proved.

use super::court::Court;
use super::judges::{Case, code};

/// Bytes of the sample that the slower program is asked about.
const SAMPLE: usize = 400;

fn smallest() -> (Case, Vec<String>) {
    let mut court = Court::new(1, 1, 1);
    court.take(b"clip", Some("T8C-1"), false);
    let files = court.export();
    (Case::new(&files, &court.policy), files.0.keys().cloned().collect())
}

/// A seeded sequence (SplitMix64), the same in every run.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Changes one byte on disk while `look` looks.
fn with_flipped<T>(case: &Case, path: &str, good: &[u8], at: usize, mask: u8, look: impl FnOnce() -> T) -> T {
    let file = case.bag().join(path);
    let mut bytes = good.to_vec();
    bytes[at] ^= mask;
    std::fs::write(&file, bytes).unwrap();
    let seen = look();
    std::fs::write(&file, good).unwrap();
    seen
}

#[test]
fn no_byte_can_be_changed_unnoticed() {
    let (case, paths) = smallest();
    let mut state = 20_260_508;
    for path in &paths {
        let good = std::fs::read(case.bag().join(path)).unwrap();
        for at in 0..good.len() {
            let mask = 1 << (next(&mut state) % 8);
            let code = with_flipped(&case, path, &good, at, mask, || code(&case.report()));
            assert_ne!(code, 0, "{path}, byte {at} ^ {mask}");
        }
    }
    assert_eq!(code(&case.report()), 0, "of itself the bag is whole");
}

#[test]
fn no_byte_of_a_sample_can_be_changed_unnoticed_by_the_other_program() {
    let (case, paths) = smallest();
    let mut state = 20_260_509;
    let contents: Vec<_> = paths.iter().map(|path| std::fs::read(case.bag().join(path)).unwrap()).collect();
    for _ in 0..SAMPLE {
        let mut pick = |of: usize| usize::try_from(next(&mut state) % of as u64).unwrap();
        let file = pick(paths.len());
        let (at, mask) = (pick(contents[file].len()), 1 << pick(8));
        let (code, said) = with_flipped(&case, &paths[file], &contents[file], at, mask, || case.python());
        assert!(matches!(code, Some(1 | 2)), "{}, byte {at} ^ {mask}: {said}", paths[file]);
    }
    assert_eq!(case.python().0, Some(0), "of itself the bag is whole");
}

#[test]
fn the_commands_end_with_the_same_codes() {
    let (case, paths) = smallest();
    let clip = paths.iter().find(|path| path.starts_with("data/clips/")).unwrap();
    let policy = case.policy();
    let bag = case.bag();
    let arguments = [&*bag, "--policy".as_ref(), &policy];
    let (code, said) = case.run(&[]);
    assert!(code == Some(0) && said.contains("PROVED") && said.contains("w1.example/witness"), "{said}");
    assert_eq!(super::judges::python(&arguments).0, Some(0));
    let (code, said) = case.run(&["--json"]);
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, report["conclusion"].as_str()), (Some(0), Some("proved")));
    assert_eq!(report["clips"][0]["size_bytes"], 4);
    std::fs::write(case.bag().join(clip), "clop").unwrap();
    let (code, said) = case.run(&[]);
    assert!(code == Some(1) && said.contains("copy_altered data/clips/") && !said.contains("入库 accepted"), "{said}");
    assert!(case.run(&["--json"]).1.contains("\"clips\": null"));
    assert_eq!(super::judges::python(&arguments).0, Some(1));
    std::fs::write(case.bag().join(clip), "clip").unwrap();
    std::fs::write(&policy, "quorum none\n").unwrap();
    let (code, said) = case.run(&[]);
    assert!(code == Some(2) && said.contains("CANNOT BE VERIFIED") && said.contains("checkpoint_unvouched"), "{said}");
    assert_eq!(super::judges::python(&arguments).0, Some(2));
}
