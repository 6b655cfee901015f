//! Table `retention_rules`, and what retention needs to know of clips, from the tables that say it.

use std::collections::{HashMap, HashSet};

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::{INSERTED_AT_ONCE, signed};
use super::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::retention::{Announced, Facts, Settings, Table, to_second};
use crate::model::time::Micros;

/// A row of `retention_rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesRow {
    /// Its entry in the ledger.
    pub entry_index: u64,
    /// When.
    pub at: Micros,
    /// The table.
    pub table: Table,
    /// By whom.
    pub actor: String,
    /// The private detail, canonical JSON.
    pub detail: Vec<u8>,
    /// The salt through which its entry commits to the detail.
    pub salt: [u8; 32],
}

/// Inserts a table.
///
/// # Errors
/// When the database refuses.
pub async fn insert_rules(conn: Conn<'_>, row: &RulesRow) -> Result<(), CatalogError> {
    const SQL: &str =
        "insert into retention_rules (entry_index, at_us, rules, actor, detail, salt) values ($1, $2, $3, $4, $5, $6)";
    // Ids, words and numbers always serialize.
    let rules = serde_json::to_string(&row.table).unwrap_or_default();
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(signed(row.entry_index))
            .bind(row.at.0)
            .bind(rules)
            .bind(&row.actor)
            .bind(&row.detail)
            .bind(row.salt.to_vec())
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Every table that was announced, in the order of the entries. They are few: a court changes its table now and then.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn announced(conn: Conn<'_>) -> Result<Vec<Announced>, CatalogError> {
    const SQL: &str = "select entry_index, at_us, rules from retention_rules order by entry_index";
    let rows: Vec<(i64, i64, String)> = on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await?);
    let read = |(entry, at, rules): (i64, i64, String)| {
        let table = serde_json::from_str(&rules).map_err(|_| CatalogError::Undecodable {
            table: "retention_rules",
            column: "rules",
            row: entry,
            value: rules.clone(),
        })?;
        Ok(Announced { entry: entry.cast_unsigned(), at: to_second(Micros(at)), table })
    };
    rows.into_iter().map(read).collect()
}

/// What retention needs to know of a clip, and of the sidecars that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The facts.
    pub facts: Facts,
    /// The entry from which the clip itself is kept.
    pub from_entry: u64,
    /// That entry's time.
    pub from: Micros,
    /// Its sidecars, with what is known of each: `from_entry` and `from`.
    pub sidecars: Vec<(Id, u64, Micros)>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    role: String,
    state: String,
    important: i64,
    marked: i64,
    sidecar_of: Option<i64>,
    from_entry: i64,
}

/// Rows of `$sql`, which ends before a list of ids, and `$after` it.
macro_rules! rows_in {
    ($conn:expr, $sql:expr, $ids:expr, $after:expr) => {
        on!($conn.reborrow(), c => {
            let mut q = QueryBuilder::new($sql);
            q.push(" (null");
            for id in $ids {
                q.push(", ").push_bind(*id);
            }
            q.push(")").push($after);
            q.build_query_as().persistent(false).fetch_all(c).await?
        })
    };
}

/// What is known of these clips; those that are not there are left out.
///
/// # Errors
/// When the database is away.
pub async fn known(mut conn: Conn<'_>, settings: &Settings, clips: &[Id]) -> Result<HashMap<Id, Known>, CatalogError> {
    let mut all = HashMap::with_capacity(clips.len());
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let ids: Vec<i64> = some.iter().map(|id| id.0).collect();
        known_of(&mut conn, settings, &ids, &mut all).await?;
    }
    Ok(all)
}

async fn known_of(
    conn: &mut Conn<'_>,
    settings: &Settings,
    ids: &[i64],
    all: &mut HashMap<Id, Known>,
) -> Result<(), CatalogError> {
    const CLIPS: &str = "select c.id, c.role, c.state, c.important, c.marked, c.sidecar_of, \
        coalesce((select max(t.revived_entry) from tombstones t where t.clip_id = c.id), c.entry_index) as from_entry \
        from clips c where c.id in";
    const SIDECARS: &str = "select c.id, c.role, c.state, c.important, c.marked, c.sidecar_of, \
        coalesce((select max(t.revived_entry) from tombstones t where t.clip_id = c.id), c.entry_index) as from_entry \
        from clips c where c.state <> 'disposed' and c.sidecar_of in";
    let clips: Vec<Row> = rows_in!(conn, CLIPS, ids, "");
    let sidecars: Vec<Row> = rows_in!(conn, SIDECARS, ids, " order by c.id");
    let begins = begins(conn, clips.iter().chain(&sidecars)).await?;
    let with_sidecars: Vec<i64> = clips.iter().chain(&sidecars).map(|row| row.id).collect();
    let held = held(conn, &with_sidecars).await?;
    let waiting = waiting(conn, &with_sidecars).await?;
    let is_confirmed = |row: &Row| matches!(row.state.as_str(), "confirmed" | "released") && !waiting.contains(&row.id);
    let begin = |row: &Row| begins.get(&row.from_entry).copied().map(to_second);
    for row in &clips {
        let facts = Facts {
            from: begin(row),
            held: held.contains(&row.id),
            confirmed: is_confirmed(row),
            device_mark: row.important != 0,
            person_mark: row.marked != 0,
            sidecar: row.role == "sidecar",
            disposed: row.state == "disposed",
            ..Facts::default()
        };
        let (from_entry, from) = (row.from_entry.cast_unsigned(), begin(row).unwrap_or(Micros(0)));
        let mut known = Known { facts, from_entry, from, sidecars: Vec::new() };
        for sidecar in sidecars.iter().filter(|s| s.sidecar_of == Some(row.id)) {
            let from = begin(sidecar);
            known.facts.held |= held.contains(&sidecar.id);
            known.facts.confirmed &= is_confirmed(sidecar);
            // Without its own entry nothing follows: then it is kept.
            known.facts.from = known.facts.from.zip(from).map(|(a, b)| a.max(b));
            known.sidecars.push((Id(sidecar.id), sidecar.from_entry.cast_unsigned(), from.unwrap_or(Micros(0))));
        }
        all.insert(Id(row.id), known);
    }
    add_ties(conn, settings, ids, all).await
}

