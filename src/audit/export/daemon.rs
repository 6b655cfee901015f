//! The daemon's exports: what was approved by the API is written below its own directory, one after another, and goes on after a restart.
//!
//! The catalog is asked once a second and nothing is written while nothing is to be done. Of several daemons on one catalog the first
//! to begin an export writes it; what the command line writes is left to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Exporter, Failure, Progress, write};
use crate::catalog::exports::{self, Export};
use crate::custody::export::{ExportError, note_progress};
use crate::model::id::Id;
use crate::vault::durable;

/// How often it asks what was approved, and notes how far it has come.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long it waits after something was in the way.
const WAIT_AFTER: Duration = Duration::from_secs(30);
/// Exports that are looked at together.
const MOST: u32 = 100;
/// Permissions of the directory of bags.
const DIR_MODE: u32 = 0o750;

/// What the exports are made with.
pub struct Deps {
    /// What writes them.
    pub exporter: Exporter,
    /// Where the bags lie, an absolute path: each in a directory with its export's id.
    pub root: PathBuf,
}

/// Starts making exports; it ends soon after `stop`, and what was not done then goes on at the next start.
pub fn start(deps: Deps, stop: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(deps, stop))
}

async fn run(deps: Deps, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
        let progress = Arc::new(Progress::default());
        let turn = turn(&deps, &progress);
        tokio::pin!(turn);
        let done = tokio::select! {
            done = &mut turn => done,
            () = &mut stop => {
                progress.stop();
                let _ = turn.await;
                return;
            }
        };
        pause = match done {
            Ok(()) => ASK_EVERY,
            Err(error) => {
                tracing::warn!("an export waits, it is tried again: {error}");
                WAIT_AFTER
            }
        };
    }
}

/// Writes what is to be written now.
///
/// # Errors
/// What was in the way of the first that could not be written for now; the others were tried.
pub async fn turn(deps: &Deps, progress: &Arc<Progress>) -> Result<(), Failure> {
    let mut reader = deps.exporter.custody.db.read().await?;
    let mut open = exports::open(reader.conn(), MOST).await?;
    drop(reader);
    open.retain(|export| is_ours(deps, export));
    let mut waits = Ok(());
    for export in open {
        match make(deps, export.id, progress).await {
            Ok(()) => {}
            Err(Failure::Stopped) => return Ok(()),
            Err(failure) if failure.can_go_on() => waits = waits.and(Err(failure)),
            // Another daemon was first.
            Err(Failure::Export(ExportError::Elsewhere { .. } | ExportError::WrongState { .. })) => {}
            Err(failure) => tracing::error!(export = %export.id, "export {} failed: {failure}", export.id),
        }
    }
    waits
}

fn is_ours(deps: &Deps, export: &Export) -> bool {
    export.dir.as_ref().is_none_or(|dir| std::path::Path::new(dir) == deps.root.join(export.id.to_string()))
}

async fn make(deps: &Deps, id: Id, progress: &Arc<Progress>) -> Result<(), Failure> {
    durable::make_dir(&deps.root, DIR_MODE).map_err(Failure::at(&deps.root))?;
    let custody = &deps.exporter.custody;
    progress.begin_anew();
    let dir = deps.root.join(id.to_string());
    let writing = write(&deps.exporter, id, &dir, progress);
    tokio::pin!(writing);
    let mut every = tokio::time::interval(ASK_EVERY);
    let mut noted = (0, 0);
    let written = loop {
        tokio::select! {
            written = &mut writing => break written,
            _ = every.tick() => {
                let done = progress.done();
                if done != noted && note_progress(custody, id, done, "").await.is_ok() {
                    noted = done;
                }
            }
        }
    };
    match written {
        Ok(written) => {
            tracing::info!(export = %id, "export {id} is whole: {}", written.dir.display());
            Ok(())
        }
        Err(failure) => {
            if failure.can_go_on() && !progress.is_stopping() {
                note_progress(custody, id, progress.done(), &failure.to_string()).await?;
            }
            Err(failure)
        }
    }
}
