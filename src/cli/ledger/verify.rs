use serde_json::json;

use super::Pinned;
use crate::audit::ledger::{Conclusion, Report, verify};
use crate::catalog::engine::Db;
use crate::cli::progress::{COUNT, bar};
use crate::cli::{Common, Failure, Outcome};
use crate::model::digest::to_hex;
use crate::store;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    pinned: Pinned,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Recomputes everything. The catalog is opened without the checks of a start, which would end at the first damage.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let config = common.config()?;
    // Some size but 0, so that no key is ever made here.
    let own = || store::open_key(&config.data_dir.join("keys"), &config.court.ledger_name, 1);
    let policy = args.pinned.policy(|| Ok(own()?.verifier().clone()))?;
    let since = args.pinned.since()?;
    let location = store::location(&config)?;
    if !crate::catalog::engine::exists(&location).await? {
        return Err(Failure::new(format!("没有账本 there is no catalog at {location}; is --data-dir right?")));
    }
    let db = Db::open_any(&location).await?;
    let bar = bar(args.json, COUNT);
    let report = verify(&db, &policy, since.as_ref(), |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    let report = report.await?;
    bar.finish_and_clear();
    db.close().await;
    if args.json {
        print_json(&report)?
    } else {
        print(&report)?
    }
    match report.conclusion() {
        Conclusion::Proved => Ok(Outcome::Done),
        Conclusion::Altered => Ok(Outcome::Found),
        Conclusion::Unverifiable => {
            let doubt = report.doubt.as_deref().unwrap_or("nobody vouches for the ledger");
            Err(Failure::new(format!("无法核验 cannot be verified: {doubt}")))
        }
    }
}

fn print(report: &Report) -> Result<(), Failure> {
    let root = report.root.map_or_else(String::new, |root| to_hex(&root));
    say!("{} 条 entries, {} 条记录 records, {} 个视频 clips", report.entries, report.records, report.clips);
    say!("根值 root {root}");
    if let Some(vouched) = &report.vouched {
        say!("账本 ledger {}+{}", vouched.log.name(), vouched.log.id());
        for (name, time) in &vouched.witnesses {
            say!("见证 witness {name} {}", witnessed_at(*time));
        }
        if !vouched.witnessed {
            say!("无见证人：仅法院自己的密钥作保 no witness: only the court's own key vouches");
        }
    }
    for (index, said) in &report.disposed {
        say!("销毁 entry {index}: {said}");
    }
    if report.disposals > report.disposed.len() as u64 {
        say!("共销毁 {} 个 disposals in all", report.disposals);
    }
    for finding in report.findings.list() {
        say!("异常 WRONG {finding}");
    }
    if report.findings.more() > 0 {
        say!("另有 {} 处 and {} more", report.findings.more(), report.findings.more());
    }
    match report.conclusion() {
        Conclusion::Proved => say!("全部相符 everything holds"),
        Conclusion::Altered => say!("账本被改动或缺失 the ledger was altered or is not whole"),
        Conclusion::Unverifiable => {}
    }
    Ok(())
}

/// A witness's time, seconds since 1970.
pub(in crate::cli) fn witnessed_at(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(crate::model::time::Micros::from_seconds);
    at.map_or_else(|| format!("{seconds} s"), |at| at.to_rfc3339_seconds())
}

fn print_json(report: &Report) -> Result<(), Failure> {
    let vouched = report.vouched.as_ref().map(|vouched| {
        let witnesses: Vec<_> = vouched
            .witnesses
            .iter()
            .map(|(name, time)| json!({"name": name.as_str(), "seen_at": witnessed_at(*time)}))
            .collect();
        json!({"log": vouched.log.to_string(), "witnesses": witnesses, "witnessed": vouched.witnessed})
    });
    let text = json!({
        "conclusion": report.conclusion(),
        "entries": report.entries,
        "records": report.records,
        "clips": report.clips,
        "disposals": report.disposals,
        "disposed": report.disposed.iter().map(|(index, said)| json!({"entry": index, "said": said})).collect::<Vec<_>>(),
        "root": report.root.map(|root| to_hex(&root)),
        "vouched": vouched,
        "doubt": report.doubt,
        "findings": report.findings.list(),
        "more": report.findings.more(),
    });
    say!("{}", serde_json::to_string_pretty(&text)?);
    Ok(())
}
