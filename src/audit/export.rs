//! Writing an export as a bag: a directory that proves itself (BagIt 1.0, RFC 8493, format `zhilu-export/1`).
//!
//! ```text
//! bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  policy
//! data/report.html                      the custody report
//! data/clips/ENTRY.EXT                  the clip whose ledger entry is ENTRY
//! data/details/ENTRY.{json,salt}        what an entry commits to
//! log/ENTRY.{json,tlog-proof}           the entry, and its proof to one checkpoint
//! log/ENTRY.{detail.json,salt}          the same for the entries that commit to the manifest
//! ```
//!
//! Order: begin (recorded about each clip) → details, clips and report, durable → manifest, durable → **the commit**, which no other act
//! can precede any more → entries with proofs, durable → the directory gets its name. It is written as `NAME.partial`; run again after a
//! crash it goes on: what is whole is read and not copied again.

mod bag;
pub mod daemon;
mod log;
mod papers;
mod payload;
mod report;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bag::Bag;

pub use bag::demand_free;
use papers::Papers;

use crate::catalog::CatalogError;
use crate::catalog::exports::Export;
use crate::custody::export::{self, Closing, ExportError};
use crate::custody::{Custody, CustodyError};
use crate::ledger::prove::ProveError;
use crate::model::digest::Sha256Digest;
use crate::model::export::ExportState;
use crate::model::fixity::FixityResult;
use crate::model::id::Id;
use crate::vault::LocalVault;

/// Room on the device beside the clips: details, proofs and the report, in bytes for each file.
const ROOM_PER_FILE: u64 = 256 << 10;

/// What an export is written with. Cheap to clone.
#[derive(Clone)]
pub struct Exporter {
    /// The catalog, the clock, the ledger's key.
    pub custody: Custody,
    /// The objects.
    pub vault: Arc<LocalVault>,
    /// The court's code; empty: not said.
    pub court: String,
    /// Files that are copied at the same time; 0: two a core, at most eight.
    pub threads: usize,
}

/// How far an export has come; whoever holds it can end it.
#[derive(Debug, Default)]
pub struct Progress {
    files_total: AtomicU64,
    bytes_total: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// Ends it at the next block. It goes on when it is run again.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Forgets what was done, for the next export.
    fn begin_anew(&self) {
        for figure in [&self.files_total, &self.bytes_total, &self.files, &self.bytes] {
            figure.store(0, Ordering::Relaxed);
        }
    }

    /// Whether it is to end.
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Files and bytes that are copied.
    pub fn done(&self) -> (u64, u64) {
        (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Files and bytes of all; 0 before it began.
    pub fn total(&self) -> (u64, u64) {
        (self.files_total.load(Ordering::Relaxed), self.bytes_total.load(Ordering::Relaxed))
    }
}

/// There is no bag.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An object is not what the ledger says.
    #[error("the object of clip {clip} (entry {entry}) is {}: {detail}; nothing was exported", .result.as_str())]
    Object {
        /// The clip.
        clip: Id,
        /// Its clip entry.
        entry: u64,
        /// What it is.
        result: FixityResult,
        /// What was found instead.
        detail: String,
    },
    /// A row is not what the ledger says.
    #[error("entry {entry} of {subject} does not hold: {what}; run `zhilu ledger verify`")]
    Ledger {
        /// What the entry is about.
        subject: String,
        /// The entry.
        entry: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The vault is not there.
    #[error("the vault is not there, is its file system mounted? {0}")]
    Away(String),
    /// It was ended; run again it goes on.
    #[error("stopped before the end; run again it goes on where it was")]
    Stopped,
    /// Too little room.
    #[error("{}: {needed} bytes are needed and {free} are free", .dir.display())]
    Space {
        /// Where.
        dir: PathBuf,
        /// Bytes that are needed still.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// Something has the bag's name.
    #[error("{} is there already; give another name", .0.display())]
    Taken(PathBuf),
    /// Something else is being written there.
    #[error("{} is not that of this export{}; give another name, or remove it", .dir.display(), .of.as_ref().map_or_else(String::new, |id| format!(" but of export {id}")))]
    Foreign {
        /// The directory.
        dir: PathBuf,
        /// Whose it is, as far as can be told.
        of: Option<String>,
    },
    /// Another process writes it.
    #[error("{} is being written by another process", .0.display())]
    Busy(PathBuf),
    /// A bag that was recorded is not what the ledger commits to any more.
    #[error("{} was changed after the ledger committed to it: export again", .0.display())]
    Changed(PathBuf),
    /// A file or directory.
    #[error("cannot write {}: {error}", .path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// What is recorded.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The proofs.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// There is no checkpoint over the newest entries.
    #[error("the ledger's newest checkpoint does not hold the export's entries; run `zhilu ledger verify`")]
    NoCheckpoint,
    /// A thread.
    #[error("no thread can be made, or one died: {0}")]
    Thread(String),
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        Self::Export(error.into())
    }
}

impl From<CustodyError> for Failure {
    fn from(error: CustodyError) -> Self {
        Self::Export(error.into())
    }
}

impl Failure {
    /// Whether evidence or ledger are not what they should be.
    pub fn is_finding(&self) -> bool {
        matches!(self, Self::Object { .. } | Self::Ledger { .. })
    }

    /// Whether running it again may help: with more room, another day, after a restart.
    pub fn can_go_on(&self) -> bool {
        match self {
            Self::Away(_) | Self::Stopped | Self::Space { .. } | Self::Busy(_) | Self::Path { .. } => true,
            Self::Export(error) => error.is_passing(),
            Self::Prove(error) => error.is_passing(),
            Self::Thread(_) => true,
            _ => false,
        }
    }

    fn at(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::Path { path: path.clone(), error }
    }
}

/// A bag that is whole.
#[derive(Debug)]
pub struct Written {
    /// The export.
    pub export: Export,
    /// Where the bag is.
    pub dir: PathBuf,
    /// SHA-256 of its manifest.
    pub manifest: Sha256Digest,
}

/// Writes the bag of an approved export to `dir`, an absolute path that nothing has; or goes on with it. What makes it impossible is
/// recorded, and the export is at its end then.
///
/// # Errors
/// See [`Failure`].
pub async fn write(exporter: &Exporter, id: Id, dir: &Path, progress: &Arc<Progress>) -> Result<Written, Failure> {
    let (exporter, dir, progress) = (exporter.clone(), dir.to_owned(), Arc::clone(progress));
    let runtime = tokio::runtime::Handle::current();
    // A thread of its own: it writes thousands of files between looks at the catalog.
    let written = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            let written = steps(&exporter, id, &dir, &progress).await;
            conclude(&exporter, id, &dir, written).await
        })
    });
    written.await.map_err(|error| Failure::Thread(error.to_string()))?
}

