//! Copying objects out of the vault, for those who take evidence elsewhere: hashed on the way, so that what arrives is what the ledger
//! says or nothing does.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};

use super::copy::{self, CopyError, Watch};
use super::digester::Digester;
use super::local::LocalVault;
use super::readback::Expected;
use super::stage::StageOptions;
use super::{VaultError, durable};
use crate::model::digest::{Sha256Digest, Sm3Digest};

/// Permissions of the copies: read by whoever the directory lets in.
const COPY_MODE: u32 = 0o440;

/// What became of an object's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It is there, whole and equal; its directory is to be synced by the caller.
    Whole,
    /// The object is not what it should be; this is what the vault gave. There is no copy.
    Differs {
        /// SHA-256 of the bytes.
        sha256: Sha256Digest,
        /// SM3 of them, if expected.
        sm3: Option<Sm3Digest>,
        /// Their number.
        size_bytes: u64,
    },
    /// The caller ended it. There is no copy.
    Stopped,
}

/// Why an object could not be copied. There is no copy.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The object.
    #[error(transparent)]
    Object(VaultError),
    /// The place it is copied to.
    #[error(transparent)]
    Target(VaultError),
}

impl LocalVault {
    /// Makes `to` a copy of an object, synced; a file there that is whole and equal is only read. Constant memory, as staging takes.
    /// The caller knows `to`'s directory as its own. `progress` is told the bytes of this object read so far.
    ///
    /// A crash leaves no file under the name, or the whole one, and perhaps a `.part` beside it, which the next call overwrites.
    ///
    /// # Errors
    /// See [`DeliverError`].
    pub fn deliver(
        &self,
        expected: &Expected,
        to: &Path,
        opts: &StageOptions<'_>,
        progress: &dyn Fn(u64),
    ) -> Result<Delivered, DeliverError> {
        let watch = opts.watch(progress);
        match self.look_at_copy(expected, to, &watch)? {
            Some(delivered) => Ok(delivered),
            None => self.copy_out(expected, to, &watch),
        }
    }

    /// What there is to say about a copy that was made before; none: there is none to be used.
    fn look_at_copy(
        &self,
        expected: &Expected,
        to: &Path,
        watch: &Watch<'_>,
    ) -> Result<Option<Delivered>, DeliverError> {
        let failed = |action| move |error: io::Error| DeliverError::Target(VaultError::at(action, to)(error));
        let file = match open(to) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open")(error)),
        };
        if file.metadata().map_err(failed("look at"))?.len() == expected.size_bytes {
            let mut digester = Digester::new(expected.sm3.is_some());
            match copy::hash(&file, &mut digester, watch) {
                Ok(size_bytes) if is(expected, digester, size_bytes).is_ok() => {
                    durable::sync_file(&file).map_err(failed("sync"))?;
                    return Ok(Some(Delivered::Whole));
                }
                Ok(_) | Err(CopyError::Growing { .. }) => {}
                Err(CopyError::Stopped) => return Ok(Some(Delivered::Stopped)),
                Err(CopyError::Source(error) | CopyError::Target(error)) => return Err(failed("read")(error)),
            }
        }
        std::fs::remove_file(to).map_err(failed("remove"))?;
        Ok(None)
    }

    fn copy_out(&self, expected: &Expected, to: &Path, watch: &Watch<'_>) -> Result<Delivered, DeliverError> {
        let object = self.object_path(expected.sha256);
        let of_object = |error: io::Error| DeliverError::Object(VaultError::at("read", &object)(error));
        let of_target = |error: io::Error| DeliverError::Target(VaultError::at("write", to)(error));
        let source = open(&object).map_err(of_object)?;
        let part = Part::new(to).map_err(of_target)?;
        let mut digester = Digester::new(expected.sm3.is_some());
        let size_bytes = match copy::copy(&source, &part.file, &mut digester, watch) {
            Ok(size_bytes) => size_bytes,
            Err(CopyError::Stopped) => return Ok(Delivered::Stopped),
            Err(CopyError::Source(error)) => return Err(of_object(error)),
            Err(CopyError::Target(error)) => return Err(of_target(error)),
            Err(CopyError::Growing { .. }) => return Err(of_object(io::Error::other("it grows while it is read"))),
        };
        if let Err(found) = is(expected, digester, size_bytes) {
            return Ok(found);
        }
        part.place(to).map_err(of_target)?;
        Ok(Delivered::Whole)
    }
}

