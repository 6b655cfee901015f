use std::io::{self, Write as _};
use std::path::PathBuf;

use indicatif::ProgressBar;

use super::progress::{BYTES, bar};
use super::{Common, Failure, Outcome};
use crate::api::imports::ImportReport;
use crate::custody::Actor;
use crate::http::language::Language;
use crate::registers::{self, Change, ChangeKind, Group, Mode, Note, Register, RegisterFile, Tally};
use crate::search::index;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Courts: 法院代码 code, 法院名称 name, 上级法院 parent, 启用日期 first day, 停用日期 last day
    Courts(File),
    /// Officers, one line a post: 警号 number, 姓名 name, 职务 role, 法院 court, 起始日期 first day, 截止日期 last day
    Officers(File),
    /// Recorders, one line a holder: 序列号 serial, 型号 model, 法院 court, 持有人警号 holder, 起始日期, 截止日期
    Recorders(File),
    /// Parties, one line each: 案号 case, 姓名 name, 身份 role
    Parties(File),
    /// Cases: 案号 number, 当事人 parties, 案由 cause, 承办人 judge, 状态 status, 前案 predecessors
    Cases(File),
    /// Actions: 行动编号 reference, 类别 kind, 地点, 法院, 计划开始, 计划结束, 实际开始, 实际结束, 案号, 警号, 执法记录仪, 所需台数, 备注, 状态
    Actions(File),
}

#[derive(Debug, clap::Args)]
pub(super) struct File {
    /// The CSV file: header in Chinese or English; UTF-8, GBK or UTF-16
    file: PathBuf,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Action {
    fn parts(&self) -> (Register, &File) {
        match self {
            Self::Courts(file) => (Register::Courts, file),
            Self::Officers(file) => (Register::Officers, file),
            Self::Recorders(file) => (Register::Recorders, file),
            Self::Parties(file) => (Register::Parties, file),
            Self::Cases(file) => (Register::Cases, file),
            Self::Actions(file) => (Register::Actions, file),
        }
    }
}

/// Imports a register. A bad line is reported with its number, the rest goes in; the same file again changes nothing.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    let (register, args) = action.parts();
    let path = args.file.display();
    let input = std::fs::File::open(&args.file).map_err(|e| Failure::new(format!("{path}: {e}")))?;
    let file = RegisterFile::read(register, input).map_err(|e| Failure::new(format!("{path}: {}", e.message())))?;
    let (_, store) = common.open().await?;
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Apply };
    let mut report = ImportReport::new(&file, mode, Language::Zh, usize::MAX);
    let mut screen = Screen::new(args, &file);
    let imported = registers::import(&store.custody, &Actor::import(), file, mode, |group| {
        screen.show(&group);
        report.add(group);
    })
    .await;
    index::drain(&store.custody.db, store.custody.utc_offset).await?;
    store.custody.db.close().await;
    screen.bar.finish_and_clear();
    screen.failed?;
    let summary = imported.map_err(|e| Failure::new(format!("{path}: {e}")))?;
    let tally = summary.tally;
    summary.warnings.iter().for_each(|warning| complain!("{}", placed(args, warning)));
    report.finish(summary);
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        say!("{}", total(register, mode, tally));
    }
    Ok(if tally.bad == 0 { Outcome::Done } else { Outcome::Found })
}

/// What is shown while it goes on.
struct Screen<'a> {
    args: &'a File,
    bar: ProgressBar,
    /// The first failure to write; what comes after it is not shown.
    failed: io::Result<()>,
}

impl<'a> Screen<'a> {
    fn new(args: &'a File, file: &RegisterFile) -> Self {
        let path = args.file.display();
        complain!("{path}: 编码 {0}（read as {0}）", file.encoding());
        for warning in file.warnings() {
            complain!("{path}: {warning}");
        }
        Self { args, bar: bar(args.json, BYTES), failed: Ok(()) }
    }

    fn show(&mut self, group: &Group) {
        self.bar.set_length(group.total_bytes);
        self.bar.set_position(group.read_bytes);
        let args = self.args;
        self.bar.suspend(|| group.faults.iter().for_each(|fault| complain!("{}", placed(args, fault))));
        if args.dry_run && !args.json && self.failed.is_ok() {
            let mut out = io::stdout().lock();
            self.failed = group.changes.iter().try_for_each(|change| out.write_all(described(change).as_bytes()));
        }
    }
}

fn placed(args: &File, note: &Note) -> String {
    let path = args.file.display();
    match note.line {
        Some(line) => format!("{path}:{line}: {}", note.message),
        None => format!("{path}: {}", note.message),
    }
}

/// What one line would change, a text line each field; empty when nothing.
fn described(change: &Change) -> String {
    use std::fmt::Write as _;
    if change.kind == ChangeKind::Unchanged {
        return String::new();
    }
    let mut text = format!("{}: {} {} {}\n", change.line, change.kind.zh(), change.kind.as_str(), change.key);
    for field in &change.fields {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
        // Writing to a text does not fail.
        let _ = writeln!(text, "    {} {}: {} → {}", field.zh, field.field, shown(&field.old), shown(&field.new));
    }
    text
}

fn total(register: Register, mode: Mode, tally: Tally) -> String {
    let Tally { added, changed, unchanged, bad } = tally;
    let (zh, en) = (register.zh(), register.as_str());
    let (dry_zh, dry_en) = match mode {
        Mode::DryRun => ("试运行，未作改动。", "dry run, nothing was changed: "),
        Mode::Apply => ("", ""),
    };
    format!(
        "{dry_zh}{zh}：新增 {added}，变更 {changed}，不变 {unchanged}，错误行 {bad} 未导入（{dry_en}{added} {en} added, \
         {changed} changed, {unchanged} unchanged, {bad} bad lines left out）"
    )
}
