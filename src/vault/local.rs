//! The vault on a local or mounted file system.
//!
//! ```text
//! objects/ab/cdef…   an object: the file whose SHA-256 is abcdef…, mode 0440; never written again, never removed here
//! staging/           see the module `staging`
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::recovery::Recovered;
use super::staging::Staging;
use super::{VaultError, durable};
use crate::model::digest::{Sha256Digest, to_hex};

/// Permissions of the vault's directories.
const DIR_MODE: u32 = 0o750;

/// An open vault. Every method may be called from any thread at any time.
#[derive(Debug)]
pub struct LocalVault {
    root: PathBuf,
    objects: PathBuf,
    pub(super) staging: Arc<Staging>,
}

/// What [`LocalVault::open`] gives.
#[derive(Debug)]
pub struct Opened {
    /// The vault.
    pub vault: LocalVault,
    /// Adopted sources that ended processes left, and what became of each: the caller logs them and finishes those that
    /// are [`Recovered::InVault`].
    pub recovered: Vec<Recovered>,
}

/// Something found among the objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file with an object's name; whether it has that digest is for a read-back to say.
    Object {
        /// The digest its name says.
        sha256: Sha256Digest,
        /// Its size in bytes.
        size_bytes: u64,
    },
    /// Something that the vault did not put there.
    Stray(PathBuf),
}

impl LocalVault {
    /// Opens the vault in the directory `root`; makes what is missing, and cleans up after processes that ended.
    ///
    /// All 256 object directories are made here and never later: if the vault's file system is unmounted while we run,
    /// nothing is written into the empty directory below.
    ///
    /// # Errors
    /// When a directory cannot be made, locked or synced.
    pub fn open(root: &Path) -> Result<Opened, VaultError> {
        let vault = Self::look(root)?;
        let recovered = vault.staging.recover(&vault.objects)?;
        Ok(Opened { vault, recovered })
    }

    /// Opens the vault as [`LocalVault::open`] does, and leaves alone what ended processes left.
    ///
    /// # Errors
    /// When a directory cannot be made, locked or synced.
    pub fn look(root: &Path) -> Result<Self, VaultError> {
        std::fs::create_dir_all(root).map_err(VaultError::at("create", root))?;
        // Absolute, so that a later change of the working directory changes nothing.
        let root = root.canonicalize().map_err(VaultError::at("find", root))?;
        let (objects, staging) = (root.join("objects"), root.join("staging"));
        let make = |dir: &Path| durable::make_dir(dir, DIR_MODE).map_err(VaultError::at("create", dir));
        make(&objects)?;
        make(&staging)?;
        for first in 0..=u8::MAX {
            make(&objects.join(to_hex(&[first])))?;
        }
        for dir in [&objects, &root, &durable::parent(&root).to_owned()] {
            durable::sync_dir(dir).map_err(VaultError::at("sync", dir))?;
        }
        let staging = Staging::open(&staging)?;
        Ok(Self { root, objects, staging })
    }

    /// The vault's directory, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the object of this digest is, or would be.
    pub fn object_path(&self, sha256: Sha256Digest) -> PathBuf {
        object_path(&self.objects, sha256)
    }

    /// Opens the object of this digest for reading.
    ///
    /// # Errors
    /// `NotFound` when the vault has none, and what else the operating system says.
    pub fn open_object(&self, sha256: Sha256Digest) -> Result<File, VaultError> {
        let path = self.object_path(sha256);
        File::open(&path).map_err(VaultError::at("open", &path))
    }