/// The times of the entries from which clips are kept, by entry.
async fn begins(conn: &mut Conn<'_>, rows: impl Iterator<Item = &Row>) -> Result<HashMap<i64, Micros>, CatalogError> {
    const SQL: &str = "select entry_index, at_us from custody_events where entry_index in";
    let entries: Vec<i64> = rows.map(|row| row.from_entry).collect();
    let rows: Vec<(i64, i64)> = rows_in!(conn, SQL, &entries, "");
    Ok(rows.into_iter().map(|(entry, at)| (entry, Micros(at))).collect())
}

/// Which of these clips a hold is on, by itself, a case or an incident.
async fn held(conn: &mut Conn<'_>, ids: &[i64]) -> Result<HashSet<i64>, CatalogError> {
    const CLIPS: &str = "select k.clip_id from hold_clips k join holds h on h.id = k.hold_id \
        where h.lifted_us is null and k.clip_id in";
    const CASES: &str = "select l.clip_id from case_links l join holds h on h.subject = 'case' and h.subject_id = l.case_id \
        where h.lifted_us is null and l.clip_id in";
    const INCIDENTS: &str = "select l.clip_id from incident_clips l \
        join holds h on h.subject = 'incident' and h.subject_id = l.incident_id where h.lifted_us is null and l.clip_id in";
    let mut held = HashSet::new();
    for sql in [CLIPS, CASES, INCIDENTS] {
        let rows: Vec<(i64,)> = rows_in!(conn, sql, ids, "");
        held.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(held)
}

/// Which of these clips wait for something: a source that is not released, an object that was not found equal.
async fn waiting(conn: &mut Conn<'_>, ids: &[i64]) -> Result<HashSet<i64>, CatalogError> {
    const SOURCES: &str = "select clip_id from uploads where state <> 'released' and clip_id in";
    const OBJECTS: &str = "select clip_id from fixity where result <> 'equal' and clip_id in";
    let mut waiting = HashSet::new();
    for sql in [SOURCES, OBJECTS] {
        let rows: Vec<(i64,)> = rows_in!(conn, sql, ids, "");
        waiting.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(waiting)
}

/// Clip, type code, cause, status.
type CaseRow = (i64, Option<String>, Option<String>, Option<String>);

/// Adds what cases, incidents and exports say.
async fn add_ties(
    conn: &mut Conn<'_>,
    settings: &Settings,
    ids: &[i64],
    all: &mut HashMap<Id, Known>,
) -> Result<(), CatalogError> {
    const CASES: &str = "select l.clip_id, k.type, k.cause, k.status from case_links l join cases k on k.id = l.case_id \
        where l.clip_id in";
    const INCIDENTS: &str = "select l.clip_id, i.status from incident_clips l join incidents i on i.id = l.incident_id \
        where l.clip_id in";
    // From its beginning on: what is being handed over is not destroyed under the hands of those who copy it.
    const EXPORTS: &str =
        "select distinct clip_id from custody_events where kind in ('export', 'export_begin') and clip_id in";
    let cases: Vec<CaseRow> = rows_in!(conn, CASES, ids, "");
    for (clip, case_type, cause, status) in cases {
        let Some(known) = all.get_mut(&Id(clip)) else { continue };
        let is_closed = status.as_ref().is_some_and(|status| settings.closed.contains(status));
        known.facts.cases_closed.push(is_closed);
        let words = [case_type, cause, status];
        known.facts.difficult |= words.iter().flatten().any(|word| settings.difficult.contains(word));
    }
    let incidents: Vec<(i64, String)> = rows_in!(conn, INCIDENTS, ids, "");
    for (clip, status) in incidents {
        if let Some(known) = all.get_mut(&Id(clip)) {
            known.facts.incidents_dismissed.push(status == "dismissed");
        }
    }
    let exported: Vec<(i64,)> = rows_in!(conn, EXPORTS, ids, "");
    for (clip,) in exported {
        if let Some(known) = all.get_mut(&Id(clip)) {
            known.facts.handed_over = true;
        }
    }
    Ok(())
}

/// Clips after `after`, in the order of ids, that arrived by `by`, are confirmed and filed: among them are all that can be due.
///
/// # Errors
/// When the database is away.
pub async fn candidates(conn: Conn<'_>, after: Id, by: Micros, limit: u32) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str = "select id from clips where id > $1 and role = 'clip' and state in ('confirmed', 'released') \
        and unfiled = 0 and arrived_us <= $2 order by id limit $3";
    let rows: Vec<(i64,)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(after.0).bind(by.0).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}
