//! Table `rematch_makers`: whose clips are still to be matched anew since a register changed.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::{INSERTED_AT_ONCE, find};
use super::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::time::Micros;

/// Who or what makes clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakerKind {
    /// An officer, by number.
    Officer,
    /// A recorder, by serial.
    Recorder,
}

impl MakerKind {
    const ALL: [Self; 2] = [Self::Officer, Self::Recorder];

    fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Recorder => "recorder",
        }
    }
}

/// A row of `rematch_makers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maker {
    /// Officer or recorder.
    pub kind: MakerKind,
    /// The officer number or serial.
    pub who: String,
    /// Time and id of the last clip that was looked at.
    pub after: Option<(Micros, Id)>,
}

#[derive(FromRow)]
struct Row {
    what: String,
    who: String,
    after_us: Option<i64>,
    after_id: Option<i64>,
}

/// Notes that all clips of these are to be matched anew, also those that were looked at since they were noted last.
///
/// # Errors
/// When the database refuses.
pub async fn add(mut conn: Conn<'_>, kind: MakerKind, who: &[&str]) -> Result<(), CatalogError> {
    for some in who.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into rematch_makers (what, who) ");
            q.push_values(some, |mut row, who| {
                row.push_bind(kind.as_str()).push_bind(*who);
            });
            q.push(" on conflict (what, who) do update set after_us = null, after_id = null");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// One of them; none when nothing is left.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn first(conn: Conn<'_>) -> Result<Option<Maker>, CatalogError> {
    const SQL: &str = "select what, who, after_us, after_id from rematch_makers order by what, who limit 1";
    let row: Option<Row> = on!(conn, c => sqlx::query_as(SQL).fetch_optional(c).await?);
    row.map(|row| {
        let kind = find(MakerKind::ALL, MakerKind::as_str, &row.what).ok_or(CatalogError::Undecodable {
            table: "rematch_makers",
            column: "what",
            row: 0,
            value: row.what,
        })?;
        let after = row.after_us.zip(row.after_id).map(|(at, id)| (Micros(at), Id(id)));
        Ok(Maker { kind, who: row.who, after })
    })
    .transpose()
}

/// Writes how far it has come.
///
/// # Errors
/// When the database refuses.
pub async fn advance(conn: Conn<'_>, maker: &Maker, (at, id): (Micros, Id)) -> Result<(), CatalogError> {
    const SQL: &str = "update rematch_makers set after_us = $3, after_id = $4 where what = $1 and who = $2";
    on!(conn, c => {
        let q = sqlx::query(SQL).bind(maker.kind.as_str()).bind(&maker.who).bind(at.0).bind(id.0);
        q.execute(c).await?.rows_affected()
    });
    Ok(())
}

/// Takes it out: all its clips were looked at.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: Conn<'_>, maker: &Maker) -> Result<(), CatalogError> {
    const SQL: &str = "delete from rematch_makers where what = $1 and who = $2";
    on!(conn, c => sqlx::query(SQL).bind(maker.kind.as_str()).bind(&maker.who).execute(c).await?.rows_affected());
    Ok(())
}
