//! Receipts beside their sources, for folders that ask for them.
//!
//! They lie next to the source, under its name with the upload's id, because whoever finds the file finds the receipt and whoever moves
//! the directory moves both. Nothing is refused for that: a name alone makes no receipt. Only a file whose bytes have the digest that
//! was recorded before it was written, at the very place it was written to, is left out of the evidence; a file that was put in its
//! place, changed or copied elsewhere is taken like any other.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::pipeline::{FolderState, Intake};
use super::settle::Stat;
use super::source::{EntryKind, FolderHandle, Place, look_at};
use crate::catalog::CatalogError;
use crate::catalog::receipts::{self, Receipt};
use crate::catalog::uploads::{self, KnownFile};
use crate::clock::random_bytes;
use crate::custody::CustodyError;
use crate::custody::receipt::receipt;
use crate::model::digest::{Sha256Digest, to_hex};
use crate::model::id::Id;
use crate::model::receipt::ReceiptForm;
use crate::vault::{durable, hash_file};

/// Receipts looked up at a time.
const PAGE: u32 = 96;

/// What became of a receipt that was due.
enum Outcome {
    /// It is in its place, or never will be.
    Settled,
    /// It cannot be made now.
    Later,
    /// Its folder cannot be written to now, so neither can the others of it.
    FolderInTrouble,
}

/// Writes the receipts that are due in the folders of this intake; says whether some are left over.
///
/// # Errors
/// When the database is away. A folder that cannot be written to is only logged: its receipts are tried again later.
pub fn write_due(intake: &Intake) -> Result<bool, CustodyError> {
    let mut left_over = false;
    for (index, folder) in intake.folders.iter().enumerate() {
        left_over |= write_due_in(intake, index, folder)?;
    }
    Ok(left_over)
}

fn write_due_in(intake: &Intake, index: usize, folder: &FolderState) -> Result<bool, CustodyError> {
    let path = folder.config.path.as_os_str().as_bytes();
    let (mut after, mut left_over) = (None, false);
    while !intake.is_stopping() {
        let page = intake.runtime.block_on(async {
            let mut reader = intake.setup.custody.db.read().await?;
            receipts::due(reader.conn(), path, after, PAGE).await
        })?;
        let Some(last) = page.last() else { break };
        after = Some((last.upload_id, last.form));
        for due in page {
            match write_one(intake, index, folder, &due)? {
                Outcome::Settled => {}
                Outcome::Later => left_over = true,
                Outcome::FolderInTrouble => return Ok(true),
            }
        }
    }
    Ok(left_over)
}

/// Makes a receipt's bytes unless they are made, and places them.
fn write_one(intake: &Intake, index: usize, folder: &FolderState, due: &Receipt) -> Result<Outcome, CustodyError> {
    let Some((content, sha256)) = content_of(intake, due)? else { return Ok(Outcome::Later) };
    match put(folder, due, &content, sha256) {
        Ok(Some(stat)) => {
            placed(intake, due.upload_id, due.form, &stat)?;
            intake.known.insert(index, &due.dir, &due.name, &stat);
            Ok(Outcome::Settled)
        }
        Ok(None) => {
            let (upload, form) = (due.upload_id, due.form.as_str());
            tracing::warn!(%upload, form, "no receipt is written: another file has its name, or its directory is gone");
            change(intake, async |conn| receipts::refuse(conn, due.upload_id, due.form).await)?;
            Ok(Outcome::Settled)
        }
        Err(error) => {
            let (upload, folder) = (due.upload_id, folder.config.path.display());
            tracing::warn!(%upload, "a receipt cannot be written into {folder}, it is tried again: {error}");
            Ok(Outcome::FolderInTrouble)
        }
    }
}

/// The bytes that the receipt is to have; they are recorded before anything is written. `None`: it cannot be made now.
fn content_of(intake: &Intake, due: &Receipt) -> Result<Option<(Vec<u8>, Sha256Digest)>, CustodyError> {
    if let (Some(content), Some(sha256)) = (&due.content, due.sha256) {
        return Ok(Some((content.clone(), sha256)));
    }
    let text = match intake.runtime.block_on(render(intake, due)) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(upload = %due.upload_id, "the receipt cannot be made, it is tried again: {error}");
            return Ok(None);
        }
    };
    let sha256 = Sha256Digest(<sha2::Sha256 as sha2::Digest>::digest(&text).into());
    change(intake, async |conn| receipts::make(conn, due.upload_id, due.form, sha256, text.as_bytes()).await)?;
    // Another daemon may have been first; its bytes count.
    let now = find(intake, due.upload_id, due.form)?;
    Ok(now.and_then(|now| now.content.zip(now.sha256)))
}