    /// The size in bytes of the object of this digest; `None` when the vault has none.
    ///
    /// # Errors
    /// When that cannot be told, or something else than a file has its name.
    pub fn object_len(&self, sha256: Sha256Digest) -> Result<Option<u64>, VaultError> {
        let path = self.object_path(sha256);
        match path.symlink_metadata() {
            Ok(facts) if facts.is_file() => Ok(Some(facts.len())),
            Ok(_) => Err(VaultError::at("use", &path)(io::Error::other("it is no regular file"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(VaultError::at("look at", &path)(error)),
        }
    }

    /// Bytes that this process may still write on the vault's file system.
    ///
    /// # Errors
    /// When the file system does not say.
    pub fn free_bytes(&self) -> Result<u64, VaultError> {
        let facts = rustix::fs::statvfs(&self.objects).map_err(VaultError::at("measure", &self.objects))?;
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }

    /// Everything among the objects, one directory after the other, in no order within one. What is published
    /// meanwhile may be missing.
    pub fn iter_objects(&self) -> impl Iterator<Item = Result<Found, VaultError>> + use<> {
        let (objects, strays) = (self.objects.clone(), self.strays());
        let inside = (0..=u8::MAX).flat_map(move |first| list_directory(&objects, first));
        strays.into_iter().chain(inside)
    }

    /// What lies among the objects' directories and is none of them.
    pub fn strays(&self) -> Vec<Result<Found, VaultError>> {
        list(&self.objects, |path, name| {
            let expected = name.len() == 2 && is_lower_hex(name) && path.is_dir();
            Ok((!expected).then(|| Found::Stray(path.to_owned())))
        })
    }

    /// Everything in the directory of the objects whose digests begin with the byte `first`.
    pub fn objects_of(&self, first: u8) -> Vec<Result<Found, VaultError>> {
        list_directory(&self.objects, first)
    }

    /// Whether the vault is there that should hold the object of this digest: its directory exists, and some object is in the vault.
    /// When it is not, its file system is not mounted, and a missing object says nothing.
    pub fn is_there(&self, sha256: Sha256Digest) -> bool {
        let is_filled =
            |first| std::fs::read_dir(self.objects.join(to_hex(&[first]))).is_ok_and(|mut d| d.next().is_some());
        durable::parent(&self.object_path(sha256)).is_dir() && (0..=u8::MAX).any(is_filled)
    }

    /// Whether there is a vault in the directory `root`; makes none.
    pub fn exists(root: &Path) -> bool {
        (0..=u8::MAX).all(|first| root.join("objects").join(to_hex(&[first])).is_dir())
    }
}

/// Where the object of this digest is below `objects`.
pub(super) fn object_path(objects: &Path, sha256: Sha256Digest) -> PathBuf {
    let hex = sha256.to_string();
    let (directory, name) = hex.split_at(2);
    objects.join(directory).join(name)
}

fn list_directory(objects: &Path, first: u8) -> Vec<Result<Found, VaultError>> {
    let first = to_hex(&[first]);
    list(&objects.join(&first), |path, name| found(path, &first, name).map(Some))
}

fn found(path: &Path, first: &str, name: &str) -> io::Result<Found> {
    let facts = path.symlink_metadata()?;
    Ok(match format!("{first}{name}").parse() {
        Ok(sha256) if facts.is_file() && is_lower_hex(name) => Found::Object { sha256, size_bytes: facts.len() },
        _ => Found::Stray(path.to_owned()),
    })
}

fn is_lower_hex(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What `look` makes of each entry of `dir`; an unreadable directory or entry is an item of its own.
fn list(dir: &Path, look: impl Fn(&Path, &str) -> io::Result<Option<Found>>) -> Vec<Result<Found, VaultError>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => return vec![Err(VaultError::at("list", dir)(error))],
    };
    let look = |entry: io::Result<std::fs::DirEntry>| {
        let path = entry.map_err(VaultError::at("list", dir))?.path();
        // A name that is not UTF-8 is not ours: it cannot equal anything that is.
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        look(&path, &name).map_err(VaultError::at("look at", &path))
    };
    entries.filter_map(|entry| look(entry).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_vault_opens_twice_and_lists_what_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let vault = LocalVault::open(&dir.path().join("deep/vault")).unwrap().vault;
        let again = LocalVault::open(vault.root()).unwrap();
        assert!(again.recovered.is_empty());
        assert_eq!(vault.iter_objects().count(), 0);
        let digest = Sha256Digest([0xab; 32]);
        assert_eq!(vault.object_len(digest).unwrap(), None);
        assert_eq!(vault.open_object(digest).unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(vault.object_path(digest), b"12345").unwrap();
        let strays = [vault.objects.join("ab/README"), vault.objects.join("notes"), vault.objects.join("AB")];
        strays.iter().for_each(|path| std::fs::write(path, b"").unwrap());
        let mut found: Vec<_> = vault.iter_objects().map(Result::unwrap).collect();
        assert!(found.contains(&Found::Object { sha256: digest, size_bytes: 5 }));
        found.retain(|f| matches!(f, Found::Stray(path) if strays.contains(path)));
        assert_eq!(found.len(), 3);
        assert_eq!(again.vault.object_len(digest).unwrap(), Some(5));
        assert!(vault.free_bytes().unwrap() > 0);
        let mode = vault.objects.join("ab").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o027, 0, "no access for others, no writing for the group");
    }

    #[test]
    fn a_lost_directory_is_an_error_and_not_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let vault = LocalVault::open(dir.path()).unwrap().vault;
        std::fs::remove_dir(vault.objects.join("7f")).unwrap();
        assert_eq!(vault.iter_objects().filter(Result::is_err).count(), 1);
    }

    #[test]
    fn a_vault_that_cannot_be_made_names_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let error = LocalVault::open(&file.join("vault")).unwrap_err();
        assert!(error.to_string().contains("file/vault"), "{error}");
    }

    #[test]
    fn litter_of_ended_processes_goes_and_that_of_living_ones_stays() {
        let dir = tempfile::tempdir().unwrap();
        let living = LocalVault::open(dir.path()).unwrap().vault;
        let kept = living.staging.dir().join("0.part");
        std::fs::write(&kept, b"being written").unwrap();
        let ended = dir.path().join("staging/999999-00000000");
        std::fs::create_dir(&ended).unwrap();
        std::fs::write(ended.join(".lock"), b"").unwrap();
        std::fs::write(ended.join("0.part"), b"left behind").unwrap();
        let unlocked = dir.path().join("staging/999998-00000000");
        std::fs::create_dir(&unlocked).unwrap();
        let _other = LocalVault::open(dir.path()).unwrap();
        assert!(kept.exists() && !ended.exists() && !unlocked.exists());
        let own = living.staging.dir().to_owned();
        std::fs::remove_file(&kept).unwrap();
        drop(living);
        assert!(!own.exists());
    }
}
