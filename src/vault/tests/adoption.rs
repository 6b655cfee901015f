//! Adoption, and every place where it can be cut off.

use std::ffi::OsStr;

use super::*;

/// An upload folder beside the vault, on the same file system.
struct Uploads {
    dir: tempfile::TempDir,
    vault: LocalVault,
    path: PathBuf,
}

impl Uploads {
    fn with(content: &[u8]) -> Self {
        sys_ready();
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap().join("uploads");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("clip\n1.mp4");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
        let vault = vault(&dir);
        Self { dir, vault, path }
    }

    fn adopt(&self) -> Adopted {
        let folder = File::open(self.path.parent().unwrap()).unwrap();
        let name = self.path.file_name().unwrap();
        let place = Place { folder: &folder, name, path: &self.path };
        self.vault.adopt(&place, &StageOptions::default(), &quiet).unwrap()
    }

    fn staged(&self) -> Staged {
        match self.adopt() {
            Adopted::Staged(staged) => staged,
            Adopted::NotPossible(obstacle) => panic!("{obstacle}"),
        }
    }

    fn refused(&self) -> Obstacle {
        match self.adopt() {
            Adopted::NotPossible(obstacle) => obstacle,
            Adopted::Staged(_) => panic!("it was adopted"),
        }
    }

    /// As kill -9 would: what is staged now is in a directory whose lock is free. Then a new start.
    fn crash(&self) -> Vec<Recovered> {
        let dead = self.dir.path().join("vault/staging/1-dead");
        std::fs::create_dir_all(&dead).unwrap();
        for name in litter(&self.vault) {
            durable::rename_new(
                rustix::fs::CWD,
                self.vault.staging.dir().join(&name).as_os_str(),
                rustix::fs::CWD,
                dead.join(&name).as_os_str(),
            )
            .unwrap();
        }
        LocalVault::open(self.vault.root()).unwrap().recovered
    }

    fn is_as_before(&self, content: &[u8]) -> bool {
        std::fs::read(&self.path).unwrap() == content
            && self.path.metadata().unwrap().permissions().mode() & 0o7777 == 0o664
            && self.nothing_staged()
    }

    fn nothing_staged(&self) -> bool {
        litter(&self.vault).is_empty() && !self.dir.path().join("vault/staging/1-dead").exists()
    }
}

fn sys_ready() {
    crate::sys::ignore_lease_signal().unwrap();
}

#[test]
fn an_adopted_source_becomes_the_object_itself() {
    let content = bytes(3 * MIB + 9);
    let uploads = Uploads::with(&content);
    let inode = uploads.path.metadata().unwrap().ino();
    let staged = uploads.staged();
    assert!(!uploads.path.exists());
    staged.sync().unwrap();
    let published = publish(&uploads.vault, staged).unwrap();
    let object = uploads.vault.object_path(sha256(&content)).metadata().unwrap();
    assert_eq!((object.ino(), object.permissions().mode() & 0o7777), (inode, 0o440));
    let adoption = published.adoption.unwrap();
    assert_eq!(adoption.origin(), uploads.path);
    adoption.finish().unwrap();
    assert!(uploads.nothing_staged() && uploads.crash().is_empty());
}

#[test]
fn a_duplicate_is_kept_until_it_is_released() {
    let uploads = Uploads::with(b"twice");
    publish(&uploads.vault, stage(&uploads.vault, &File::open(&uploads.path).unwrap())).unwrap();
    let put_back = publish(&uploads.vault, uploads.staged()).unwrap();
    assert!(put_back.existing);
    assert_eq!(put_back.adoption.unwrap().put_back().unwrap(), uploads.path);
    assert!(uploads.is_as_before(b"twice"));
    publish(&uploads.vault, uploads.staged()).unwrap().adoption.unwrap().finish().unwrap();
    assert!(!uploads.path.exists() && uploads.nothing_staged());
}

#[test]
fn a_dropped_adoption_goes_back() {
    let uploads = Uploads::with(b"evidence");
    drop(uploads.staged());
    assert!(uploads.is_as_before(b"evidence"));
    std::fs::write(uploads.vault.object_path(sha256(b"evidence")), b"other").unwrap();
    publish(&uploads.vault, uploads.staged()).unwrap_err();
    assert!(uploads.is_as_before(b"evidence"));
}

