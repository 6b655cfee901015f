//! Inputs that fuzzing kept, through the same readers and the same assertions as in `tests/fuzz`.

use std::path::Path;

#[path = "../fuzz/readers/container.rs"]
mod container;
#[path = "../fuzz/readers/name.rs"]
mod name;
#[path = "../fuzz/readers/sidecar.rs"]
mod sidecar;

/// Runs every input kept for a target; a failure names the file.
fn replay(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let ended = std::panic::catch_unwind(|| read(&bytes));
        assert!(ended.is_ok(), "{} fails", path.display());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn names_kept_from_fuzzing() {
    replay("name", name::read);
}

#[test]
fn sidecars_kept_from_fuzzing() {
    replay("sidecar", sidecar::read);
}

#[test]
fn containers_kept_from_fuzzing() {
    replay("container", container::read);
}
