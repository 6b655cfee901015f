//! A body that is a directory's files as one tar archive (POSIX.1-1988 ustar), read on the blocking threads a chunk at a time, so memory
//! stays the same whatever their size.
//!
//! A file of 8 GiB or more has its size in base 256, as GNU tar, libarchive and Python's tarfile write and read it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use futures_util::stream;

/// What everything in an archive is a multiple of.
const BLOCK: u64 = 512;
/// Bytes of one chunk of the answer.
const CHUNK_BYTES: usize = 256 << 10;
/// Two blocks of zeros end an archive.
const END_BYTES: u64 = 2 * BLOCK;

/// Files to archive.
#[derive(Debug)]
pub struct Archive {
    members: VecDeque<Member>,
    mtime: u64,
    open: Option<Open>,
    is_ended: bool,
}

#[derive(Debug)]
struct Member {
    name: String,
    path: PathBuf,
    size: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    left: u64,
    padding: u64,
}

impl Archive {
    /// Every file below `dir`, in the order of their names, under the name `prefix`; their time is `mtime`, in seconds since 1970.
    ///
    /// # Errors
    /// What listing says; something that is no file or directory, or a name of more than 100 bytes.
    pub fn of_dir(dir: &Path, prefix: &str, mtime: u64) -> io::Result<Self> {
        let mut members = Vec::new();
        list(dir, prefix, &mut members)?;
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { members: members.into(), mtime, open: None, is_ended: false })
    }

    /// Bytes of the whole archive.
    pub fn length(&self) -> u64 {
        self.members.iter().map(|member| BLOCK + member.size.next_multiple_of(BLOCK)).sum::<u64>() + END_BYTES
    }

    /// The archive as a body. A file that changes meanwhile breaks it off, so that no client takes the part for the whole.
    pub fn into_body(self) -> Body {
        Body::from_stream(stream::try_unfold(self, |mut archive| async move {
            let read = tokio::task::spawn_blocking(move || archive.chunk().map(|chunk| (chunk, archive)));
            let (chunk, archive) = read.await.map_err(io::Error::other).and_then(|read| read).inspect_err(|error| {
                tracing::error!("an archive breaks off: {error}");
            })?;
            Ok::<_, io::Error>((!chunk.is_empty()).then_some((Bytes::from(chunk), archive)))
        }))
    }

    /// The next bytes; none at the end.
    fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(CHUNK_BYTES);
        while out.len() < CHUNK_BYTES && !self.is_ended {
            match self.open.take() {
                Some(open) => self.open = open.read(&mut out)?,
                None => match self.members.pop_front() {
                    Some(member) => self.open = Some(self.begin(&member, &mut out)?),
                    None => {
                        pad(&mut out, END_BYTES);
                        self.is_ended = true;
                    }
                },
            }
        }
        Ok(out)
    }

    fn begin(&self, member: &Member, out: &mut Vec<u8>) -> io::Result<Open> {
        let file = File::open(&member.path)?;
        if file.metadata()?.len() != member.size {
            return Err(io::Error::other(format!("{} has another size than before", member.path.display())));
        }
        out.extend_from_slice(&header(&member.name, member.size, self.mtime));
        Ok(Open { file, left: member.size, padding: member.size.next_multiple_of(BLOCK) - member.size })
    }
}

impl Open {
    /// Reads on; gives itself back while there is more.
    fn read(mut self, out: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let room = CHUNK_BYTES.saturating_sub(out.len()).max(1) as u64;
        let wanted = self.left.min(room);
        let read = Read::by_ref(&mut self.file).take(wanted).read_to_end(out)? as u64;
        if read < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        if self.left > 0 {
            return Ok(Some(self));
        }
        pad(out, self.padding);
        Ok(None)
    }
}

fn list(dir: &Path, prefix: &str, members: &mut Vec<Member>) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let (entry, wrong) = (entry?, |what| io::Error::other(format!("{what} in {}", dir.display())));
        let name = entry.file_name().into_string().map_err(|_| wrong("a name that is no text"))?;
        let (name, facts) = (format!("{prefix}/{name}"), entry.metadata()?);
        if facts.is_dir() {
            list(&entry.path(), &name, members)?;
        } else if facts.is_file() && name.len() <= 100 {
            members.push(Member { name, path: entry.path(), size: facts.len() });
        } else {
            return Err(wrong("something that cannot be archived"));
        }
    }
    Ok(())
}

fn pad(out: &mut Vec<u8>, zeros: u64) {
    out.extend(std::iter::repeat_n(0, usize::try_from(zeros).unwrap_or(0)));
}

/// The header of a file; a name is at most 100 bytes long.
fn header(name: &str, size: u64, mtime: u64) -> [u8; 512] {
    let mut block = [0; 512];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(field) = block.get_mut(at..at + bytes.len()) {
            field.copy_from_slice(bytes);
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000440\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, &number(size));
    put(136, &number(mtime));
    // The checksum is made over spaces in its own place.
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    if let Some(field) = block.get_mut(148..156) {
        field.copy_from_slice(sum.as_bytes());
    }
    block
}

/// Twelve bytes: eleven octal digits and a zero, or base 256 for what needs more.
fn number(value: u64) -> [u8; 12] {
    let mut field = [0; 12];
    let octal = format!("{value:011o}");
    if octal.len() == 11 {
        field[..11].copy_from_slice(octal.as_bytes());
    } else {
        field[0] = 0x80;
        field[4..].copy_from_slice(&value.to_be_bytes());
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(archive: Archive) -> Result<Vec<u8>, axum::Error> {
        Ok(axum::body::to_bytes(archive.into_body(), usize::MAX).await?.to_vec())
    }

    #[tokio::test]
    async fn an_archive_has_its_length_and_is_read_by_tar() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from");
        std::fs::create_dir_all(from.join("data")).unwrap();
        let big: Vec<u8> = (0..700_001_u32).map(|n| n.to_le_bytes()[0]).collect();
        for (name, bytes) in [("a", &b""[..]), ("data/b", &[7; 512]), ("data/c", &big), ("z", b"z")] {
            std::fs::write(from.join(name), bytes).unwrap();
        }
        let archive = Archive::of_dir(&from, "bag-1", 1_795_510_327).unwrap();
        let length = archive.length();
        let bytes = read(archive).await.unwrap();
        assert_eq!(bytes.len() as u64, length);
        std::fs::write(dir.path().join("x.tar"), bytes).unwrap();
        let done = std::process::Command::new("tar").arg("-xf").arg("x.tar").current_dir(dir.path()).status().unwrap();
        assert!(done.success());
        assert_eq!(std::fs::read(dir.path().join("bag-1/data/c")).unwrap(), big);
        assert_eq!(std::fs::read(dir.path().join("bag-1/z")).unwrap(), b"z");
        assert!(dir.path().join("bag-1/a").exists());
    }

    #[test]
    fn a_size_beyond_eight_gibibytes_is_in_base_256() {
        assert_eq!(&number((8 << 30) - 1), b"77777777777\0");
        assert_eq!(number(8 << 30), [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    }

    #[tokio::test]
    async fn a_file_that_changes_breaks_it_off_and_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), b"abc").unwrap();
        let archive = Archive::of_dir(dir.path(), "x", 0).unwrap();
        std::fs::write(dir.path().join("a"), b"ab").unwrap();
        assert!(read(archive).await.is_err());
        std::os::unix::fs::symlink("a", dir.path().join("b")).unwrap();
        assert!(Archive::of_dir(dir.path(), "x", 0).is_err());
    }
}