#[test]
fn what_others_could_change_is_not_adopted() {
    let uploads = Uploads::with(b"evidence");
    let writer = OpenOptions::new().append(true).open(&uploads.path).unwrap();
    assert_eq!(uploads.refused(), Obstacle::OpenForWriting);
    drop(writer);
    let second = uploads.path.with_extension("copy");
    std::fs::hard_link(&uploads.path, &second).unwrap();
    assert_eq!(uploads.refused(), Obstacle::HardLinked);
    std::fs::remove_file(&second).unwrap();
    assert!(uploads.is_as_before(b"evidence"));
    let _reader = File::open(&uploads.path).unwrap();
    drop(uploads.staged());
    assert!(uploads.is_as_before(b"evidence"));
}

#[test]
fn what_lies_elsewhere_or_is_no_file_is_not_adopted() {
    let mut uploads = Uploads::with(b"evidence");
    let shm = Path::new("/dev/shm");
    if let Ok(other) = tempfile::tempdir_in(shm) {
        let path = other.path().join("clip.mp4");
        std::fs::write(&path, b"elsewhere").unwrap();
        let before = std::mem::replace(&mut uploads.path, path);
        if shm.metadata().unwrap().dev() == before.metadata().unwrap().dev() {
            println!("skipped: /dev/shm is the same file system");
        } else {
            assert_eq!(uploads.refused(), Obstacle::OtherFileSystem);
        }
        uploads.path = before;
    }
    let folder = uploads.path.with_file_name("folder.mp4");
    std::fs::create_dir(&folder).unwrap();
    uploads.path = folder;
    assert_eq!(uploads.refused(), Obstacle::Replaced);
    uploads.path = uploads.path.with_file_name("fifo.mp4");
    rustix::fs::mkfifoat(rustix::fs::CWD, &uploads.path, rustix::fs::Mode::RUSR).unwrap();
    assert_eq!(uploads.refused(), Obstacle::Replaced, "and it did not hang");
    assert!(uploads.nothing_staged());
}

#[test]
fn a_source_cut_while_it_is_hashed_goes_back() {
    let content = bytes(4 * MIB);
    let uploads = Uploads::with(&content);
    let cut = |_| {
        // Only root can still do this, past permissions and folders.
        let kept = uploads.vault.staging.dir().join("0.adopted");
        OpenOptions::new().write(true).open(kept).and_then(|file| file.set_len(2 * MIB as u64)).unwrap();
    };
    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let folder = File::open(uploads.path.parent().unwrap()).unwrap();
    let place = Place { folder: &folder, name: uploads.path.file_name().unwrap(), path: &uploads.path };
    // What was hashed is what is there: the pass ended where the file does.
    let adopted = uploads.vault.adopt(&place, &StageOptions::default(), &cut).unwrap();
    let Adopted::Staged(staged) = adopted else { panic!("{adopted:?}") };
    assert_eq!(staged.sha256, sha256(&content[..2 * MIB]));
    drop(staged);
    assert!(uploads.is_as_before(&content[..2 * MIB]));
}

#[test]
fn crash_while_writing_the_journal() {
    let uploads = Uploads::with(b"evidence");
    for cut in [&b""[..], b"zhilu-origin-1 664 0 0 2", b"zhilu-origin-1 664 0 0 20\n/up"] {
        std::fs::write(uploads.vault.staging.dir().join("0.origin"), cut).unwrap();
        assert!(uploads.crash().is_empty());
        assert!(uploads.is_as_before(b"evidence"));
    }
}

#[test]
fn crash_between_journal_and_move() {
    let uploads = Uploads::with(b"evidence");
    let staged = uploads.staged();
    let journal = uploads.vault.staging.dir().join("0.origin");
    let record = std::fs::read(&journal).unwrap();
    drop(staged);
    std::fs::write(&journal, record).unwrap();
    assert!(uploads.crash().is_empty());
    assert!(uploads.is_as_before(b"evidence"));
}

#[test]
fn crash_after_the_move_and_after_the_sync() {
    for synced in [false, true] {
        let uploads = Uploads::with(b"evidence");
        let staged = uploads.staged();
        if synced {
            staged.sync().unwrap();
        }
        std::mem::forget(staged);
        let recovered = uploads.crash();
        assert!(
            matches!(&recovered[..], [Recovered::PutBack { origin, now_at }]
            if *origin == uploads.path && *now_at == uploads.path),
            "{recovered:?}"
        );
        assert!(uploads.is_as_before(b"evidence"));
    }
}

#[test]
fn crash_in_the_middle_of_a_move_by_link() {
    let uploads = Uploads::with(b"evidence");
    let staged = uploads.staged();
    std::fs::hard_link(uploads.vault.staging.dir().join("0.adopted"), &uploads.path).unwrap();
    std::mem::forget(staged);
    assert!(matches!(&uploads.crash()[..], [Recovered::PutBack { now_at, .. }] if *now_at == uploads.path));
    assert!(uploads.is_as_before(b"evidence"));
    assert_eq!(uploads.path.metadata().unwrap().nlink(), 1);
}

