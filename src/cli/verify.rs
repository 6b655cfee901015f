mod status;

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar};
use serde_json::json;

use super::ledger::Pinned;
use super::progress::{BYTES, COUNT, bar};
use super::{Common, Failure, Outcome};
use crate::audit::check::{Report, Scope, check};
use crate::audit::ledger::Conclusion;
use crate::audit::look::Effort;
use crate::audit::verify::{Looked, Run, Selection, Which, look_at, lookers, recall};
use crate::clock::{SharedClock, SystemClock, random_bytes};
use crate::custody::Custody;
use crate::custody::fixity::noted_run;
use crate::lifecycle::Stop;
use crate::model::id::Id;
use crate::model::time::{DAY_US, Micros};
use crate::store::Exhibit;
use crate::vault::ReadFrom;

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").args(["all", "clip", "sample", "older_than", "resume", "status"])))]
pub(super) struct Args {
    /// Look at every object; so it is without any other choice
    #[arg(long)]
    all: bool,
    /// Look at the objects of these clips only
    #[arg(long, value_name = "ID", num_args = 1..)]
    clip: Vec<Id>,
    /// Look at so many objects, chosen by the seed
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// The seed of the sample; without one a random seed is taken and printed
    #[arg(long, value_name = "S", requires = "sample")]
    seed: Option<u64>,
    /// Look at the objects that were not found equal in the last so many days
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
    /// Go on with the run that was cut short
    #[arg(long)]
    resume: bool,
    /// Look at nothing; print how much was verified, and when
    #[arg(long)]
    status: bool,
    /// Objects that are read at the same time; 0: one a core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=256))]
    threads: u16,
    /// Read at most so many MiB in a second
    #[arg(long, value_name = "MIB", default_value_t = 0)]
    rate: u64,
    /// Take bytes from the page cache too: quicker, and says nothing of the device
    #[arg(long)]
    cached: bool,
    /// Write nothing down: neither custody events nor when each object was looked at
    #[arg(long, conflicts_with = "resume")]
    no_record: bool,
    #[command(flatten)]
    pinned: Pinned,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Verifies the ledger, then objects against it.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let clock: SharedClock = Arc::new(SystemClock);
    if args.status {
        return status::run(common, &clock, args.json).await;
    }
    let exhibit = common.exhibit(&clock).await?;
    let done = verify(&exhibit, args, &clock).await;
    exhibit.db.close().await;
    let verified = done?;
    if args.json {
        verified.print_json()?
    } else {
        verified.print()?
    }
    verified.outcome()
}

/// What was done.
struct Verified {
    run: Run,
    report: Report,
    looked: Looked,
    bytes: u64,
    took: Duration,
}

async fn verify(exhibit: &Exhibit, args: &Args, clock: &SharedClock) -> Result<Verified, Failure> {
    let custody = recorder(exhibit, args)?;
    let run = match custody.filter(|_| args.resume) {
        Some(custody) => cut_short(custody).await?,
        None => Run { which: which(args, clock.now())?, began_us: clock.now().0 },
    };
    let stop = Stop::on_signals()?;
    let mut report = tokio::select! {
        report = check_first(exhibit, args, &run.which) => report?,
        () = stop.clone().wait() => return Err(Failure::new("已中止 stopped before any object was read")),
    };
    let resumed_since = args.resume.then_some(Micros(run.began_us));
    if resumed_since.is_some() {
        recall(&exhibit.db, resumed_since, &mut report).await?;
    }
    let mut selection = Selection::choose(&exhibit.db, &run.which, resumed_since).await?;
    let from = if args.cached { ReadFrom::Cache } else { ReadFrom::Device };
    let effort = Arc::new(Effort::new(from, args.rate.saturating_mul(1 << 20)));
    let mut lookers = lookers(&exhibit.vault, clock, &effort, args.threads.into())?;
    let began = Instant::now();
    let watch = tokio::spawn(watch(Arc::clone(&effort), stop, bar(args.json, BYTES), selection.bytes));
    let recorder = custody.map(|custody| (custody, &run));
    let looked = look_at(&exhibit.db, recorder, &mut selection, &mut lookers, &mut report).await;
    watch.abort();
    let looked = looked?;
    Ok(Verified { run, report, looked, bytes: effort.bytes(), took: began.elapsed() })
}

/// What looks are recorded with; none when nothing is to be written.
fn recorder<'a>(exhibit: &'a Exhibit, args: &Args) -> Result<Option<&'a Custody>, Failure> {
    match (&exhibit.custody, &exhibit.forked) {
        _ if args.no_record => Ok(None),
        (Ok(_), Some(forked)) => {
            Err(Failure::new(format!("{forked}; 不记录则用 --no-record  to look without recording: --no-record")))
        }
        (Ok(custody), None) => Ok(Some(custody)),
        (Err(error), _) => Err(Failure::new(format!(
            "{error}; 不记录则用 --no-record  without the key nothing can be recorded: give --no-record, and --policy"
        ))),
    }
}

