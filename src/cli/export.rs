use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar};
use serde_json::json;

use super::progress::{BYTES, bar};
use super::{Common, Failure, Outcome};
use crate::audit::export::{self, Exporter, Progress, Written, demand_free};
use crate::catalog::cases;
use crate::catalog::exports::{self, Export};
use crate::custody::export::{Wanted, order};
use crate::custody::{Actor, Custody};
use crate::lifecycle::Stop;
use crate::model::case_number::CaseNumber;
use crate::model::export::Scope;
use crate::model::id::Id;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Every clip of this case, and its incidents
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["incident", "clip"], required_unless_present_any = ["incident", "clip"])]
    case: Option<String>,
    /// Every clip that this incident names, and the incident
    #[arg(long, value_name = "ID", conflicts_with = "clip")]
    incident: Option<Id>,
    /// These clips
    #[arg(long, value_name = "ID", num_args = 1..)]
    clip: Vec<Id>,
    /// The bag: a directory that is not there yet. The same command goes on with one that was cut short
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Why it leaves the court; it goes on record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who gets it
    #[arg(long, value_name = "TEXT")]
    recipient: String,
    /// Who approved it: another person than you
    #[arg(long, value_name = "TEXT")]
    approver: String,
    /// Files copied at the same time; 0: two a core, at most eight
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: u8,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Writes a bag.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let (config, store) = common.open().await?;
    let exporter = Exporter {
        custody: store.custody.clone(),
        vault: Arc::clone(&store.vault),
        court: config.court.code.clone(),
        threads: args.threads.into(),
    };
    let began = Instant::now();
    let written = write(&exporter, args).await;
    store.custody.db.close().await;
    match written? {
        Ok(written) => print(args, &written, began.elapsed()),
        Err(failure) if failure.is_finding() => {
            complain!("zhilu: 证据与账本不符，未导出 {failure}");
            Ok(Outcome::Found)
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn write(exporter: &Exporter, args: &Args) -> Result<Result<Written, export::Failure>, Failure> {
    let stop = Stop::on_signals()?;
    let dir = std::path::absolute(&args.out)?;
    let export = find_or_order(&exporter.custody, args, &dir).await?;
    let progress = Arc::new(Progress::default());
    let watch = tokio::spawn(watch(Arc::clone(&progress), stop, bar(args.json, BYTES)));
    let written = export::write(exporter, export.id, &dir, &progress).await;
    watch.abort();
    Ok(written)
}

/// The export whose bag was begun there, or a new one.
async fn find_or_order(custody: &Custody, args: &Args, dir: &Path) -> Result<Export, Failure> {
    let place = dir.to_str();
    let place = place.ok_or_else(|| Failure::new(format!("{} 不是 UTF-8 is not UTF-8", dir.display())))?;
    let wanted = wanted(custody, args).await?;
    let mut reader = custody.db.read().await?;
    let begun = exports::open_in(reader.conn(), place).await?;
    drop(reader);
    if let Some(export) = begun {
        let same = (export.scope, &export.reason, &export.recipient)
            == (wanted.scope, &wanted.reason, &wanted.recipient)
            && export.decided_by.as_deref() == Some(&args.approver);
        if same {
            return Ok(export);
        }
        return Err(Failure::new(format!(
            "此目录已用于未完成的导出 {}，其内容或理由不同 export {} of something else, or for other reasons, is being written there",
            export.id, export.id
        )));
    }
    demand_free(dir)?;
    Ok(order(custody, &Actor::export(), wanted, &args.approver, place).await?)
}

async fn wanted(custody: &Custody, args: &Args) -> Result<Wanted, Failure> {
    let scope = match (&args.case, args.incident) {
        (Some(text), _) => {
            let number: CaseNumber = text.parse().map_err(|e| Failure::new(format!("案号 {text:?}: {e}")))?;
            let mut reader = custody.db.read().await?;
            let case = cases::find_by_number(reader.conn(), &number).await?;
            Scope::Case(case.ok_or_else(|| Failure::new(format!("没有案件 {text} there is no such case")))?.id)
        }
        (None, Some(incident)) => Scope::Incident(incident),
        (None, None) => Scope::Clips,
    };
    let (reason, recipient) = (args.reason.trim().to_owned(), args.recipient.trim().to_owned());
    Ok(Wanted { scope, clips: args.clip.clone(), reason, recipient })
}

/// Moves the bar until it is aborted, and ends the export when the command is to stop.
async fn watch(progress: Arc<Progress>, stop: Stop, bar: ProgressBar) {
    let mut every = tokio::time::interval(Duration::from_millis(200));
    let stopped = stop.wait();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped, if !progress.is_stopping() => progress.stop(),
            _ = every.tick() => {
                let ((files, bytes), (files_total, bytes_total)) = (progress.done(), progress.total());
                bar.set_length(bytes_total);
                bar.set_position(bytes);
                bar.set_message(format!("{files}/{files_total} files"));
            }
        }
    }
}

fn print(args: &Args, written: &Written, took: Duration) -> Result<Outcome, Failure> {
    let Written { export, dir, manifest } = written;
    if args.json {
        let text = json!({
            "export": export.id, "dir": dir.to_string_lossy(), "files": export.files_total,
            "bytes": export.bytes_total, "manifest": manifest, "seconds": took.as_secs_f64(),
        });
        say!("{}", serde_json::to_string_pretty(&text)?);
        return Ok(Outcome::Done);
    }
    let rate = export.bytes_total as f64 / took.as_secs_f64().max(0.001) / f64::from(1 << 20);
    say!("{}", dir.display());
    say!(
        "导出 {}：{} 个文件，{}，{:.1} s（{rate:.0} MiB/s）  export {}: {} files",
        export.id,
        export.files_total,
        HumanBytes(export.bytes_total),
        took.as_secs_f64(),
        export.id,
        export.files_total
    );
    say!("清单校验值 SHA-256 of manifest-sha256.txt  {manifest}");
    say!("核对 check it with  zhilu audit {} --policy FILE", dir.display());
    Ok(Outcome::Done)
}
