//! Tables `disposals` and `disposal_clips`: proposals to destroy clips, who decided, and what became of each clip.

use std::collections::BTreeSet;

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, find, signed};
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::disposal::{DisposalScope, DisposalState};
use crate::model::id::Id;
use crate::model::retention::Block;
use crate::model::time::Micros;

/// A row of `disposals`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposal {
    /// Its id.
    pub id: Id,
    /// A list, or all that was due.
    pub scope: DisposalScope,
    /// How far it has come.
    pub state: DisposalState,
    /// Why it was proposed.
    pub reason: String,
    /// Who proposed it: a token's id and role.
    pub proposed_by: String,
    /// When.
    pub proposed: Micros,
    /// Who approved or refused it, when, and what they said.
    pub decided: Option<Decided>,
    /// When the last of its clips was done.
    pub done: Option<Micros>,
    /// Its newest entry in the ledger.
    pub last_entry: u64,
}

/// The second person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// By whom.
    pub actor: String,
    /// When.
    pub at: Micros,
    /// Why.
    pub reason: String,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    scope: String,
    state: String,
    reason: String,
    proposed_by: String,
    proposed_us: i64,
    decided_by: Option<String>,
    decided_us: Option<i64>,
    decision: Option<String>,
    done_us: Option<i64>,
    last_entry: i64,
}

const COLUMNS: &str =
    "id, scope, state, reason, proposed_by, proposed_us, decided_by, decided_us, decision, done_us, last_entry";

impl TryFrom<Row> for Disposal {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: &str| CatalogError::Undecodable {
            table: "disposals",
            column,
            row: row.id,
            value: value.to_owned(),
        };
        let scope = find(DisposalScope::ALL, DisposalScope::as_str, &row.scope);
        let state = find(DisposalState::ALL, DisposalState::as_str, &row.state);
        let decided = |at| Decided {
            actor: row.decided_by.clone().unwrap_or_default(),
            at: Micros(at),
            reason: row.decision.clone().unwrap_or_default(),
        };
        Ok(Self {
            id: Id(row.id),
            scope: scope.ok_or_else(|| bad("scope", &row.scope))?,
            state: state.ok_or_else(|| bad("state", &row.state))?,
            decided: row.decided_us.map(decided),
            reason: row.reason,
            proposed_by: row.proposed_by,
            proposed: Micros(row.proposed_us),
            done: row.done_us.map(Micros),
            last_entry: row.last_entry.cast_unsigned(),
        })
    }
}

/// Inserts a proposal.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, disposal: &Disposal) -> Result<(), CatalogError> {
    const SQL: &str = "insert into disposals (id, scope, state, reason, proposed_by, proposed_us, last_entry) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(disposal.id.0)
            .bind(disposal.scope.as_str())
            .bind(disposal.state.as_str())
            .bind(&disposal.reason)
            .bind(&disposal.proposed_by)
            .bind(disposal.proposed.0)
            .bind(signed(disposal.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Writes what may change of a disposal.
///
/// # Errors
/// When the database refuses or there is no such disposal.
pub async fn update(conn: Conn<'_>, disposal: &Disposal) -> Result<(), CatalogError> {
    const SQL: &str = "update disposals set state = $2, decided_by = $3, decided_us = $4, decision = $5, done_us = $6, \
        last_entry = $7 where id = $1";
    let decided = disposal.decided.as_ref();
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(disposal.id.0)
            .bind(disposal.state.as_str())
            .bind(decided.map(|d| d.actor.as_str()))
            .bind(decided.map(|d| d.at.0))
            .bind(decided.map(|d| d.reason.as_str()))
            .bind(disposal.done.map(|at| at.0))
            .bind(signed(disposal.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("disposals", disposal.id.0, rows)
}

/// The disposal with this id.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Disposal>, CatalogError> {
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from disposals where id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    })
    .map(Disposal::try_from)
    .transpose()
}

/// Disposals, newest first; of one state, below an id.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(
    conn: Conn<'_>,
    state: Option<DisposalState>,
    before: Option<Id>,
    limit: u32,
) -> Result<Vec<Disposal>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from disposals where 1 = 1");
        if let Some(state) = state {
            q.push(" and state = ").push_bind(state.as_str());
        }
        if let Some(before) = before {
            q.push(" and id < ").push_bind(before.0);
        }
        q.push(" order by id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Disposal::try_from).collect()
}

/// The oldest disposal that was approved and is not done.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn first_approved(conn: Conn<'_>) -> Result<Option<Disposal>, CatalogError> {
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from disposals where state = 'approved' order by id limit 1");
        q.build_query_as::<Row>().fetch_optional(c).await?
    })
    .map(Disposal::try_from)
    .transpose()
}

