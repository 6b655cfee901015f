use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar};
use serde::Serialize;

use super::progress::{BYTES, bar};
use super::serve::setup;
use super::{Common, Failure, Outcome};
use crate::catalog::{receipts, uploads};
use crate::clock::SystemClock;
use crate::config::{Config, Folder, SourcePolicy};
use crate::intake::board::Board;
use crate::intake::pipeline::{Intake, IntakeHandle, Mode, Target};
use crate::intake::reason::Reason;
use crate::lifecycle::Stop;
use crate::model::id::Id;
use crate::search::index;
use crate::store::Store;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files and folders to take
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What becomes of the sources once Confirmed: keep, move or delete; without it the folder's own policy, or keep
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    source: Option<SourcePolicy>,
    /// End when everything is accepted; the daemon confirms later
    #[arg(long)]
    no_confirm: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

fn policy(text: &str) -> Result<SourcePolicy, String> {
    [SourcePolicy::Keep, SourcePolicy::Move, SourcePolicy::Delete]
        .into_iter()
        .find(|p| p.as_str() == text)
        .ok_or_else(|| "expected keep, move or delete".to_owned())
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Summary {
    files: u64,
    bytes: u64,
    duplicates: u64,
    confirmed: u64,
    released: u64,
    accepted_ms: u64,
    confirmed_ms: Option<u64>,
    left: Vec<Left>,
}

/// A file that was not taken, or not confirmed, or whose source could not be removed.
#[derive(Debug, Serialize)]
struct Left {
    path: String,
    code: &'static str,
    reason: String,
}

/// Takes files and folders once.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let mut config = common.config()?;
    if config.log.level == "info" {
        // The progress bar and the summary say it better.
        "warn".clone_into(&mut config.log.level);
    }
    telemetry::start(&config.log).map_err(Failure::new)?;
    let stop = Stop::on_signals()?;
    let mut store = Store::open(&config, Arc::new(SystemClock)).await?;
    index::adopt(&store.custody.db).await?;
    let (folders, targets) = plan(&config, args)?;
    let began = Instant::now();
    let handle = IntakeHandle::start(setup(&config, &mut store, folders)?, Mode::Once(targets))?;
    let bar = bar(args.json, BYTES);
    let mut summary = Summary::default();
    let finished = tokio::select! {
        done = work(&handle, args, began, &bar, &mut summary) => done.map(|()| true),
        () = stop.wait() => Ok(false),
    };
    bar.finish_and_clear();
    tokio::task::spawn_blocking(move || handle.stop()).await?;
    store.custody.db.close().await;
    print(args, &summary)?;
    if !finished? {
        return Err(Failure::new("stopped before the end; the same command goes on where it stopped"));
    }
    Ok(if summary.left.is_empty() { Outcome::Done } else { Outcome::Found })
}

/// Which folder each path belongs to: a configured one when it lies in one, so that uploads keep their place; else the path itself.
fn plan(config: &Config, args: &Args) -> Result<(Vec<Folder>, Vec<Target>), Failure> {
    let mut configured = config.folders();
    for folder in &mut configured {
        folder.path = folder.path.canonicalize().or_else(|_| std::path::absolute(&folder.path))?;
    }
    let (mut folders, mut targets): (Vec<Folder>, Vec<Target>) = (Vec::new(), Vec::new());
    for path in &args.paths {
        let missing = |e: std::io::Error| Failure::new(format!("{}: {e}", path.display()));
        let is_dir = path.metadata().map_err(missing)?.is_dir();
        let parent = if is_dir { path.as_path() } else { path.parent().unwrap_or(Path::new(".")) };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let dir = parent.canonicalize().map_err(missing)?;
        let mut folder =
            configured.iter().find(|f| dir.starts_with(&f.path)).cloned().unwrap_or_else(|| Folder::at(dir.clone()));
        folder.source = args.source.unwrap_or(folder.source);
        let below = dir.strip_prefix(&folder.path).map(|p| p.as_os_str().as_bytes().to_vec()).unwrap_or_default();
        let index = folders.iter().position(|f| f.path == folder.path).unwrap_or_else(|| {
            folders.push(folder);
            folders.len() - 1
        });
        let only = if is_dir { None } else { path.file_name().map(|n| n.as_bytes().to_vec()) };
        targets.push(Target { folder: index, dir: below, only });
    }
    Ok((folders, targets))
}

