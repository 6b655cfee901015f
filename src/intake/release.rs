//! Removing a confirmed source: only the very file that was received, never one that took its place.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::settle::{Stat, Writer};
use super::source::{EntryKind, FolderHandle, Place, look_at, writer_of};
use crate::catalog::uploads::Upload;

/// Removes the source of `upload`. It is renamed aside first, so that what is looked at is what is removed; a file that is not the
/// one received is put back. Gives `deleted`, `gone` (somebody removed it before) or `changed` (another file is there; it is kept, and
/// taken like any other).
///
/// A crash or an error between the rename and the removal leaves the file under a dot name in its folder; the next call removes it.
///
/// # Errors
/// What the operating system says; the source is still there then, under its name or the one aside.
pub fn remove_source(upload: &Upload) -> io::Result<&'static str> {
    // An unmounted folder is no removed source: it may come back, so this is an error and tried again.
    let folder = FolderHandle::open(Path::new(OsStr::from_bytes(&upload.folder)))?;
    let place = Place::new(0, &upload.dir, &upload.name);
    let dir = match folder.open_dir(&upload.dir) {
        Ok(dir) => dir,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok("gone"),
        Err(e) => return Err(e),
    };
    let name = OsStr::from_bytes(&upload.name);
    let aside = format!(".zhilu-release-{}", upload.id);
    match look_at(&dir, OsStr::new(&aside)) {
        Ok(EntryKind::File(stat)) if is_received(upload, &stat) => {
            rustix::fs::unlinkat(&dir, &aside, AtFlags::empty())?;
            return Ok("deleted");
        }
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    match look_at(&dir, name) {
        Ok(EntryKind::File(stat)) if is_received(upload, &stat) => {}
        Ok(_) => return Ok("changed"),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok("gone"),
        Err(e) => return Err(e),
    }
    if writer_of(&folder.open_file(place.relative())?) == Writer::Somebody {
        return Err(io::Error::other("somebody has it open for writing"));
    }
    rustix::fs::renameat(&dir, name, &dir, &aside)?;
    match look_at(&dir, OsStr::new(&aside))? {
        EntryKind::File(stat) if is_received(upload, &stat) => {
            rustix::fs::unlinkat(&dir, &aside, AtFlags::empty())?;
            Ok("deleted")
        }
        _ => match rustix::fs::renameat_with(&dir, &aside, &dir, name, RenameFlags::NOREPLACE) {
            Ok(()) | Err(Errno::EXIST) => Ok("changed"),
            Err(e) => Err(e.into()),
        },
    }
}

/// Same inode, size and modification time as when it was received; a rename changes none of them.
fn is_received(upload: &Upload, stat: &Stat) -> bool {
    (stat.inode, stat.size_bytes, stat.mtime_ns) == (upload.inode, upload.size_bytes, upload.mtime_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::time::Micros;
    use crate::model::upload::UploadState;

    fn upload_of(dir: &Path, name: &str) -> Upload {
        let place = Place::new(0, b"", name.as_bytes());
        let Ok(EntryKind::File(stat)) = FolderHandle::open(dir).unwrap().look(&place) else { panic!("no file") };
        Upload {
            id: Id(1),
            clip_id: Id(2),
            folder: dir.as_os_str().as_bytes().to_vec(),
            dir: Vec::new(),
            name: name.as_bytes().to_vec(),
            pair_key: Vec::new(),
            size_bytes: stat.size_bytes,
            mtime_ns: stat.mtime_ns,
            ctime_ns: stat.ctime_ns,
            inode: stat.inode,
            important: false,
            policy: "delete".to_owned(),
            adopted: false,
            state: UploadState::Confirmed,
            reason: None,
            arrived: Micros(0),
            accepted: Micros(0),
            confirmed: None,
            released: None,
            outcome: None,
        }
    }

    #[test]
    fn only_the_received_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mp4");
        std::fs::write(&path, "clip").unwrap();
        let upload = upload_of(dir.path(), "a.mp4");
        assert_eq!(remove_source(&upload).unwrap(), "deleted");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(remove_source(&upload).unwrap(), "gone");
        std::fs::write(&path, "clip").unwrap();
        assert_eq!(remove_source(&upload).unwrap(), "changed");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "clip");
    }

    #[test]
    fn a_removal_that_was_cut_is_finished_and_what_came_meanwhile_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (path, aside) = (dir.path().join("a.mp4"), dir.path().join(format!(".zhilu-release-{}", Id(1))));
        std::fs::write(&path, "clip").unwrap();
        let upload = upload_of(dir.path(), "a.mp4");
        rustix::fs::rename(&path, &aside).unwrap();
        std::fs::write(&path, "other").unwrap();
        assert_eq!(remove_source(&upload).unwrap(), "deleted");
        assert!(!aside.exists());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "other");
    }

    #[test]
    fn an_unmounted_folder_is_an_error_and_an_open_writer_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mp4");
        std::fs::write(&path, "clip").unwrap();
        let upload = upload_of(dir.path(), "a.mp4");
        let writer = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        assert!(remove_source(&upload).is_err());
        drop(writer);
        assert!(path.exists());
        let elsewhere = Upload { folder: b"/no/such/folder".to_vec(), ..upload };
        assert!(remove_source(&elsewhere).is_err());
    }
}
