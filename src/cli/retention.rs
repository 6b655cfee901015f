use serde_json::json;

use super::{Common, Failure, Outcome};
use crate::catalog::retention as rows;
use crate::custody::retention::due;
use crate::model::id::Id;
use crate::model::retention::{NOTICE_DAYS, Rule};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// List the clips whose term has ended and that nothing keeps
    Due {
        /// For scripts: one object
        #[arg(long)]
        json: bool,
    },
    /// Show the retention tables that the ledger holds
    Rules {
        /// For scripts: one object
        #[arg(long)]
        json: bool,
    },
}

/// Clips that are asked for at a time.
const PAGE: usize = 1000;

/// Shows what is due, and by which table.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    match action {
        Action::Due { json } => print_due(common, *json).await?,
        Action::Rules { json } => print_rules(common, *json).await?,
    }
    Ok(Outcome::Done)
}

async fn print_due(common: &Common, json: bool) -> Result<(), Failure> {
    let (_, store) = common.open().await?;
    let custody = &store.custody;
    let (mut after, mut items) = (Id(0), Vec::new());
    loop {
        let mut reader = custody.db.read().await?;
        let page = due(reader.conn(), &custody.retention, after, custody.clock.now(), PAGE).await?;
        for (id, standing) in page.due {
            let Some(term) = standing.term else { continue };
            let due_at = term.allowed_from.map(|at| at.to_rfc3339_seconds());
            if json {
                items.push(json!({"id": id, "rule": term.rule, "due_at": due_at, "classes": standing.classes}));
            } else {
                say!("{id}\t{}\t{}", term.rule, due_at.unwrap_or_default());
            }
        }
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    if json {
        say!("{}", serde_json::to_string_pretty(&json!({"items": items}))?);
    }
    custody.db.close().await;
    Ok(())
}

async fn print_rules(common: &Common, json: bool) -> Result<(), Failure> {
    let (_, store) = common.open().await?;
    let custody = &store.custody;
    let mut reader = custody.db.read().await?;
    let announced = rows::announced(reader.conn()).await?;
    drop(reader);
    let settings = &custody.retention;
    if json {
        let table = |a: &crate::model::retention::Announced| json!({"ledger_index": a.entry, "announced_at": a.at, "rules": a.table});
        let items: Vec<_> = announced.iter().rev().map(table).collect();
        let all = json!({"items": items, "closed": settings.closed, "difficult": settings.difficult});
        say!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        for a in announced.iter().rev() {
            say!("账本条目 entry {}  {}", a.entry, a.at.to_rfc3339_seconds());
            a.table.rules().iter().try_for_each(print_rule)?;
        }
        if announced.last().is_none_or(|last| last.table != settings.table) {
            say!(
                "配置中的保管期限表尚未公布：启动服务即公布 the configured table is not announced; `zhilu serve` does"
            );
            settings.table.rules().iter().try_for_each(print_rule)?;
        }
        say!("缩短的期限自公布 {NOTICE_DAYS} 日后适用 a shorter term counts {NOTICE_DAYS} days after its announcement");
    }
    custody.db.close().await;
    Ok(())
}

fn print_rule(rule: &Rule) -> Result<(), Failure> {
    let term = rule.months.map_or("永久 for ever".to_owned(), |months| format!("{months} 个月 months"));
    say!("  {}\t{}\t{term}", rule.id, rule.applies_to.as_str());
    Ok(())
}