async fn render(intake: &Intake, due: &Receipt) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut reader = intake.setup.custody.db.read().await?;
    let upload = uploads::get_all(reader.conn(), &[due.upload_id]).await?.pop().ok_or("there is no such upload")?;
    drop(reader);
    let receipt = receipt(&intake.setup.custody, upload.clip_id).await?;
    Ok(match due.form {
        ReceiptForm::Json => receipt.to_json(),
        ReceiptForm::Html => receipt.to_html(),
        ReceiptForm::TlogProof => receipt.tlog_proof().ok_or("it holds no proof of its own entry")?.to_string(),
    })
}

/// Puts the file where it belongs and looks at it; `None`: another file has the name, or the directory is gone.
fn put(folder: &FolderState, due: &Receipt, content: &[u8], sha256: Sha256Digest) -> io::Result<Option<Stat>> {
    let handle = folder.handle()?;
    let dir = match handle.open_dir(&due.dir) {
        Ok(dir) => dir,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let name = OsStr::from_bytes(&due.name);
    let temporary = format!(".zhilu-receipt-{}.part", to_hex(&random_bytes::<8>()?));
    match durable::write_beside(&dir, OsStr::new(&temporary), name, content) {
        Ok(()) => {}
        // Placed before a crash, or by another daemon; or somebody else's.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let place = Place::new(0, &due.dir, &due.name);
            if !holds(&handle, &place, sha256)? {
                return Ok(None);
            }
        }
        Err(error) => return Err(error),
    }
    match look_at(&dir, name)? {
        EntryKind::File(stat) => Ok(Some(stat)),
        _ => Ok(None),
    }
}

/// Whether a file in an upload folder is a receipt that was written there, and no evidence.
///
/// # Errors
/// When the database is away. A file that cannot be read is none.
pub fn is_own(intake: &Intake, handle: &FolderHandle, place: &Place, stat: &Stat) -> Result<bool, CatalogError> {
    let Some((upload, form)) = ReceiptForm::claimed(place.name()) else { return Ok(false) };
    let Some(found) = find(intake, upload, form)? else { return Ok(false) };
    let (Some(sha256), false, true) = (found.sha256, found.refused, is_place_of(&found, handle, place)) else {
        return Ok(false);
    };
    if !holds(handle, place, sha256).unwrap_or(false) {
        return Ok(false);
    }
    placed(intake, upload, form, stat)?;
    intake.known.insert(place.folder, place.dir(), place.name(), stat);
    Ok(true)
}

/// Whether a receipt was written to this very place, however the path to it is spelled.
fn is_place_of(found: &Receipt, handle: &FolderHandle, place: &Place) -> bool {
    let dir =
        |folder: &[u8], dir: &[u8]| Path::new(OsStr::from_bytes(folder)).join(OsStr::from_bytes(dir)).canonicalize();
    let (written, here) = (dir(&found.folder, &found.dir), dir(handle.path().as_os_str().as_bytes(), place.dir()));
    found.name == place.name() && written.is_ok_and(|written| here.is_ok_and(|here| written == here))
}

/// Whether the regular file at this place has these bytes.
fn holds(handle: &FolderHandle, place: &Place, sha256: Sha256Digest) -> io::Result<bool> {
    if !matches!(handle.look(place)?, EntryKind::File(_)) {
        return Ok(false);
    }
    let file = handle.open_file(place.relative())?;
    Ok(hash_file(&file, false)?.0 == sha256)
}

fn find(intake: &Intake, upload: Id, form: ReceiptForm) -> Result<Option<Receipt>, CatalogError> {
    intake.runtime.block_on(async {
        let mut reader = intake.setup.custody.db.read().await?;
        receipts::find(reader.conn(), upload, form).await
    })
}

fn placed(intake: &Intake, upload: Id, form: ReceiptForm, stat: &Stat) -> Result<(), CatalogError> {
    let file = KnownFile {
        id: upload.0,
        name: Vec::new(),
        size_bytes: stat.size_bytes.cast_signed(),
        mtime_ns: stat.mtime_ns,
        ctime_ns: stat.ctime_ns,
    };
    change(intake, async |conn| receipts::place(conn, upload, form, &file).await)
}

/// One change in a transaction of its own.
fn change(
    intake: &Intake,
    act: impl AsyncFnOnce(crate::catalog::engine::Conn<'_>) -> Result<(), CatalogError>,
) -> Result<(), CatalogError> {
    intake.runtime.block_on(async {
        let mut tx = intake.setup.custody.db.begin().await?;
        act(tx.conn()).await?;
        tx.commit().await
    })
}
