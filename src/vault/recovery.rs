//! What is done with the staging directories of processes that ended without tidying up.
//!
//! Copies are deleted: their sources are still in the upload folders. Adopted sources go back to where they came from,
//! unless they became objects already. What cannot be understood is never deleted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::CWD;

use super::adopt::{ADOPTED, Adoption, ORIGIN};
use super::durable;
use super::local::object_path;
use super::origin::Origin;
use super::staging::{LOCK, PART, Staging};
use crate::model::digest::Sha256Digest;

/// What opening the vault found of a source that an ended process had adopted.
#[derive(Debug)]
pub enum Recovered {
    /// It is in its upload folder again.
    PutBack {
        /// Where it came from.
        origin: PathBuf,
        /// Where it is now: there, or under a name beside it because another file has that name by now.
        now_at: PathBuf,
    },
    /// It is an object in the vault, durable, but nobody said that the catalog knows it: accept it as an upload that
    /// came from [`Adoption::origin`], then [`Adoption::finish`]. Doing so twice must be harmless.
    InVault {
        /// The object.
        sha256: Sha256Digest,
        /// What is left to finish.
        adoption: Adoption,
    },
    /// It could not be put back now, such as when the upload folder is not mounted; every opening tries again.
    Stuck {
        /// The file or directory that needs a person or another try.
        staged: PathBuf,
        /// Where it came from, if known.
        origin: Option<PathBuf>,
        /// Why.
        reason: String,
    },
}

/// Cleans `stale`, of which no process holds the lock. Nothing in it makes opening the vault fail.
pub(super) fn clean(stale: &Path, own: &Arc<Staging>, objects: &Path, found: &mut Vec<Recovered>) {
    let mut clean = || -> io::Result<()> {
        let mut paths = std::fs::read_dir(stale)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
        // Journals first: what is adopted and still there after them has none.
        paths.sort_by_key(|path| path.extension().is_none_or(|e| e != ORIGIN));
        for path in paths {
            match path.extension().and_then(|e| e.to_str()) {
                Some(PART) => std::fs::remove_file(&path)?,
                Some(ORIGIN) => found.extend(recover(&path, own, objects)?),
                _ if path.file_name().is_some_and(|name| name == LOCK) => {}
                Some(ADOPTED) if !path.exists() || path.with_extension(ORIGIN).exists() => {}
                _ => found.push(stuck(&path, None, "it has no journal of where it came from")),
            }
        }
        Ok(())
    };
    if let Err(error) = clean() {
        found.push(stuck(stale, None, &error.to_string()));
    }
    // Fails while something is left, and then the next opening looks again.
    let lock = stale.join(LOCK);
    if std::fs::read_dir(stale).is_ok_and(|entries| entries.count() <= 1) {
        let _ = std::fs::remove_file(lock);
        let _ = std::fs::remove_dir(stale);
    }
}

/// Decides by what is there:
///
/// | journal | digest in it | adopted file | object | what happened | done |
/// |---|---|---|---|---|---|
/// | cut | | no | | crash while writing it | remove the journal |
/// | cut | | yes | | cannot be | stuck |
/// | whole | any | yes | any | crash before publishing, or a duplicate not yet released | put back |
/// | whole | no | no | | crash before the move, or after putting back | remove the journal |
/// | whole | yes | no | yes | crash after publishing | in vault; the journal moves to our directory |
/// | whole | yes | no | no | put back already, or the object was removed | origin there: remove the journal; else stuck |
fn recover(journal: &Path, own: &Arc<Staging>, objects: &Path) -> io::Result<Option<Recovered>> {
    let adopted = journal.with_extension(ADOPTED);
    let is_adopted = adopted.symlink_metadata().is_ok();
    let Some(origin) = Origin::from_bytes(&std::fs::read(journal)?) else {
        if is_adopted {
            return Ok(Some(stuck(&adopted, None, "the journal of where it came from is damaged")));
        }
        std::fs::remove_file(journal)?;
        return Ok(None);
    };
    if is_adopted {
        return put_back(journal, &adopted, origin).map(Some);
    }
    match origin.sha256 {
        Some(sha256) if object_path(objects, sha256).exists() => {
            in_vault(journal, origin, sha256, own, objects).map(Some)
        }
        Some(_) if origin.path.symlink_metadata().is_err() => {
            Ok(Some(stuck(journal, Some(origin.path), "neither the source nor its object is there")))
        }
        _ => std::fs::remove_file(journal).map(|()| None),
    }
}

fn put_back(journal: &Path, adopted: &Path, origin: Origin) -> io::Result<Recovered> {
    match origin.put_back(adopted) {
        Ok(now_at) => {
            std::fs::remove_file(journal)?;
            Ok(Recovered::PutBack { origin: origin.path, now_at })
        }
        Err(error) => Ok(stuck(adopted, Some(origin.path), &error.to_string())),
    }
}

/// The object's bytes were synced before the digest was written down; its name may not have been.
fn in_vault(
    journal: &Path,
    origin: Origin,
    sha256: Sha256Digest,
    own: &Arc<Staging>,
    objects: &Path,
) -> io::Result<Recovered> {
    let object = object_path(objects, sha256);
    durable::sync_dir(durable::parent(&object))?;
    let adoption = Adoption::new(origin, own);
    durable::rename_new(CWD, journal.as_os_str(), CWD, adoption.journal().as_os_str())?;
    durable::sync_dir(own.dir())?;
    Ok(Recovered::InVault { sha256, adoption })
}

fn stuck(staged: &Path, origin: Option<PathBuf>, reason: &str) -> Recovered {
    Recovered::Stuck { staged: staged.to_owned(), origin, reason: reason.to_owned() }
}
