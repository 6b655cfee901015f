//! Confirming: every upload's object is read back from the device and compared; then its source is released.

use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use super::pipeline::Intake;
use super::reason::Reason;
use super::{receipts, release};
use crate::catalog::CatalogError;
use crate::catalog::clips;
use crate::catalog::uploads::{self, Upload};
use crate::custody::confirm::{ReadBackOf, confirm};
use crate::custody::{CustodyError, confirm as acts};
use crate::model::id::Id;
use crate::model::upload::UploadState;
use crate::vault::{Expected, Verdict};

/// Uploads in one transaction.
const GROUP: u32 = 64;
/// How long confirming steps aside for receiving.
const PATIENCE: Duration = Duration::from_secs(60);
/// When an upload that could not be confirmed or released is tried again.
const RETRY: Duration = Duration::from_secs(60);
/// How long confirming waits for a catalog that is away, the first time and at most.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs until the intake stops.
pub fn run(intake: &Intake) {
    let mut left_over = false;
    let mut first = true;
    let mut pause = SHORTEST_PAUSE;
    while !intake.is_stopping() {
        intake.wait_for_ring(if left_over { RETRY } else { Duration::from_secs(3600) });
        if intake.is_stopping() {
            return;
        }
        left_over = match pass(intake, first) {
            Ok(left_over) => {
                (first, pause) = (false, SHORTEST_PAUSE);
                intake.set_reviewed();
                left_over
            }
            Err(error) => {
                tracing::warn!("confirming waits, it is tried again: {error}");
                sleep(intake, pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
                intake.ring();
                true
            }
        };
    }
}

/// Sleeps in short pieces, so that the end is not waited for.
fn sleep(intake: &Intake, most: Duration) {
    let began = Instant::now();
    while began.elapsed() < most && !intake.is_stopping() {
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// One pass over all uploads that are not released; says whether some are left over. An object that differed is read again in the first
/// pass only: once a start.
fn pass(intake: &Intake, first: bool) -> Result<bool, CustodyError> {
    let mut after = Id(0);
    let mut left_over = false;
    loop {
        let page = open_after(intake, after)?;
        let Some(last) = page.last() else { return Ok(receipts::write_due(intake)? | left_over) };
        after = last.id;
        let page = page.into_iter().filter(|u| first || !differed(u));
        let (accepted, confirmed): (Vec<_>, Vec<_>) = page.partition(|u| u.state == UploadState::Accepted);
        left_over |= confirm_group(intake, accepted)?;
        for upload in confirmed {
            left_over |= !release_one(intake, &upload)?;
        }
        if intake.is_stopping() {
            return Ok(left_over);
        }
    }
}

/// Whether the upload's object was found to differ before.
fn differed(upload: &Upload) -> bool {
    let reason = upload.reason.as_deref().and_then(|r| serde_json::from_str::<Reason>(r).ok());
    matches!(reason, Some(Reason::ObjectDiffers { .. }))
}

fn open_after(intake: &Intake, after: Id) -> Result<Vec<Upload>, CatalogError> {
    intake.runtime.block_on(async {
        let mut reader = intake.setup.custody.db.read().await?;
        uploads::open_after(reader.conn(), after, GROUP).await
    })
}

/// Reads back a group, records it, releases what can be; says whether something is left over.
fn confirm_group(intake: &Intake, uploads: Vec<Upload>) -> Result<bool, CustodyError> {
    let mut done = Vec::new();
    let mut left_over = false;
    for upload in uploads {
        step_aside(intake);
        if intake.is_stopping() {
            break;
        }
        match read_back(intake, &upload)? {
            Some(result) => {
                left_over |= result.differs.is_some();
                done.push(result);
            }
            None => left_over = true,
        }
    }
    if done.is_empty() {
        return Ok(left_over);
    }
    let recorded = intake.runtime.block_on(confirm(&intake.setup.custody, &done))?;
    let totals = &intake.board.totals;
    let count = done.iter().filter(|d| d.differs.is_none()).count() as u64;
    totals.confirmed_files.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
    for upload in recorded {
        match upload.state {
            UploadState::Released => drop(totals.released_files.fetch_add(1, std::sync::atomic::Ordering::Relaxed)),
            UploadState::Confirmed => left_over |= !release_one(intake, &upload)?,
            _ => {}
        }
    }
    Ok(left_over)
}

/// Receiving goes first, but not for ever: an officer waits for the confirmation.
fn step_aside(intake: &Intake) {
    let began = Instant::now();
    while intake.board.is_working() && began.elapsed() < PATIENCE && !intake.is_stopping() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads an object back; `None` when that was not possible, which is noted on the upload.
fn read_back(intake: &Intake, upload: &Upload) -> Result<Option<ReadBackOf>, CustodyError> {
    let clip = intake.runtime.block_on(async {
        let mut reader = intake.setup.custody.db.read().await?;
        clips::get(reader.conn(), upload.clip_id).await
    })?;
    let clip = clip.ok_or(CustodyError::NoSuchClip(upload.clip_id))?;
    let expected = Expected { sha256: clip.sha256, sm3: clip.sm3, size_bytes: clip.size_bytes };
    let outcome = match (upload.policy.as_str(), upload.adopted) {
        ("keep", _) => Some("kept"),
        (_, true) => Some("moved"),
        _ => None,
    };
    let folder = intake.folders.iter().find(|f| f.config.path.as_os_str().as_bytes() == upload.folder);
    let receipt = folder.is_some_and(|folder| folder.config.receipts);
    let mut upload = upload.clone();
    let go_on = |_| if intake.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match intake.setup.vault.read_back(&expected, &go_on) {
        Ok(read) => {
            let method = read.path.as_str();
            let found = match read.verdict {
                Verdict::Equal => return Ok(Some(ReadBackOf { upload, method, differs: None, outcome, receipt })),
                Verdict::Stopped => return Ok(None),
                Verdict::Differs { sha256, size_bytes, .. } => format!("{size_bytes} bytes with SHA-256 {sha256}"),
            };
            tracing::error!(upload = %upload.id, clip = %clip.id, "object {} differs from what was accepted: {found}", clip.sha256);
            if differed(&upload) {
                return Ok(None);
            }
            upload.reason = serde_json::to_string(&Reason::ObjectDiffers { detail: found.clone() }).ok();
            Ok(Some(ReadBackOf { upload, method, differs: Some(found), outcome, receipt }))
        }
        Err(error) => {
            tracing::error!(upload = %upload.id, "object {} cannot be read back: {error}", clip.sha256);
            note(intake, &mut upload, Reason::ReadBackFailed { error: error.to_string() })?;
            Ok(None)
        }
    }
}

/// Writes down why an upload does not go on, unless that stands there already.
fn note(intake: &Intake, upload: &mut Upload, reason: Reason) -> Result<(), CustodyError> {
    let text = serde_json::to_string(&reason).ok();
    if upload.reason == text {
        return Ok(());
    }
    upload.reason = text;
    intake.runtime.block_on(acts::note(&intake.setup.custody, upload))
}

/// Removes the source of a confirmed upload as its policy says, and records it; `false`: it is tried again later.
fn release_one(intake: &Intake, upload: &Upload) -> Result<bool, CustodyError> {
    let mut upload = upload.clone();
    match release::remove_source(&upload) {
        Ok(outcome) => {
            intake.runtime.block_on(acts::release(&intake.setup.custody, &upload, outcome))?;
            intake.board.totals.released_files.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(true)
        }
        Err(error) => {
            tracing::warn!(upload = %upload.id, "the source cannot be removed, it is tried again: {error}");
            note(intake, &mut upload, Reason::RemoveFailed { error: error.to_string() })?;
            Ok(false)
        }
    }
}
