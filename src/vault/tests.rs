//! Tests of staging, publishing and reading back; those of adoption are in `adoption`.

mod adoption;

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};
use sm3::Sm3;

use super::durable::PlaceError;
use super::*;
use crate::model::digest::{Sha256Digest, Sm3Digest};

const MIB: usize = 1024 * 1024;

fn quiet(_: u64) {}

fn vault(dir: &tempfile::TempDir) -> LocalVault {
    let opened = LocalVault::open(&dir.path().join("vault")).unwrap();
    assert!(opened.recovered.is_empty(), "{:?}", opened.recovered);
    opened.vault
}

/// Bytes without a period that could hide a misplaced block.
fn bytes(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ len as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..len.div_ceil(8)).flat_map(|_| next()).take(len).collect()
}

fn sha256(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest(Sha256::digest(bytes).into())
}

fn source(dir: &tempfile::TempDir, bytes: &[u8]) -> File {
    let path = dir.path().join("source");
    std::fs::write(&path, bytes).unwrap();
    File::open(path).unwrap()
}

fn stage(vault: &LocalVault, file: &File) -> Staged {
    vault.stage(file, &StageOptions::default(), &quiet).unwrap()
}

fn publish(vault: &LocalVault, staged: Staged) -> Result<Published, PublishError> {
    vault.publish(vec![staged]).pop().unwrap()
}

/// Names in our staging directory other than the lock.
fn litter(vault: &LocalVault) -> Vec<String> {
    let entries = std::fs::read_dir(vault.staging.dir()).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

#[test]
fn bytes_of_every_size_become_an_object_that_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let sizes = [0, 1, 4095, 4096, 4097, 65_536, MIB - 1, MIB, MIB + 1, 4 * MIB + 123];
    for len in sizes {
        let content = bytes(len);
        let told = std::cell::Cell::new(0);
        let opts = StageOptions { sm3: true, ..StageOptions::default() };
        let staged = vault.stage(&source(&dir, &content), &opts, &|n| told.set(n)).unwrap();
        assert_eq!((staged.size_bytes, told.get()), (len as u64, len as u64));
        assert_eq!(staged.sha256, sha256(&content), "{len} bytes");
        assert_eq!(staged.sm3, Some(Sm3Digest(Sm3::digest(&content).into())), "{len} bytes");
        let mut head = [0u8; 3];
        assert_eq!(staged.file.read_at(&mut head, 0).unwrap(), len.min(3), "the caller may probe it, unaligned");
        let expected = Expected { sha256: staged.sha256, sm3: staged.sm3, size_bytes: len as u64 };
        staged.sync().unwrap();
        assert!(!publish(&vault, staged).unwrap().existing);
        let object = vault.object_path(expected.sha256);
        assert_eq!(std::fs::read(&object).unwrap(), content);
        assert_eq!(object.metadata().unwrap().permissions().mode() & 0o7777, 0o440);
        assert_eq!(vault.read_back(&expected, &|_| ControlFlow::Continue(())).unwrap().verdict, Verdict::Equal);
    }
    assert_eq!(vault.iter_objects().count(), sizes.len());
    assert!(litter(&vault).is_empty());
}

#[test]
fn equal_bytes_are_one_object() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let file = source(&dir, b"the same");
    let group: Vec<_> = (0..3).map(|_| stage(&vault, &file)).collect();
    let existing: Vec<_> = vault.publish(group).into_iter().map(|p| p.unwrap().existing).collect();
    assert_eq!(existing, [false, true, true]);
    assert!(publish(&vault, stage(&vault, &file)).unwrap().existing);
    assert!(litter(&vault).is_empty());
}

#[test]
fn many_threads_with_equal_bytes_make_one_object() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let file = source(&dir, &bytes(100_000));
    let new = std::thread::scope(|scope| {
        let one = || !publish(&vault, stage(&vault, &file)).unwrap().existing;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|new| *new).count()
    });
    assert_eq!((new, vault.iter_objects().count()), (1, 1));
}