/// Waits until everything is accepted, and confirmed unless that is not wanted.
async fn work(
    handle: &IntakeHandle,
    args: &Args,
    began: Instant,
    bar: &ProgressBar,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let intake = &handle.intake;
    let patience = Duration::from_secs(u64::from(intake.setup.settings.quiet_s) + 3);
    let mut stuck_since = None;
    loop {
        tokio::time::sleep(Duration::from_millis(10)).await;
        show(&intake.board, bar);
        if handle.has_died() {
            return Err(Failure::new("a thread of the intake died; see the log"));
        }
        // In this order, see the scan of what was left off.
        if intake.board.overflowed() || !intake.has_scanned() || intake.board.is_working() {
            stuck_since = None;
            continue;
        }
        // What still waits is being written or in trouble; it gets the time in which a file settles.
        let since = *stuck_since.get_or_insert_with(Instant::now);
        if intake.board.is_idle() || since.elapsed() > patience {
            break;
        }
    }
    tally(intake, summary);
    summary.accepted_ms = millis(began);
    if !intake.setup.recovered.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
        return Err(Failure::new(
            "moved files are in the vault, but could not be accepted; the same command tries again",
        ));
    }
    while !args.no_confirm && !all_confirmed(intake).await? {
        bar.set_message("confirming");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if !args.no_confirm {
        summary.confirmed_ms = Some(millis(began));
    }
    tally(intake, summary);
    if !args.no_confirm {
        summary.left.extend(held_up(intake).await?);
    }
    Ok(())
}

/// Whether everything of these folders is confirmed and released that can be, with the receipts that are wanted, also what an earlier run that was cut left accepted.
async fn all_confirmed(intake: &Intake) -> Result<bool, Failure> {
    let mut reader = intake.setup.custody.db.read().await?;
    for folder in &intake.folders {
        let path = folder.config.path.as_os_str().as_bytes();
        if uploads::count_open(reader.conn(), path).await? > 0 || receipts::count_due(reader.conn(), path).await? > 0 {
            return Ok(false);
        }
    }
    Ok(intake.has_reviewed())
}

/// Accepted uploads of these folders that cannot be confirmed or released now.
async fn held_up(intake: &Intake) -> Result<Vec<Left>, Failure> {
    let mut left = Vec::new();
    let mut after = Id(0);
    loop {
        let mut reader = intake.setup.custody.db.read().await?;
        let page = uploads::open_after(reader.conn(), after, 1000).await?;
        let Some(last) = page.last() else { return Ok(left) };
        after = last.id;
        let ours =
            page.iter().filter(|u| intake.folders.iter().any(|f| f.config.path.as_os_str().as_bytes() == u.folder));
        left.extend(ours.filter_map(|u| {
            let reason: Reason = serde_json::from_str(u.reason.as_deref()?).ok()?;
            let place = [&u.folder, &u.dir, &u.name].map(|part| Path::new(OsStr::from_bytes(part)));
            let path = place.iter().collect::<PathBuf>().display().to_string();
            Some(Left { path, code: reason.code(), reason: reason.en() })
        }));
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn show(board: &Board, bar: &ProgressBar) {
    let t = &board.totals;
    bar.set_length(t.seen_bytes.load(Relaxed));
    bar.set_position(t.received_bytes.load(Relaxed).min(t.seen_bytes.load(Relaxed)));
    bar.set_message(format!("{}/{} files", t.accepted_files.load(Relaxed), t.seen_files.load(Relaxed)));
}

fn tally(intake: &Intake, summary: &mut Summary) {
    let t = &intake.board.totals;
    summary.files = t.accepted_files.load(Relaxed);
    summary.bytes = t.received_bytes.load(Relaxed);
    summary.duplicates = t.duplicate_files.load(Relaxed);
    summary.confirmed = t.confirmed_files.load(Relaxed);
    summary.released = t.released_files.load(Relaxed);
    let (items, ignored) = intake.board.snapshot(usize::MAX);
    let waiting = items.into_iter().filter_map(|(place, item)| Some((place, item.reason?)));
    let left = waiting.chain(ignored.into_iter().map(|(place, i)| (place, i.reason)));
    summary.left = left
        .map(|(place, reason)| Left {
            path: intake.folders[place.folder].config.path.join(place.relative()).display().to_string(),
            code: reason.code(),
            reason: reason.en(),
        })
        .collect();
}

fn print(args: &Args, summary: &Summary) -> Result<(), Failure> {
    if args.json {
        say!("{}", serde_json::to_string_pretty(summary)?);
        return Ok(());
    }
    let took = Duration::from_millis(summary.accepted_ms);
    let rate = summary.bytes as f64 / took.as_secs_f64().max(0.001) / f64::from(1 << 20);
    say!(
        "{} files accepted ({} of them known already), {} in {} ({rate:.0} MiB/s); {} confirmed, {} released",
        summary.files,
        summary.duplicates,
        HumanBytes(summary.bytes),
        HumanDuration(took),
        summary.confirmed,
        summary.released
    );
    for left in &summary.left {
        say!("left: {}: {}", left.path, left.reason);
    }
    Ok(())
}