/// Which objects are asked for.
fn which(args: &Args, now: Micros) -> Result<Which, Failure> {
    Ok(match (&args.clip[..], args.sample, args.older_than) {
        ([], None, None) => Which::All,
        ([], Some(count), _) => {
            let seed = match args.seed {
                Some(seed) => seed,
                // Within what every JSON reader keeps exact.
                None => u64::from_le_bytes(random_bytes::<8>()?) >> 11,
            };
            Which::Sample { count, seed }
        }
        ([], None, Some(days)) => Which::Since(Micros(now.0.saturating_sub(i64::from(days) * DAY_US))),
        (clips, _, _) => {
            let mut clips = clips.to_vec();
            clips.sort_unstable();
            clips.dedup();
            Which::Clips(clips)
        }
    })
}

/// The run that was cut short.
async fn cut_short(custody: &Custody) -> Result<Run, Failure> {
    let noted = noted_run(custody).await?;
    let noted = noted.ok_or_else(|| Failure::new("没有中断的核验 there is no run that was cut short"))?;
    Ok(serde_json::from_str(&noted)?)
}

/// The ledger, the catalog and what lies in the vault.
async fn check_first(exhibit: &Exhibit, args: &Args, which: &Which) -> Result<Report, Failure> {
    let own = || exhibit.custody.as_ref().map(|custody| custody.signer.verifier().clone()).map_err(Failure::new);
    let policy = args.pinned.policy(own)?;
    let since = args.pinned.since()?;
    let vault = which.is_whole().then_some(&exhibit.vault);
    let entries = bar(args.json, COUNT);
    let progress = |done, of| {
        entries.set_length(of);
        entries.set_position(done);
    };
    let report = check(&exhibit.db, Scope { policy: &policy, since: since.as_ref(), vault }, progress).await;
    entries.finish_and_clear();
    let mut report = report?;
    report.add_forked(exhibit.forked.as_ref());
    Ok(report)
}

/// Moves the bar until it is aborted, and ends the looks when the command is to stop.
async fn watch(effort: Arc<Effort>, stop: Stop, bar: ProgressBar, bytes: u64) {
    let mut every = tokio::time::interval(Duration::from_millis(200));
    let stopped = stop.wait();
    tokio::pin!(stopped);
    let mut is_stopping = false;
    bar.set_length(bytes);
    loop {
        tokio::select! {
            () = &mut stopped, if !is_stopping => {
                is_stopping = true;
                effort.stop();
            }
            _ = every.tick() => bar.set_position(effort.bytes()),
        }
    }
}

impl Verified {
    /// What follows from it.
    fn conclusion(&self) -> Conclusion {
        match self.report.conclusion() {
            Conclusion::Proved if self.looked.stopped || self.looked.unrecorded.is_some() => Conclusion::Unverifiable,
            conclusion => conclusion,
        }
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        let why = match self.conclusion() {
            Conclusion::Proved => return Ok(Outcome::Done),
            Conclusion::Altered => return Ok(Outcome::Found),
            Conclusion::Unverifiable if self.looked.stopped => {
                "未完成，用 --resume 继续  stopped before the end; --resume goes on where it was"
            }
            Conclusion::Unverifiable => match (&self.looked.unrecorded, &self.report.doubt) {
                (Some(error), _) => &format!("核验结果未能记录  the looks could not be recorded: {error}"),
                (None, Some(doubt)) => doubt,
                (None, None) => "有对象无法读取  objects could not be read",
            },
        };
        Err(Failure::new(format!("无法核验 cannot be verified: {why}")))
    }

    fn print(&self) -> Result<(), Failure> {
        super::check::print(&self.report)?;
        let Looked { objects, equal, newer, .. } = self.looked;
        let rate = self.bytes as f64 / self.took.as_secs_f64().max(0.001) / f64::from(1 << 20);
        say!(
            "已核验 {objects} 个对象，{equal} 个相符  {objects} objects looked at, {equal} equal; {} in {:.1} s ({rate:.0} MiB/s)",
            HumanBytes(self.bytes),
            self.took.as_secs_f64()
        );
        if let Which::Sample { count, seed } = self.run.which {
            say!("抽样 sample {count}, 种子 seed {seed}");
        }
        if newer > 0 {
            say!("核验开始后新增 {newer} 个，留待下次  {newer} came after it began: left to the next run");
        }
        if self.looked.stopped && self.conclusion() == Conclusion::Altered {
            say!("未完成，用 --resume 继续 stopped before the end; --resume goes on where it was");
        }
        if let (Some(error), Conclusion::Altered) = (&self.looked.unrecorded, self.conclusion()) {
            say!("未能记录 not recorded: {error}");
        }
        if self.conclusion() == Conclusion::Proved {
            say!("账本与所核对象全部相符 proved: the ledger holds, and every object that was looked at is what it was");
        }
        Ok(())
    }

    fn print_json(&self) -> Result<(), Failure> {
        let text = json!({
            "conclusion": self.conclusion(),
            "which": self.run.which,
            "began_at": Micros(self.run.began_us),
            "seconds": self.took.as_secs_f64(),
            "bytes": self.bytes,
            "looked": self.looked,
            "check": self.report.summary(),
        });
        say!("{}", serde_json::to_string_pretty(&text)?);
        Ok(())
    }
}