#[test]
fn a_different_object_of_that_name_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let object = vault.object_path(sha256(b"evidence"));
    std::fs::write(&object, b"evidencE").unwrap();
    let error = publish(&vault, stage(&vault, &source(&dir, b"evidence"))).unwrap_err();
    assert!(matches!(error, PublishError::Place(PlaceError::Different { .. })), "{error}");
    assert_eq!(std::fs::read(&object).unwrap(), b"evidencE");
    assert!(litter(&vault).is_empty(), "the source is still there: the copy goes");
}

#[test]
fn what_is_not_published_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let staged = stage(&vault, &source(&dir, &bytes(3 * MIB)));
    assert_eq!(litter(&vault).len(), 1);
    drop(staged);
    assert!(litter(&vault).is_empty());
}

#[test]
fn a_sparse_source_stays_sparse() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let path = dir.path().join("sparse");
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    let len = 24 * MIB + 5;
    file.set_len(len as u64).unwrap();
    file.write_all_at(b"in a hole", 7 * MIB as u64 + 100).unwrap();
    file.write_all_at(b"at a block", 12 * MIB as u64).unwrap();
    if file.metadata().unwrap().blocks() * 512 >= len as u64 {
        println!("skipped: no sparse files here");
        return;
    }
    let content = std::fs::read(&path).unwrap();
    let published = publish(&vault, stage(&vault, &file)).unwrap();
    assert_eq!((published.sha256, published.size_bytes), (sha256(&content), len as u64));
    let flags = rustix::fs::fcntl_getfl(&file).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::DIRECT), "the caller's descriptor is as it was");
    let object = vault.object_path(published.sha256);
    assert_eq!(std::fs::read(&object).unwrap(), content);
    assert!(object.metadata().unwrap().blocks() * 512 <= MIB as u64);
}

#[test]
fn a_source_that_is_cut_while_it_is_read_ends_there() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let content = bytes(8 * MIB);
    let file = source(&dir, &content);
    let writer = OpenOptions::new().write(true).open(dir.path().join("source")).unwrap();
    let cut = |_| writer.set_len(2 * MIB as u64 + 17).unwrap();
    let staged = vault.stage(&file, &StageOptions::default(), &cut).unwrap();
    let size = usize::try_from(staged.size_bytes).unwrap();
    assert!(size < content.len());
    assert_eq!(staged.file.metadata().unwrap().len(), staged.size_bytes);
    assert_eq!(staged.sha256, sha256(&content[..size]));
    assert!(staged.file.metadata().unwrap().blocks() * 512 < 4 * MIB as u64, "the reserved room was given back");
}

#[test]
fn a_source_that_never_ends_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let file = source(&dir, b"short");
    let writer = OpenOptions::new().write(true).open(dir.path().join("source")).unwrap();
    let grow = |read| writer.set_len(read + 8 * MIB as u64).unwrap();
    grow(0);
    let error = vault.stage(&file, &StageOptions::default(), &grow).unwrap_err();
    assert!(matches!(error, StageError::Growing { .. }), "{error}");
    assert!(litter(&vault).is_empty());
}

#[test]
fn a_pass_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let stop = AtomicBool::new(false);
    let opts = StageOptions { stop: Some(&stop), ..StageOptions::default() };
    let read = std::cell::Cell::new(0);
    let look = |n| {
        read.set(n);
        stop.store(true, Ordering::Relaxed);
    };
    let error = vault.stage(&source(&dir, &bytes(6 * MIB)), &opts, &look).unwrap_err();
    assert!(matches!(error, StageError::Stopped));
    assert_eq!(read.get(), MIB as u64);
    assert!(litter(&vault).is_empty());
}

#[test]
fn errors_of_source_and_vault_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let folder = File::open(dir.path()).unwrap();
    let error = vault.stage(&folder, &StageOptions::default(), &quiet).unwrap_err();
    assert!(matches!(&error, StageError::Source(e) if e.kind() == io::ErrorKind::IsADirectory), "{error}");
    assert!(litter(&vault).is_empty());
    std::fs::remove_dir_all(vault.staging.dir()).unwrap();
    let error = vault.stage(&source(&dir, b"x"), &StageOptions::default(), &quiet).unwrap_err();
    assert!(matches!(&error, StageError::Vault { .. }), "{error}");
    assert!(error.to_string().contains("/vault"), "{error}");
}

