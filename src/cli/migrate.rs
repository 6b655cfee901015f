use std::path::PathBuf;
use std::sync::Arc;

use super::progress::{COUNT, bar};
use super::{Common, Failure, Outcome};
use crate::audit::check::{Scope, check};
use crate::catalog::engine::{Db, Location, Tx};
use crate::catalog::transfer::{self, TABLES};
use crate::catalog::{ledger as rows, moved};
use crate::config::{Config, read_password};
use crate::ledger::log;
use crate::ledger::policy::Policy;
use crate::search::index;
use crate::store::{self, location};
use crate::vault::LocalVault;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The catalog to move: sqlite, sqlite:PATH, postgres or postgres://USER@HOST:PORT/DATABASE; without more the one of the configuration
    #[arg(long, value_name = "URL")]
    from: String,
    /// Where to: an empty database, given likewise
    #[arg(long, value_name = "URL", required_unless_present = "undo")]
    to: Option<String>,
    /// The file that holds the server's password, when it is not the one of the configuration
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Finish although `zhilu check` finds something wrong in the copy: what was wrong before is wrong there too
    #[arg(long)]
    accept_findings: bool,
    /// Use the catalog --from again after it was moved
    #[arg(long, conflicts_with = "to")]
    undo: bool,
}

/// Moves the catalog to another database: all rows in one transaction, compared, checked, and only then is the old one closed.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let config = common.config()?;
    let from = resolve(&config, args, &args.from)?;
    let Some(to) = &args.to else { return undo(&from).await };
    let to = resolve(&config, args, to)?;
    if from.to_string() == to.to_string() {
        return Err(Failure::new(format!("来源与目标相同  --from and --to are the same: {from}")));
    }
    if !crate::catalog::engine::exists(&from).await? {
        return Err(Failure::new(format!("{from} 中没有目录库  there is no catalog at {from}")));
    }
    let source = Db::open(&from).await?;
    let target = Db::open(&to).await?;
    // Whoever takes something in waits from here on, and is refused in the end.
    let (mut reading, mut writing) = (source.begin().await?, target.begin().await?);
    reading.lift_limits().await?;
    writing.lift_limits().await?;
    if !is_copied(&mut reading, &mut writing, &to).await? {
        copy(&mut reading, &mut writing).await?;
    }
    compare(&mut reading, &mut writing).await?;
    writing.commit().await?;
    say!("已复制，正在核对  copied, checking");
    let good = check_copy(&config, &target).await?;
    target.close().await;
    if !good && !args.accept_findings {
        complain!(
            "副本与来源一致，但核对发现上述问题；若来源原有这些问题（zhilu check），请加 --accept-findings 再次运行  the copy equals \
             the source, but the check found the above; when `zhilu check` finds the same in the source, run this again with \
             --accept-findings"
        );
        return Ok(Outcome::Found);
    }
    moved::mark(reading.conn(), &to.to_string()).await?;
    reading.commit().await?;
    source.close().await;
    say!("完成：{from} 已关闭；请把 database.url 设为 {to} 并重启执录");
    say!("done: {from} is closed; set database.url to {to} and restart Zhilu");
    Ok(if good { Outcome::Done } else { Outcome::Found })
}