#[test]
fn crash_after_publishing_is_reported_until_it_is_finished() {
    let uploads = Uploads::with(b"evidence");
    let published = publish(&uploads.vault, uploads.staged()).unwrap();
    drop(published);
    let mut recovered = uploads.crash();
    assert!(
        matches!(&recovered[..], [Recovered::InVault { sha256: s, adoption }]
        if *s == sha256(b"evidence") && adoption.origin() == uploads.path),
        "{recovered:?}"
    );
    // The journal is in the directory of the process that was told; it ends without finishing: told again.
    let Some(Recovered::InVault { adoption, .. }) = recovered.pop() else { panic!() };
    let dead = adoption.journal().with_file_name("");
    std::mem::forget(adoption);
    assert!(dead.exists());
    std::fs::remove_file(dead.join(".lock")).unwrap();
    let recovered = LocalVault::open(uploads.vault.root()).unwrap().recovered;
    let [Recovered::InVault { .. }] = &recovered[..] else { panic!("{recovered:?}") };
    for found in recovered {
        if let Recovered::InVault { adoption, .. } = found {
            adoption.finish().unwrap();
        }
    }
    assert!(uploads.crash().is_empty() && !uploads.path.exists());
    assert_eq!(std::fs::read(uploads.vault.object_path(sha256(b"evidence"))).unwrap(), b"evidence");
}

#[test]
fn crash_with_a_kept_duplicate_puts_it_back() {
    let uploads = Uploads::with(b"twice");
    publish(&uploads.vault, stage(&uploads.vault, &File::open(&uploads.path).unwrap())).unwrap();
    drop(publish(&uploads.vault, uploads.staged()).unwrap());
    assert!(matches!(&uploads.crash()[..], [Recovered::PutBack { .. }]));
    assert!(uploads.is_as_before(b"twice"));
}

#[test]
fn a_taken_name_is_not_overwritten() {
    let uploads = Uploads::with(b"first");
    std::mem::forget(uploads.staged());
    std::fs::write(&uploads.path, b"second").unwrap();
    std::fs::write(uploads.path.with_file_name("clip\n1 (recovered 1).mp4"), b"third").unwrap();
    let recovered = uploads.crash();
    let [Recovered::PutBack { now_at, .. }] = &recovered[..] else { panic!("{recovered:?}") };
    assert_eq!(now_at.file_name(), Some(OsStr::new("clip\n1 (recovered 2).mp4")));
    assert_eq!(std::fs::read(now_at).unwrap(), b"first");
    assert_eq!(std::fs::read(&uploads.path).unwrap(), b"second");
}

#[test]
fn what_cannot_go_back_waits_and_is_told() {
    let uploads = Uploads::with(b"evidence");
    std::mem::forget(uploads.staged());
    let folder = uploads.path.parent().unwrap().to_owned();
    let away = folder.with_extension("away");
    durable::rename_new(rustix::fs::CWD, folder.as_os_str(), rustix::fs::CWD, away.as_os_str()).unwrap();
    // A link in the folder's place is not followed: it could lead anywhere.
    std::os::unix::fs::symlink(&away, &folder).unwrap();
    let recovered = uploads.crash();
    assert!(matches!(&recovered[..], [Recovered::Stuck { origin: Some(o), .. }] if *o == uploads.path));
    std::fs::remove_file(&folder).unwrap();
    assert!(matches!(&uploads.crash()[..], [Recovered::Stuck { .. }]));
    durable::rename_new(rustix::fs::CWD, away.as_os_str(), rustix::fs::CWD, folder.as_os_str()).unwrap();
    assert!(matches!(&uploads.crash()[..], [Recovered::PutBack { .. }]));
    assert!(uploads.is_as_before(b"evidence"));
}

#[test]
fn what_is_not_understood_is_not_deleted() {
    let uploads = Uploads::with(b"evidence");
    let own = uploads.vault.staging.dir();
    std::fs::write(own.join("7.adopted"), b"without a journal").unwrap();
    std::fs::write(own.join("8.adopted"), b"with a bad one").unwrap();
    std::fs::write(own.join("8.origin"), b"?").unwrap();
    std::fs::write(own.join("notes.txt"), b"somebody's").unwrap();
    let recovered = uploads.crash();
    assert_eq!(recovered.len(), 3, "{recovered:?}");
    assert!(recovered.iter().all(|r| matches!(r, Recovered::Stuck { .. })));
    let dead = uploads.dir.path().join("vault/staging/1-dead");
    assert!(["7.adopted", "8.adopted", "8.origin", "notes.txt"].iter().all(|name| dead.join(name).exists()));
}