/// Records a failure for good.
async fn conclude(
    exporter: &Exporter,
    id: Id,
    dir: &Path,
    written: Result<Written, Failure>,
) -> Result<Written, Failure> {
    let Err(failure) = &written else { return written };
    if let Failure::Object { clip, result, detail, .. } = failure {
        payload::record_finding(exporter, *clip, *result, detail).await?;
    }
    // What another process makes is left to it.
    let is_ours = !matches!(failure, Failure::Export(ExportError::WrongState { .. } | ExportError::Elsewhere { .. }));
    if is_ours && !failure.can_go_on() {
        export::fail(&exporter.custody, id, &failure.to_string()).await?;
        bag::discard(dir, id).map_err(Failure::at(dir))?;
    }
    written
}

async fn steps(exporter: &Exporter, id: Id, dir: &Path, progress: &Progress) -> Result<Written, Failure> {
    let custody = &exporter.custody;
    if let Some(bag) = Bag::found_whole(custody, id, dir).await? {
        let export = export::finish(custody, id).await?;
        return Ok(Written { export, dir: dir.to_owned(), manifest: bag });
    }
    let mut bag = Bag::open(dir, id)?;
    let export = export::begin(custody, id, &dir.to_string_lossy()).await?;
    progress.files_total.store(export.files_total, Ordering::Relaxed);
    progress.bytes_total.store(export.bytes_total, Ordering::Relaxed);
    let (export, manifest) = match (export.state, export.manifest) {
        (ExportState::Recorded, Some(manifest)) => {
            bag.read_manifest(manifest)?;
            (export, manifest)
        }
        _ => fill(exporter, export, &mut bag, progress).await?,
    };
    bag.put_tag("policy", log::policy(custody).as_bytes())?;
    log::write(custody, &export, &mut bag).await?;
    bag.finish(&source_of(exporter).await?, export.decided.unwrap_or(export.requested), custody)?;
    let export = export::finish(custody, id).await?;
    Ok(Written { export, dir: dir.to_owned(), manifest })
}

/// Details, clips, report and manifest, until the ledger commits to them.
async fn fill(
    exporter: &Exporter,
    export: Export,
    bag: &mut Bag,
    progress: &Progress,
) -> Result<(Export, Sha256Digest), Failure> {
    let custody = &exporter.custody;
    let mut papers = Papers::default();
    let mut reader = custody.db.read().await?;
    // First, so that rows that contradict the ledger are found before anything is copied.
    papers.catch_up(reader.conn(), &export, bag).await?;
    drop(reader);
    payload::copy(exporter, &export, bag, progress).await?;
    let mut reader = custody.db.read().await?;
    papers.catch_up(reader.conn(), &export, bag).await?;
    let source = source_of(exporter).await?;
    report::write(custody, reader.conn(), &export, &source, bag).await?;
    drop(reader);
    bag.sync()?;
    let mut closing = Closing::begin(custody, export.id).await?;
    if papers.catch_up(closing.conn(), &export, bag).await? {
        // Somebody looked at a clip meanwhile.
        report::write(custody, closing.conn(), &export, &source, bag).await?;
    }
    let manifest = bag.write_manifest()?;
    bag.sync()?;
    Ok((closing.commit(manifest, log::entries_of(bag)).await?, manifest))
}

/// The court by name, or by what is known of it.
async fn source_of(exporter: &Exporter) -> Result<String, Failure> {
    let code = exporter.court.as_str();
    let ledger = exporter.custody.signer.name().as_str();
    if code.is_empty() {
        return Ok(ledger.to_owned());
    }
    let mut reader = exporter.custody.db.read().await?;
    let found = crate::catalog::courts::of_codes(reader.conn(), &[code]).await?;
    Ok(found.last().map_or_else(|| format!("{code} ({ledger})"), |court| format!("{} {code}", court.name)))
}