/// `sqlite` and `postgres` alone mean what the configuration says.
fn resolve(config: &Config, args: &Args, word: &str) -> Result<Location, Failure> {
    let configured = config.database.url(&config.data_dir);
    if word == "sqlite" && !configured.starts_with("sqlite:") {
        return Ok(Location::Sqlite(config.data_dir.join("catalog.sqlite")));
    }
    let is_configured = word == configured.as_str() || word == configured.split(':').next().unwrap_or_default();
    if is_configured && args.password_file.is_none() {
        return Ok(location(config)?);
    }
    if word == "postgres" && !configured.starts_with("postgres") {
        return Err(Failure::new(
            "请给出 postgres://用户@主机:端口/数据库，或设置 database.url  give postgres://USER@HOST:PORT/DATABASE, or set database.url",
        ));
    }
    let password = match &args.password_file {
        Some(path) => Some(read_password(path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?),
        None => None,
    };
    let url = if word == "postgres" { configured.as_str() } else { word };
    Ok(Location::parse(url, password.as_ref().map(|p| p.as_str()))?)
}

async fn undo(from: &Location) -> Result<Outcome, Failure> {
    let db = Db::open_any(from).await?;
    let mut tx = db.begin().await?;
    let was_moved = moved::unmark(tx.conn()).await?;
    tx.commit().await?;
    db.close().await;
    if !was_moved {
        return Err(Failure::new(format!("{from} 未被迁移  {from} was not moved")));
    }
    say!("{from} 可再次使用；另一库中此后新增的内容不在其中");
    say!("{from} can be used again; what the other database took in since is not in it");
    Ok(Outcome::Done)
}

/// Whether an earlier run copied everything and ended before it closed the source.
async fn is_copied(reading: &mut Tx, writing: &mut Tx, to: &Location) -> Result<bool, Failure> {
    let mut filled = 0;
    for table in TABLES {
        // Migrations may have put rows into these tables; into those that people and clips fill they put none.
        if ["clips", "uploads", "cases", "tokens", "ledger_entries", "custody_events"].contains(&table.name) {
            filled += transfer::count(writing.conn(), table).await?;
        }
    }
    if filled == 0 {
        return Ok(false);
    }
    let equal = rows::checkpoint(reading.conn()).await? == rows::checkpoint(writing.conn()).await?;
    if equal && differing(reading, writing).await?.is_none() {
        return Ok(true);
    }
    Err(Failure::new(format!(
        "{to} 不为空，请新建数据库  {to} is not empty; make a new database (`drop database`, `create database`, or another file)"
    )))
}

async fn copy(reading: &mut Tx, writing: &mut Tx) -> Result<(), Failure> {
    transfer::clear(writing.conn()).await?;
    let mut all = 0;
    for table in TABLES {
        all += transfer::count(reading.conn(), table).await?;
    }
    let bar = bar(false, COUNT);
    bar.set_length(all);
    for table in TABLES {
        bar.set_message(table.name);
        let copied = transfer::copy(reading.conn(), writing.conn(), table, &|n| bar.inc(n)).await?;
        if copied > 0 && bar.is_hidden() {
            say!("{}: {copied}", table.name);
        }
    }
    // Search documents are made anew on the other side, by the daemon.
    index::mark_everything_dirty(writing.conn()).await?;
    bar.finish_and_clear();
    say!("共 {all} 行  {all} rows");
    Ok(())
}

/// The first table that has not as many rows on both sides.
async fn differing(reading: &mut Tx, writing: &mut Tx) -> Result<Option<String>, Failure> {
    for table in TABLES {
        let (ours, theirs) =
            (transfer::count(reading.conn(), table).await?, transfer::count(writing.conn(), table).await?);
        if ours != theirs {
            return Ok(Some(format!("{}: {ours} ≠ {theirs}", table.name)));
        }
    }
    Ok(None)
}

/// Whether both sides have as many rows and the same ledger.
async fn compare(reading: &mut Tx, writing: &mut Tx) -> Result<(), Failure> {
    if let Some(differing) = differing(reading, writing).await? {
        return Err(Failure::new(format!(
            "副本不完整，未保存  the copy is not complete, nothing was kept: {differing}"
        )));
    }
    let (ours, theirs) = (log::load(reading.conn()).await?, log::load(writing.conn()).await?);
    if (ours.size(), ours.root()) != (theirs.size(), theirs.root()) {
        return Err(Failure::new("账本不一致，未保存  the ledgers differ, nothing was kept"));
    }
    say!(
        "各表行数一致；账本 {} 条，根一致  every table has as many rows; the ledger's {} entries and root are equal",
        ours.size(),
        ours.size()
    );
    Ok(())
}

async fn check_copy(config: &Config, target: &Db) -> Result<bool, Failure> {
    let vault = Arc::new(LocalVault::look(&config.vault.root(&config.data_dir))?);
    let mut reader = target.read().await?;
    let size = rows::checkpoint(reader.conn()).await?.map_or(0, |c| c.size);
    drop(reader);
    let signer = store::open_key(&config.data_dir.join("keys"), &config.court.ledger_name, size)?;
    let policy = Policy::of_log(signer.verifier().clone());
    let report = check(target, Scope { policy: &policy, since: None, vault: Some(&vault) }, |_, _| {}).await?;
    for f in report.findings.list() {
        say!("异常 WRONG {f}");
    }
    let (clips, entries) = (report.clips, report.entries);
    say!("核对：{clips} 个视频，{entries} 条账本记录  check: {clips} clips, {entries} ledger entries");
    Ok(report.holds())
}