/// A file system of 4 MiB, gone with this value; `None` where we may not mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=4m,nr_inodes=2000", "tmpfs"];
        let done = std::process::Command::new("mount").args(mount).arg(dir.path()).output();
        if done.is_ok_and(|done| done.status.success()) {
            return Some(Self(dir));
        }
        println!("skipped: a small file system cannot be mounted (needs root)");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_vault_says_so_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let dir = tempfile::tempdir().unwrap();
    let vault = LocalVault::open(&disk.0.path().join("vault")).unwrap().vault;
    for len in [8 * MIB, 5 * MIB] {
        let error = vault.stage(&source(&dir, &bytes(len)), &StageOptions::default(), &quiet).unwrap_err();
        assert!(matches!(error, StageError::NoSpace { .. }), "{error}");
        assert!(litter(&vault).is_empty());
    }
    // Small ones until it is full: the writing of a block fails, not the reserving.
    let mut kept = Vec::new();
    let error = loop {
        match vault.stage(&source(&dir, &bytes(900_000 + kept.len())), &StageOptions::default(), &quiet) {
            Ok(staged) => kept.push(staged),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StageError::NoSpace { .. }) && !kept.is_empty(), "{error}");
    kept.pop();
    publish(&vault, stage(&vault, &source(&dir, &bytes(500_000)))).unwrap();
    assert!(vault.free_bytes().unwrap() < 4 * MIB as u64);
}

/// An object with `stored` in place of `bytes`.
fn damaged(vault: &LocalVault, dir: &tempfile::TempDir, content: &[u8], stored: &[u8]) -> Expected {
    let staged = stage(vault, &source(dir, content));
    let expected = Expected { sha256: staged.sha256, sm3: None, size_bytes: staged.size_bytes };
    publish(vault, staged).unwrap();
    let path = vault.object_path(expected.sha256);
    std::fs::remove_file(&path).unwrap();
    let file = File::create(&path).unwrap();
    file.write_all_at(stored, 0).unwrap();
    durable::sync_file(&file).unwrap();
    expected
}

#[test]
fn damage_is_seen_by_reading_back() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&dir);
    let go = |_| ControlFlow::Continue(());
    let content = bytes(2 * MIB + 700);
    let mut flipped = content.clone();
    flipped[2 * MIB + 650] ^= 1;
    let longer = [&content[..], b"!"].concat();
    let cases = [&flipped[..], &content[..2 * MIB], &content[..content.len() - 1], &longer, b""];
    for stored in cases {
        let expected = damaged(&vault, &dir, &content, stored);
        let verdict = vault.read_back(&expected, &go).unwrap().verdict;
        let seen = Verdict::Differs { sha256: sha256(stored), sm3: None, size_bytes: stored.len() as u64 };
        assert_eq!(verdict, seen);
        std::fs::remove_file(vault.object_path(expected.sha256)).unwrap();
    }
    let expected = damaged(&vault, &dir, &content, &content);
    assert_eq!(vault.read_back(&expected, &go).unwrap().verdict, Verdict::Equal);
    let other_sm3 = Expected { sm3: Some(Sm3Digest([0; 32])), ..expected };
    assert!(matches!(vault.read_back(&other_sm3, &go).unwrap().verdict, Verdict::Differs { .. }));
    let calls = std::cell::Cell::new(0);
    let stop = |read| {
        calls.set(calls.get() + 1);
        if read > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(vault.read_back(&expected, &stop).unwrap().verdict, Verdict::Stopped);
    assert_eq!(calls.get(), 2);
    let missing = Expected { sha256: Sha256Digest([1; 32]), ..expected };
    assert_eq!(vault.read_back(&missing, &go).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn vault_and_staged_files_travel_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<LocalVault>();
    shared::<Staged>();
    shared::<Adoption>();
}
