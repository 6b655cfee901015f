//! Tables `holds` and `hold_clips`: what must not be destroyed, whatever its term.

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, signed};
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// A row of `holds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: Id,
    /// The clip, case or incident.
    pub subject: Subject,
    /// Why.
    pub reason: String,
    /// By whom: a token's id and role.
    pub actor: String,
    /// When it was placed.
    pub at: Micros,
    /// When it was lifted, by whom and why; none: it holds.
    pub lifted: Option<Lifted>,
    /// Its newest entry in the ledger.
    pub last_entry: u64,
}

/// How a hold ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// When.
    pub at: Micros,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: String,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    subject: String,
    subject_id: i64,
    reason: String,
    actor: String,
    at_us: i64,
    lifted_us: Option<i64>,
    lifted_by: Option<String>,
    lift_reason: Option<String>,
    last_entry: i64,
}

const COLUMNS: &str =
    "h.id, h.subject, h.subject_id, h.reason, h.actor, h.at_us, h.lifted_us, h.lifted_by, h.lift_reason, h.last_entry";

impl TryFrom<Row> for Hold {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let subject = Subject::of(&row.subject, Id(row.subject_id));
        let bad =
            || CatalogError::Undecodable { table: "holds", column: "subject", row: row.id, value: row.subject.clone() };
        let lifted = |at| Lifted {
            at: Micros(at),
            actor: row.lifted_by.clone().unwrap_or_default(),
            reason: row.lift_reason.clone().unwrap_or_default(),
        };
        Ok(Self {
            id: Id(row.id),
            subject: subject.ok_or_else(bad)?,
            lifted: row.lifted_us.map(lifted),
            reason: row.reason,
            actor: row.actor,
            at: Micros(row.at_us),
            last_entry: row.last_entry.cast_unsigned(),
        })
    }
}

/// Inserts a hold that stands.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, hold: &Hold) -> Result<(), CatalogError> {
    const SQL: &str = "insert into holds (id, subject, subject_id, reason, actor, at_us, last_entry) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(hold.id.0)
            .bind(hold.subject.kind())
            .bind(hold.subject.id().0)
            .bind(&hold.reason)
            .bind(&hold.actor)
            .bind(hold.at.0)
            .bind(signed(hold.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Notes the clips in whose chain the hold stands.
///
/// # Errors
/// When the database refuses.
pub async fn add_clips(mut conn: Conn<'_>, hold: Id, clips: &[Id]) -> Result<(), CatalogError> {
    for some in clips.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into hold_clips (hold_id, clip_id) ");
            q.push_values(some, |mut row, clip| {
                row.push_bind(hold.0).push_bind(clip.0);
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// The clips in whose chain the hold stands, in the order of ids.
///
/// # Errors
/// When the database is away.
pub async fn clips_of(conn: Conn<'_>, hold: Id) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str = "select clip_id from hold_clips where hold_id = $1 order by clip_id";
    let rows: Vec<(i64,)> = on!(conn, c => sqlx::query_as(SQL).bind(hold.0).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// The clips that a hold on `subject` covers now, in the order of ids; those destroyed are left out. None: there is no such subject.
///
/// # Errors
/// When the database is away.
pub async fn covered(mut conn: Conn<'_>, subject: Subject) -> Result<Option<Vec<Id>>, CatalogError> {
    let (there, sql) = match subject {
        Subject::Clip(_) => {
            ("select id from clips where id = $1", "select id from clips where id = $1 and state <> 'disposed'")
        }
        Subject::Case(_) => (
            "select id from cases where id = $1",
            "select c.id from case_links l join clips c on c.id = l.clip_id where l.case_id = $1 and c.state <> 'disposed' \
             order by c.id",
        ),
        Subject::Incident(_) => (
            "select id from incidents where id = $1",
            "select c.id from incident_clips l join clips c on c.id = l.clip_id where l.incident_id = $1 \
             and c.state <> 'disposed' order by c.id",
        ),
        _ => return Ok(None),
    };
    let id = subject.id().0;
    let found: Option<(i64,)> = on!(conn.reborrow(), c => sqlx::query_as(there).bind(id).fetch_optional(c).await?);
    if found.is_none() {
        return Ok(None);
    }
    let rows: Vec<(i64,)> = on!(conn, c => sqlx::query_as(sql).bind(id).fetch_all(c).await?);
    Ok(Some(rows.into_iter().map(|(id,)| Id(id)).collect()))
}

/// The hold with this id.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Hold>, CatalogError> {
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from holds h where h.id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    })
    .map(Hold::try_from)
    .transpose()
}

/// Writes how a hold ended.
///
/// # Errors
/// When the database refuses or there is no such hold that stands.
pub async fn lift(conn: Conn<'_>, id: Id, lifted: &Lifted, last_entry: u64) -> Result<(), CatalogError> {
    const SQL: &str = "update holds set lifted_us = $2, lifted_by = $3, lift_reason = $4, last_entry = $5 \
        where id = $1 and lifted_us is null";
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(id.0)
            .bind(lifted.at.0)
            .bind(&lifted.actor)
            .bind(&lifted.reason)
            .bind(signed(last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("holds", id.0, rows)
}

/// Which holds to list.
#[derive(Debug, Clone, Default)]
pub struct HoldFilter {
    /// Only those that stand, or only those that were lifted.
    pub standing: Option<bool>,
    /// Only those on this.
    pub subject: Option<Subject>,
    /// Only ids below this one.
    pub before: Option<Id>,
}

/// Holds, newest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(conn: Conn<'_>, filter: &HoldFilter, limit: u32) -> Result<Vec<Hold>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from holds h where 1 = 1");
        if let Some(standing) = filter.standing {
            q.push(if standing { " and h.lifted_us is null" } else { " and h.lifted_us is not null" });
        }
        if let Some(subject) = filter.subject {
            q.push(" and h.subject = ").push_bind(subject.kind()).push(" and h.subject_id = ").push_bind(subject.id().0);
        }
        if let Some(before) = filter.before {
            q.push(" and h.id < ").push_bind(before.0);
        }
        q.push(" order by h.id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Hold::try_from).collect()
}

/// The standing holds that are on a clip: by itself, one of its cases or one of its incidents; oldest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn on_clip(conn: Conn<'_>, clip: Id) -> Result<Vec<Hold>, CatalogError> {
    const CONDITION: &str = " from holds h where h.lifted_us is null and (h.id in (select hold_id from hold_clips where clip_id = $1) \
        or (h.subject = 'case' and h.subject_id in (select case_id from case_links where clip_id = $1)) \
        or (h.subject = 'incident' and h.subject_id in (select incident_id from incident_clips where clip_id = $1))) order by h.id";
    let sql = format!("select {COLUMNS}{CONDITION}");
    let rows = on!(conn, c => {
        sqlx::query_as::<_, Row>(sqlx::AssertSqlSafe(sql)).bind(clip.0).fetch_all(c).await?
    });
    rows.into_iter().map(Hold::try_from).collect()
}
