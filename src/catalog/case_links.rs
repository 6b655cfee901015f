//! Tables `case_links` and `case_refusals`: which clips belong to which cases, and which a person said do not.

use std::collections::HashMap;

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, find};
use super::engine::{Conn, on};
use super::portions::{is_usual, padded, portions};
use super::{CatalogError, one_row};
use crate::model::case::LinkMethod;
use crate::model::id::Id;
use crate::model::reason::Reason;
use crate::model::time::Micros;

/// A clip's tie to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLink {
    /// The case.
    pub case_id: Id,
    /// Its canonical number.
    pub number: String,
    /// How the tie came about.
    pub method: LinkMethod,
    /// Why.
    pub reason: Reason,
    /// The action that it came about by, if it was one; also of a person's tie.
    pub action_id: Option<Id>,
    /// Who made it: a token's id and role, or a part of the daemon.
    pub actor: String,
    /// When.
    pub at: Micros,
}

#[derive(FromRow)]
struct Row {
    clip_id: i64,
    case_id: i64,
    number: String,
    method: String,
    reason: String,
    action_id: Option<i64>,
    actor: String,
    at_us: i64,
}

impl TryFrom<Row> for (Id, CaseLink) {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let method = read_method(row.clip_id, row.method)?;
        let link = CaseLink {
            case_id: Id(row.case_id),
            number: row.number,
            method,
            reason: Reason::from_stored(&row.reason),
            action_id: row.action_id.map(Id),
            actor: row.actor,
            at: Micros(row.at_us),
        };
        Ok((Id(row.clip_id), link))
    }
}

/// Ties clips to cases.
///
/// # Errors
/// When the database refuses, also when two are tied already.
pub async fn insert_all(mut conn: Conn<'_>, links: &[(Id, CaseLink)]) -> Result<(), CatalogError> {
    const SQL: &str = "insert into case_links (clip_id, case_id, method, reason, at_us, action_id, actor) ";
    for some in portions(links) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(SQL);
            q.push_values(some, |mut row, (clip, link)| {
                row.push_bind(clip.0)
                    .push_bind(link.case_id.0)
                    .push_bind(link.method.as_str())
                    .push_bind(link.reason.to_stored())
                    .push_bind(link.at.0)
                    .push_bind(link.action_id.map(|id| id.0))
                    .push_bind(link.actor.as_str());
            });
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Takes a tie away.
///
/// # Errors
/// When the database refuses or there is no such tie.
pub async fn delete(conn: Conn<'_>, clip: Id, case: Id) -> Result<(), CatalogError> {
    const SQL: &str = "delete from case_links where clip_id = $1 and case_id = $2";
    let rows = on!(conn, c => sqlx::query(SQL).bind(clip.0).bind(case.0).execute(c).await?.rows_affected());
    one_row("case_links", clip.0, rows)
}

/// The cases a clip is tied to, in the order of their numbers.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_clip(conn: Conn<'_>, clip: Id) -> Result<Vec<CaseLink>, CatalogError> {
    Ok(of_all(conn, &[clip]).await?.into_iter().map(|(_, link)| link).collect())
}

/// The ties of several clips, each with its clip; those of one clip in the order of the numbers.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_all(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<(Id, CaseLink)>, CatalogError> {
    let mut links = Vec::new();
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select l.clip_id, l.case_id, k.number, l.method, l.reason, l.action_id, l.actor, l.at_us \
                 from case_links l join cases k on k.id = l.case_id where l.clip_id in (",
            );
            let mut list = q.separated(", ");
            for clip in some {
                list.push_bind(clip.0);
            }
            q.push(") order by l.clip_id, k.number");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        for row in rows {
            links.push(row.try_into()?);
        }
    }
    Ok(links)
}

/// How several clips are tied to which cases, and nothing more.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn methods_of(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<(Id, Id, LinkMethod)>, CatalogError> {
    let mut ties = Vec::with_capacity(clips.len());
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, i64, String)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select clip_id, case_id, method from case_links where clip_id in (");
            let mut list = q.separated(", ");
            for clip in padded(some) {
                list.push_bind(clip.0);
            }
            q.push(")");
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        for (clip, case, method) in rows {
            ties.push((Id(clip), Id(case), read_method(clip, method)?));
        }
    }
    Ok(ties)
}

fn read_method(clip: i64, word: String) -> Result<LinkMethod, CatalogError> {
    find(LinkMethod::ALL, LinkMethod::as_str, &word).ok_or(CatalogError::Undecodable {
        table: "case_links",
        column: "method",
        row: clip,
        value: word,
    })
}

/// The ids of a case's clips, newest first, below `before`.
///
/// # Errors
/// When the database is away.
pub async fn clips_of(conn: Conn<'_>, case: Id, before: Option<Id>, limit: u32) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str =
        "select clip_id from case_links where case_id = $1 and clip_id < $2 order by clip_id desc limit $3";
    let before = before.map_or(i64::MAX, |id| id.0);
    let rows: Vec<(i64,)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(case.0).bind(before).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// The ids of the clips that were tied to cases by an action, in order, above `after`.
///
/// # Errors
/// When the database is away.
pub async fn clips_by_action(conn: Conn<'_>, action: Id, after: Id, limit: u32) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str =
        "select distinct clip_id from case_links where action_id = $1 and clip_id > $2 order by clip_id limit $3";
    let rows: Vec<(i64,)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(action.0).bind(after.0).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// That a person said a clip has nothing to do with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The clip.
    pub clip_id: Id,
    /// The case.
    pub case_id: Id,
    /// Who said so: a token's id and role.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
    /// When.
    pub at: Micros,
}

/// Keeps a refusal; a newer one takes the place of an older.
///
/// # Errors
/// When the database refuses.
pub async fn refuse(conn: Conn<'_>, refusal: &Refusal) -> Result<(), CatalogError> {
    const SQL: &str = "insert into case_refusals (clip_id, case_id, actor, reason, at_us) values ($1, $2, $3, $4, $5) \
        on conflict (clip_id, case_id) do update \
        set actor = excluded.actor, reason = excluded.reason, at_us = excluded.at_us";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(refusal.clip_id.0)
            .bind(refusal.case_id.0)
            .bind(&refusal.actor)
            .bind(&refusal.reason)
            .bind(refusal.at.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Takes a refusal back, when there is one.
///
/// # Errors
/// When the database refuses.
pub async fn take_back_refusal(conn: Conn<'_>, clip: Id, case: Id) -> Result<(), CatalogError> {
    const SQL: &str = "delete from case_refusals where clip_id = $1 and case_id = $2";
    on!(conn, c => sqlx::query(SQL).bind(clip.0).bind(case.0).execute(c).await?.rows_affected());
    Ok(())
}

/// The cases that persons refused for several clips, with their canonical numbers.
///
/// # Errors
/// When the database is away.
pub async fn refused(mut conn: Conn<'_>, clips: &[Id]) -> Result<HashMap<Id, Vec<(Id, String)>>, CatalogError> {
    let mut refused: HashMap<Id, Vec<(Id, String)>> = HashMap::new();
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, i64, String)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select r.clip_id, r.case_id, k.number from case_refusals r join cases k on k.id = r.case_id \
                 where r.clip_id in (",
            );
            let mut list = q.separated(", ");
            for clip in some {
                list.push_bind(clip.0);
            }
            q.push(") order by r.clip_id, k.number");
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        for (clip, case, number) in rows {
            refused.entry(Id(clip)).or_default().push((Id(case), number));
        }
    }
    Ok(refused)
}
