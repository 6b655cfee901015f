//! Tables `recorders` and `recorder_holders`: 执法记录仪, and who had each when.

use sqlx::{FromRow, QueryBuilder};

use super::clips::INSERTED_AT_ONCE;
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::span::Span;
use crate::model::time::Micros;

/// A row of `recorders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Its id.
    pub id: Id,
    /// Its serial.
    pub serial: String,
    /// Its model; empty: not said.
    pub model: String,
    /// Court code; empty: not said.
    pub court: String,
}

/// A row of `recorder_holders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The recorder's serial.
    pub serial: String,
    /// Officer number of who has it.
    pub officer: String,
    /// While they have it.
    pub span: Span,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    serial: String,
    model: String,
    court: String,
}

impl From<Row> for Recorder {
    fn from(row: Row) -> Self {
        Self { id: Id(row.id), serial: row.serial, model: row.model, court: row.court }
    }
}

#[derive(FromRow)]
struct HolderRow {
    serial: String,
    officer: String,
    valid_from_us: i64,
    valid_to_us: Option<i64>,
}

impl From<HolderRow> for Holder {
    fn from(row: HolderRow) -> Self {
        let span = Span { from: Micros(row.valid_from_us), to: row.valid_to_us.map(Micros) };
        Self { serial: row.serial, officer: row.officer, span }
    }
}

/// Which recorders to list; every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct RecorderFilter {
    /// Serial, exactly.
    pub serial: Option<String>,
    /// Model, exactly.
    pub model: Option<String>,
    /// Court code, exactly.
    pub court: Option<String>,
    /// Officer number of who has it, at `at` or at any time.
    pub holder: Option<String>,
    /// The instant at which `holder` has it.
    pub at: Option<Micros>,
    /// Only ids below this one.
    pub before: Option<Id>,
}

/// Recorders that pass `filter`, newest first, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn list(conn: Conn<'_>, filter: &RecorderFilter, limit: u32) -> Result<Vec<Recorder>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select id, serial, model, court from recorders where 1 = 1");
        if let Some(serial) = &filter.serial {
            q.push(" and serial = ").push_bind(serial.clone());
        }
        if let Some(model) = &filter.model {
            q.push(" and model = ").push_bind(model.clone());
        }
        if let Some(court) = &filter.court {
            q.push(" and court = ").push_bind(court.clone());
        }
        if let Some(holder) = &filter.holder {
            q.push(" and serial in (select serial from recorder_holders where officer = ").push_bind(holder.clone());
            if let Some(at) = filter.at {
                q.push(" and (valid_from_us = 0 or valid_from_us <= ").push_bind(at.0);
                q.push(") and (valid_to_us is null or valid_to_us > ").push_bind(at.0).push(")");
            }
            q.push(")");
        }
        if let Some(before) = filter.before {
            q.push(" and id < ").push_bind(before.0);
        }
        q.push(" order by id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    Ok(rows.into_iter().map(Recorder::from).collect())
}

/// The recorder with this id.
///
/// # Errors
/// When the database is away.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Recorder>, CatalogError> {
    const SQL: &str = "select id, serial, model, court from recorders where id = $1";
    let row = on!(conn, c => sqlx::query_as::<_, Row>(SQL).bind(id.0).fetch_optional(c).await?);
    Ok(row.map(Recorder::from))
}

/// The recorders with these serials, in no order.
///
/// # Errors
/// When the database is away.
pub async fn of_serials(mut conn: Conn<'_>, serials: &[&str]) -> Result<Vec<Recorder>, CatalogError> {
    let mut recorders = Vec::new();
    for some in serials.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select id, serial, model, court from recorders where serial in (");
            let mut list = q.separated(", ");
            for serial in some {
                list.push_bind((*serial).to_owned());
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        recorders.extend(rows.into_iter().map(Recorder::from));
    }
    Ok(recorders)
}

/// Who had these recorders, those of one in the order of time.
///
/// # Errors
/// When the database is away.
pub async fn holders_of(mut conn: Conn<'_>, serials: &[&str]) -> Result<Vec<Holder>, CatalogError> {
    let mut holders = Vec::new();
    for some in serials.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select serial, officer, valid_from_us, valid_to_us from recorder_holders where serial in (",
            );
            let mut list = q.separated(", ");
            for serial in some {
                list.push_bind((*serial).to_owned());
            }
            q.push(") order by serial, valid_from_us");
            q.build_query_as::<HolderRow>().persistent(false).fetch_all(c).await?
        });
        holders.extend(rows.into_iter().map(Holder::from));
    }
    Ok(holders)
}

/// Who had the recorder with this serial at `at`; of two that overlap the one that got it last.
///
/// # Errors
/// When the database is away.
pub async fn holder_at(conn: Conn<'_>, serial: &str, at: Micros) -> Result<Option<Holder>, CatalogError> {
    const SQL: &str = "select serial, officer, valid_from_us, valid_to_us from recorder_holders \
        where serial = $1 and (valid_from_us = 0 or valid_from_us <= $2) and (valid_to_us is null or valid_to_us > $3) \
        order by valid_from_us desc limit 1";
    let row = on!(conn, c => {
        sqlx::query_as::<_, HolderRow>(SQL).bind(serial).bind(at.0).bind(at.0).fetch_optional(c).await?
    });
    Ok(row.map(Holder::from))
}

/// Inserts a recorder.
///
/// # Errors
/// When the database refuses; a second one with the same serial is a conflict.
pub async fn insert(conn: Conn<'_>, recorder: &Recorder) -> Result<(), CatalogError> {
    const SQL: &str = "insert into recorders (id, serial, model, court) values ($1, $2, $3, $4)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(recorder.id.0)
            .bind(&recorder.serial)
            .bind(&recorder.model)
            .bind(&recorder.court)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Writes a recorder's model and court.
///
/// # Errors
/// When the database refuses or there is no such recorder.
pub async fn update(conn: Conn<'_>, recorder: &Recorder) -> Result<(), CatalogError> {
    const SQL: &str = "update recorders set model = $2, court = $3 where id = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(recorder.id.0)
            .bind(&recorder.model)
            .bind(&recorder.court)
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("recorders", recorder.id.0, rows)
}

/// Writes who has a recorder from the holder's start on; the row with the same serial and start is replaced.
///
/// # Errors
/// When the database refuses, also when there is no such recorder.
pub async fn put_holder(conn: Conn<'_>, holder: &Holder) -> Result<(), CatalogError> {
    const SQL: &str = "insert into recorder_holders (serial, officer, valid_from_us, valid_to_us) \
        values ($1, $2, $3, $4) on conflict (serial, valid_from_us) \
        do update set officer = excluded.officer, valid_to_us = excluded.valid_to_us";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(&holder.serial)
            .bind(&holder.officer)
            .bind(holder.span.from.0)
            .bind(holder.span.to.map(|t| t.0))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Forgets who had a recorder.
///
/// # Errors
/// When the database refuses.
pub async fn clear_holders(conn: Conn<'_>, serial: &str) -> Result<(), CatalogError> {
    const SQL: &str = "delete from recorder_holders where serial = $1";
    on!(conn, c => sqlx::query(SQL).bind(serial).execute(c).await?.rows_affected());
    Ok(())
}