/// Adds clips to a proposal.
///
/// # Errors
/// When the database refuses.
pub async fn add_clips(mut conn: Conn<'_>, disposal: Id, clips: &[Id]) -> Result<(), CatalogError> {
    for some in clips.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into disposal_clips (disposal_id, clip_id) ");
            q.push_values(some, |mut row, clip| {
                row.push_bind(disposal.0).push_bind(clip.0);
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// What became of a clip of a disposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was destroyed.
    Disposed,
    /// It was kept: it was not due any more, for these reasons.
    Kept(BTreeSet<Block>),
}

/// A clip of a disposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisposalClip {
    /// The clip.
    pub clip_id: Id,
    /// What became of it; none: nothing yet.
    pub outcome: Option<Outcome>,
}

/// The clips of a disposal after `after`, in the order of ids.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn clips(conn: Conn<'_>, disposal: Id, after: Id, limit: u32) -> Result<Vec<DisposalClip>, CatalogError> {
    const SQL: &str = "select clip_id, outcome, why from disposal_clips where disposal_id = $1 and clip_id > $2 \
        order by clip_id limit $3";
    let rows: Vec<(i64, Option<String>, Option<String>)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(disposal.0).bind(after.0).bind(i64::from(limit)).fetch_all(c).await?
    });
    let read = |(clip, outcome, why): (i64, Option<String>, Option<String>)| {
        let bad = |value: &str| CatalogError::Undecodable {
            table: "disposal_clips",
            column: "outcome",
            row: clip,
            value: value.to_owned(),
        };
        let outcome = match outcome.as_deref() {
            None => None,
            Some("disposed") => Some(Outcome::Disposed),
            Some("kept") => {
                let why = why.unwrap_or_default();
                Some(Outcome::Kept(serde_json::from_str(&why).map_err(|_| bad(&why))?))
            }
            Some(other) => return Err(bad(other)),
        };
        Ok(DisposalClip { clip_id: Id(clip), outcome })
    };
    rows.into_iter().map(read).collect()
}

/// Clips of a disposal of which nothing became yet, in the order of ids.
///
/// # Errors
/// When the database is away.
pub async fn open_clips(conn: Conn<'_>, disposal: Id, limit: u32) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str =
        "select clip_id from disposal_clips where disposal_id = $1 and outcome is null order by clip_id limit $2";
    let rows: Vec<(i64,)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(disposal.0).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// Writes what became of a clip.
///
/// # Errors
/// When the database refuses or the clip is not in the disposal.
pub async fn set_outcome(conn: Conn<'_>, disposal: Id, clip: Id, outcome: &Outcome) -> Result<(), CatalogError> {
    const SQL: &str = "update disposal_clips set outcome = $3, why = $4 where disposal_id = $1 and clip_id = $2";
    let (word, why) = match outcome {
        Outcome::Disposed => ("disposed", None),
        // Words always serialize.
        Outcome::Kept(why) => ("kept", serde_json::to_string(why).ok()),
    };
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(disposal.0).bind(clip.0).bind(word).bind(why).execute(c).await?.rows_affected()
    });
    one_row("disposal_clips", clip.0, rows)
}

/// How many clips a disposal has, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// All.
    pub clips: i64,
    /// Destroyed.
    pub disposed: i64,
    /// Kept, because they were not due any more.
    pub kept: i64,
}

/// Counts the clips of a disposal.
///
/// # Errors
/// When the database is away.
pub async fn counts(conn: Conn<'_>, disposal: Id) -> Result<Counts, CatalogError> {
    const SQL: &str = "select count(*) as clips, count(case when outcome = 'disposed' then 1 end) as disposed, \
        count(case when outcome = 'kept' then 1 end) as kept from disposal_clips where disposal_id = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(disposal.0).fetch_one(c).await?))
}

/// Which of these clips are in a proposal that is not decided, or approved and not done.
///
/// # Errors
/// When the database is away.
pub async fn pending_among(mut conn: Conn<'_>, clips: &[Id]) -> Result<BTreeSet<Id>, CatalogError> {
    let mut pending = BTreeSet::new();
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64,)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select k.clip_id from disposal_clips k join disposals d on d.id = k.disposal_id \
                 where d.state in ('proposed', 'approved') and k.outcome is null and k.clip_id in (null",
            );
            for clip in some {
                q.push(", ").push_bind(clip.0);
            }
            q.push(")");
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        pending.extend(rows.into_iter().map(|(id,)| Id(id)));
    }
    Ok(pending)
}
