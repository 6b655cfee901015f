//! Table `clip_notes`: what people wrote about clips.

use sqlx::FromRow;

use super::CatalogError;
use super::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::time::Micros;

/// A row of `clip_notes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: Id,
    /// The clip it is about.
    pub clip_id: Id,
    /// By whom: a token's id and role.
    pub actor: String,
    /// The text.
    pub note: String,
    /// When.
    pub at: Micros,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    clip_id: i64,
    actor: String,
    note: String,
    at_us: i64,
}

impl From<Row> for Note {
    fn from(row: Row) -> Self {
        let Row { id, clip_id, actor, note, at_us } = row;
        Self { id: Id(id), clip_id: Id(clip_id), actor, note, at: Micros(at_us) }
    }
}

/// Inserts a note.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, note: &Note) -> Result<(), CatalogError> {
    const SQL: &str = "insert into clip_notes (id, clip_id, actor, note, at_us) values ($1, $2, $3, $4, $5)";
    on!(conn, c => {
        let q = sqlx::query(SQL).bind(note.id.0).bind(note.clip_id.0).bind(&note.actor).bind(&note.note);
        q.bind(note.at.0).execute(c).await?.rows_affected()
    });
    Ok(())
}

/// A clip's notes, newest first, below `before`.
///
/// # Errors
/// When the database is away.
pub async fn of_clip(conn: Conn<'_>, clip: Id, before: Option<Id>, limit: u32) -> Result<Vec<Note>, CatalogError> {
    const SQL: &str = "select id, clip_id, actor, note, at_us from clip_notes where clip_id = $1 and id < $2 \
        order by id desc limit $3";
    let before = before.map_or(i64::MAX, |id| id.0);
    let rows = on!(conn, c => {
        sqlx::query_as::<_, Row>(SQL).bind(clip.0).bind(before).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(Note::from).collect())
}
