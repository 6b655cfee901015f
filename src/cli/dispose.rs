use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::{Common, Failure, Outcome};
use crate::auth::policy::{Permission, allows};
use crate::auth::token::authenticate;
use crate::catalog::disposals::{self, Counts, Disposal};
use crate::custody::{Actor, Custody, disposal, dispose};
use crate::model::disposal::DisposalState;
use crate::model::id::Id;
use crate::store::Store;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Propose to destroy clips that are due; nothing is destroyed before a second person approves
    Propose {
        /// A clip; may be given several times. Without any: all that are due now
        #[arg(long = "clip", value_name = "ID")]
        clips: Vec<Id>,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// Approve what somebody else proposed, and destroy what is still due of it
    Approve {
        /// The disposal
        id: Id,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// Refuse what somebody else proposed
    Refuse {
        /// The disposal
        id: Id,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// List the disposals, newest first
    List {
        /// For scripts: one object
        #[arg(long)]
        json: bool,
    },
}

/// Who acts: on the command line, too, two people are two tokens.
#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// File with the token of the person who acts; else the variable ZHILU_TOKEN holds it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Who {
    /// The bearer of the token, when their role holds `permission`.
    async fn actor(&self, custody: &Custody, permission: Permission) -> Result<Actor, Failure> {
        let text = Zeroizing::new(match &self.token_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?,
            None => std::env::var("ZHILU_TOKEN").map_err(|_| {
                Failure::new(
                    "需要令牌：--token-file 或环境变量 ZHILU_TOKEN; a token is needed: --token-file or ZHILU_TOKEN",
                )
            })?,
        });
        let header = Zeroizing::new(format!("Bearer {}", text.trim()));
        let bearer = authenticate(&custody.db, &header).await?;
        let bearer = bearer.ok_or_else(|| Failure::new("令牌无效或已停用 the token is unknown or revoked"))?;
        if !allows(bearer.role, permission) {
            return Err(Failure::new(format!("the role {} has not the permission {permission}", bearer.role)));
        }
        Ok(Actor::token(bearer.token, bearer.role))
    }
}

/// Proposes, decides on and lists disposals.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let custody = &store.custody;
    match action {
        Action::Propose { clips, reason, who } => {
            let actor = who.actor(custody, Permission::ProposeDisposals).await?;
            let named = (!clips.is_empty()).then_some(&clips[..]);
            let made = disposal::propose(custody, &actor, named, &text(reason)?).await?;
            print(custody, &made).await?;
        }
        Action::Approve { id, reason, who } => decide(&store, (*id, true), reason, who).await?,
        Action::Refuse { id, reason, who } => decide(&store, (*id, false), reason, who).await?,
        Action::List { json } => list(custody, *json).await?,
    }
    custody.db.close().await;
    Ok(Outcome::Done)
}

async fn decide(store: &Store, (id, approve): (Id, bool), reason: &str, who: &Who) -> Result<(), Failure> {
    let custody = &store.custody;
    let actor = who.actor(custody, Permission::DecideDisposals).await?;
    disposal::decide(custody, &actor, id, approve, &text(reason)?).await?;
    if approve {
        dispose::run(custody).await?;
    }
    let mut reader = custody.db.read().await?;
    let now = disposals::get(reader.conn(), id).await?;
    drop(reader);
    match now {
        Some(now) => print(custody, &now).await,
        None => Err(Failure::new(format!("there is no disposal {id}"))),
    }
}

fn text(reason: &str) -> Result<String, Failure> {
    match reason.trim() {
        "" => Err(Failure::new("请说明理由 say why: --reason")),
        reason => Ok(reason.to_owned()),
    }
}

async fn print(custody: &Custody, row: &Disposal) -> Result<(), Failure> {
    let mut reader = custody.db.read().await?;
    let Counts { clips, disposed, kept } = disposals::counts(reader.conn(), row.id).await?;
    let state = match row.state {
        DisposalState::Proposed => "待批准",
        DisposalState::Approved => "已批准",
        DisposalState::Refused => "已驳回",
        DisposalState::Done => "已完成",
    };
    say!(
        "{}\t{state} {}\t{clips} 个视频 clips, 已销毁 disposed {disposed}, 保留 kept {kept}\t{}",
        row.id,
        row.state.as_str(),
        row.reason
    );
    Ok(())
}

async fn list(custody: &Custody, json: bool) -> Result<(), Failure> {
    let (mut before, mut items) = (None, Vec::new());
    loop {
        let mut reader = custody.db.read().await?;
        let page = disposals::list(reader.conn(), None, before, 100).await?;
        drop(reader);
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for row in page {
            if !json {
                print(custody, &row).await?;
                continue;
            }
            let mut reader = custody.db.read().await?;
            let Counts { clips, disposed, kept } = disposals::counts(reader.conn(), row.id).await?;
            items.push(json!({
                "id": row.id, "scope": row.scope, "state": row.state, "reason": row.reason,
                "proposed_by": row.proposed_by, "proposed_at": row.proposed,
                "decided_by": row.decided.as_ref().map(|d| &d.actor), "decided_at": row.decided.as_ref().map(|d| d.at),
                "decision": row.decided.as_ref().map(|d| &d.reason), "done_at": row.done,
                "clips": clips, "disposed": disposed, "kept": kept, "ledger_index": row.last_entry,
            }));
        }
    }
    if json {
        say!("{}", serde_json::to_string_pretty(&json!({"items": items}))?);
    }
    Ok(())
}