/// Opens a regular file, and nothing that only has its name.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}

/// Whether these bytes are the expected ones; what they are otherwise.
fn is(expected: &Expected, digester: Digester, size_bytes: u64) -> Result<(), Delivered> {
    let (sha256, sm3) = digester.finish();
    if (Expected { sha256, sm3, size_bytes }) == *expected {
        return Ok(());
    }
    Err(Delivered::Differs { sha256, sm3, size_bytes })
}

/// A copy under a temporary name; removed when it is dropped without having got its own.
struct Part {
    file: File,
    path: Option<PathBuf>,
}

impl Part {
    fn new(to: &Path) -> io::Result<Self> {
        let mut name = to.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { file, path: Some(path) })
    }

    fn place(mut self, to: &Path) -> io::Result<()> {
        self.file.set_permissions(Permissions::from_mode(COPY_MODE))?;
        durable::sync_file(&self.file)?;
        if let Some(path) = &self.path {
            durable::rename_new(CWD, path.as_os_str(), CWD, to.as_os_str())?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    struct World {
        dir: tempfile::TempDir,
        vault: LocalVault,
    }

    fn world(bytes: &[u8]) -> (World, Expected) {
        let dir = tempfile::tempdir().unwrap();
        let vault = LocalVault::open(&dir.path().join("vault")).unwrap().vault;
        let sha256 = Sha256Digest(Sha256::digest(bytes).into());
        std::fs::write(vault.object_path(sha256), bytes).unwrap();
        (World { dir, vault }, Expected { sha256, sm3: None, size_bytes: bytes.len() as u64 })
    }

    impl World {
        fn deliver(&self, expected: &Expected) -> Result<Delivered, DeliverError> {
            self.vault.deliver(expected, &self.dir.path().join("copy"), &StageOptions::default(), &|_| {})
        }

        fn copy(&self) -> Option<Vec<u8>> {
            assert!(!self.dir.path().join("copy.part").exists());
            std::fs::read(self.dir.path().join("copy")).ok()
        }
    }

    #[test]
    fn a_copy_is_made_once_and_looked_at_again() {
        let bytes = vec![7; 3 << 20];
        let (world, expected) = world(&bytes);
        assert_eq!(world.deliver(&expected).unwrap(), Delivered::Whole);
        assert_eq!(world.copy().unwrap(), bytes);
        // The object is not needed for what is whole already.
        std::fs::remove_file(world.vault.object_path(expected.sha256)).unwrap();
        assert_eq!(world.deliver(&expected).unwrap(), Delivered::Whole);
    }

    #[test]
    fn a_copy_that_is_not_equal_is_made_anew() {
        let (world, expected) = world(b"the bytes");
        for wrong in [&b"the bytez"[..], b"", b"more than the bytes"] {
            let _ = std::fs::remove_file(world.dir.path().join("copy"));
            std::fs::write(world.dir.path().join("copy"), wrong).unwrap();
            std::fs::write(world.dir.path().join("copy.part"), b"left by a crash").unwrap();
            assert_eq!(world.deliver(&expected).unwrap(), Delivered::Whole);
            assert_eq!(world.copy().unwrap(), b"the bytes");
        }
    }

    #[test]
    fn an_object_that_is_not_what_it_should_be_leaves_no_copy() {
        let (world, expected) = world(b"the bytes");
        std::fs::write(world.vault.object_path(expected.sha256), b"the bytez").unwrap();
        let found = world.deliver(&expected).unwrap();
        assert!(matches!(found, Delivered::Differs { size_bytes: 9, .. }), "{found:?}");
        assert_eq!(world.copy(), None);
        std::fs::remove_file(world.vault.object_path(expected.sha256)).unwrap();
        assert!(
            matches!(world.deliver(&expected), Err(DeliverError::Object(e)) if e.kind() == io::ErrorKind::NotFound)
        );
    }

    #[test]
    fn what_only_has_the_name_is_neither_followed_nor_replaced() {
        let (world, expected) = world(b"the bytes");
        std::os::unix::fs::symlink("/dev/null", world.dir.path().join("copy")).unwrap();
        assert!(matches!(world.deliver(&expected), Err(DeliverError::Target(_))));
        assert!(world.dir.path().join("copy").is_symlink());
    }
}
