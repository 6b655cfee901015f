use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::ledger::{read_policy, witnessed_at};
use super::progress::{BYTES, bar};
use super::{Failure, Outcome};
use crate::audit::bag::{ClipStory, Report, Step, audit};
use crate::audit::finding::Findings;
use crate::audit::ledger::Conclusion;
use crate::ledger::key::KeyName;
use crate::ledger::policy::Vouched;
use crate::model::digest::to_hex;

/// Bytes between two movements of the bar.
const STRIDE: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The export, as a directory
    #[arg(value_name = "BAG")]
    bag: PathBuf,
    /// The policy that the auditor pinned; that in the bag is never used
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Audits an export. No database is opened: this is for those who have none.
pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let policy = read_policy(&args.policy)?;
    let bar = bar(args.json, BYTES);
    let shown = AtomicU64::new(0);
    let report = audit(&args.bag, &policy, &|done, of| {
        // Most files are small; the bar need not move for each.
        if done / STRIDE > shown.fetch_max(done / STRIDE, Ordering::Relaxed) || done == of {
            bar.set_length(of);
            bar.set_position(done);
        }
    });
    bar.finish_and_clear();
    if args.json {
        print_json(&report)?
    } else {
        print(&report, &args.bag)?
    }
    match report.conclusion() {
        Conclusion::Proved => Ok(Outcome::Done),
        Conclusion::Altered => Ok(Outcome::Found),
        Conclusion::Unverifiable => Err(Failure::new(format!("无法核验 cannot be verified: {}", args.bag.display()))),
    }
}

fn print(report: &Report, bag: &Path) -> Result<(), Failure> {
    say!("导出包 bag {}", bag.display());
    if let Some(export) = &report.export {
        say!("移送编号 export {export}");
    }
    say!("{} 个文件 files, {} 条条目 entries, {} 个视频 clips", report.files, report.entries, report.clips.len());
    print_list("异常 WRONG", &report.findings)?;
    print_list("无法核验 NOT VERIFIABLE", &report.doubts)?;
    print_list("注意 note", &report.remarks)?;
    match report.conclusion() {
        Conclusion::Proved => print_proved(report)?,
        Conclusion::Altered => {
            say!("不成立：被改动、添加或缺失，包中任何内容均未经证明");
            say!("NOT PROVED: something was altered, added or is missing; nothing in the bag counts as proved");
        }
        Conclusion::Unverifiable => {
            say!("无法核验：未发现改动，但不能证明任何内容");
            say!("CANNOT BE VERIFIED: nothing is known to be altered, but nothing is proved");
        }
    }
    Ok(())
}

fn print_list(mark: &str, findings: &Findings) -> Result<(), Failure> {
    for finding in findings.list() {
        say!("{mark} {finding}");
    }
    if findings.more() > 0 {
        say!("{mark} 另有 {} 处 and {} more", findings.more(), findings.more());
    }
    Ok(())
}

fn print_proved(report: &Report) -> Result<(), Failure> {
    for clip in &report.clips {
        say!("");
        print_clip(clip)?;
    }
    for subject in &report.subjects {
        say!("");
        say!("记录 record {}", subject.subject);
        subject.history.iter().try_for_each(print_step)?;
    }
    say!("");
    if let Some(vouched) = &report.vouched {
        print_vouched(vouched)?;
    }
    say!(
        "成立：以上内容与账本相符，记录链完整 PROVED: everything above is what the ledger says, and every chain is whole"
    );
    Ok(())
}

fn print_clip(clip: &ClipStory) -> Result<(), Failure> {
    say!(
        "视频 clip {}{}",
        clip.entry,
        clip.name.as_ref().map_or_else(String::new, |name| format!("  {}", name.escape_debug()))
    );
    say!("  SHA-256 {}", clip.sha256);
    if let Some(sm3) = &clip.sm3 {
        say!("  SM3 {sm3}");
    }
    say!("  大小 size {} 字节 bytes", clip.size_bytes);
    for (label, value) in [
        ("录制开始 start", &clip.start),
        ("录制结束 end", &clip.end),
        ("记录仪 recorder", &clip.recorder),
        ("警号 officer", &clip.officer),
        ("已销毁 disposed under", &clip.disposed),
    ] {
        if let Some(value) = value {
            say!("  {label} {}", value.escape_debug());
        }
    }
    if let Some(sequence) = clip.sequence {
        say!("  文件序号 file number {sequence}");
    }
    say!("  入库 accepted {}", clip.accepted_at.to_rfc3339_seconds());
    clip.history.iter().try_for_each(print_step)
}

fn print_step(step: &Step) -> Result<(), Failure> {
    let Step { entry, at, event, actor } = step;
    let actor = if actor.is_empty() { "（已删除 erased）".to_owned() } else { actor.escape_debug().to_string() };
    say!("    {} {} {event} {actor} (条目 entry {entry})", at.to_rfc3339_seconds(), zh(event));
    Ok(())
}

/// What a word of the ledger means, in Chinese; empty where it is not known.
fn zh(event: &str) -> &'static str {
    match event {
        "clip" | "ingestion" => "入库",
        "fixity_check" => "完整性核验",
        "view" => "查看",
        "link" => "关联案件",
        "unlink" => "取消关联",
        "annotate" => "批注",
        "mark" => "标记",
        "release" => "释放源文件",
        "hold" => "保全",
        "lift" => "解除保全",
        "export_begin" => "开始移送",
        "export" => "移送",
        "dispose" => "销毁",
        "create" => "登记",
        "change" => "修改",
        "status" => "变更状态",
        _ => "",
    }
}

fn print_vouched(vouched: &Vouched) -> Result<(), Failure> {
    let (log, head) = (&vouched.log, &vouched.head);
    say!("作保 vouched for by");
    say!("  账本 ledger {}+{}, {} 条 entries, 根值 root {}", log.name(), log.id(), head.size, to_hex(&head.root));
    for (name, time) in &vouched.witnesses {
        say!("  见证 witness {name}, 见证时间 seen at {}", witnessed_at(*time));
    }
    if !vouched.witnessed {
        say!("  策略不要求见证：仅法院自己的密钥作保 no witness is asked for: only the court's own key vouches");
    }
    Ok(())
}

fn print_json(report: &Report) -> Result<(), Failure> {
    let vouched = report.vouched.as_ref().map(|vouched| {
        let witness = |(name, time): &(KeyName, u64)| json!({"name": name.as_str(), "seen_at": witnessed_at(*time)});
        let witnesses: Vec<_> = vouched.witnesses.iter().map(witness).collect();
        json!({"log": vouched.log.to_string(), "witnesses": witnesses, "witnessed": vouched.witnessed})
    });
    let proved = report.conclusion() == Conclusion::Proved;
    let list = |findings: &Findings| json!({"items": findings.list(), "more": findings.more()});
    let text = json!({
        "conclusion": report.conclusion(),
        "files": report.files,
        "bytes": report.bytes,
        "entries": report.entries,
        "export": report.export,
        "size": report.head.as_ref().map(|head| head.size),
        "root": report.head.as_ref().map(|head| to_hex(&head.root)),
        "vouched": vouched,
        "findings": list(&report.findings),
        "doubts": list(&report.doubts),
        "remarks": list(&report.remarks),
        // What is not proved is not given, so that no script takes it for proved.
        "clips": proved.then_some(&report.clips),
        "records": proved.then_some(&report.subjects),
    });
    say!("{}", serde_json::to_string_pretty(&text)?);
    Ok(())
}
