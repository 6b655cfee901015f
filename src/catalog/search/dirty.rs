//! Table `search_dirty`: subjects whose documents are still to be renewed.

use sqlx::QueryBuilder;

use super::{kind_of, push_list, subject_of};
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::engine::{Conn, on};
use crate::model::span::Span;
use crate::model::subject::Subject;

/// Adds subjects; those that have no documents are passed over.
///
/// # Errors
/// When the database refuses.
pub async fn add(mut conn: Conn<'_>, subjects: &[Subject]) -> Result<(), CatalogError> {
    let rows: Vec<(i64, i64)> = subjects.iter().filter_map(|s| Some((kind_of(*s)?, s.id().0))).collect();
    for some in rows.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into search_dirty (kind, subject_id) ");
            q.push_values(some, |mut row, (kind, id)| {
                row.push_bind(*kind).push_bind(*id);
            });
            q.push(" on conflict do nothing");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Adds what an officer's name and court stand in: the clips with that number and the incidents in which they were hurt, of `span`.
///
/// # Errors
/// When the database refuses.
pub async fn add_of_officer(mut conn: Conn<'_>, number: &str, span: Span) -> Result<(), CatalogError> {
    const CLIPS: &str = "insert into search_dirty (kind, subject_id) select 1, id from clips \
        where officer = $1 and role = 'clip' and recorded_us >= $2 and recorded_us < $3 on conflict do nothing";
    const INCIDENTS: &str = "insert into search_dirty (kind, subject_id) select distinct 3, i.id from incidents i \
        join incident_people p on p.incident_id = i.id \
        where p.officer = $1 and i.begin_us >= $2 and i.begin_us < $3 on conflict do nothing";
    let from = if span.from.0 == 0 { i64::MIN } else { span.from.0 };
    let to = span.to.map_or(i64::MAX, |to| to.0);
    for sql in [CLIPS, INCIDENTS] {
        on!(conn.reborrow(), c => {
            sqlx::query(sql).bind(number).bind(from).bind(to).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Adds the clips of a recorder.
///
/// # Errors
/// When the database refuses.
pub async fn add_of_recorder(conn: Conn<'_>, serial: &str) -> Result<(), CatalogError> {
    const SQL: &str = "insert into search_dirty (kind, subject_id) select 1, id from clips \
        where recorder = $1 and role = 'clip' on conflict do nothing";
    on!(conn, c => sqlx::query(SQL).bind(serial).execute(c).await?.rows_affected());
    Ok(())
}

/// Adds everything.
///
/// # Errors
/// When the database refuses.
pub async fn add_all(mut conn: Conn<'_>) -> Result<(), CatalogError> {
    const ALL: [&str; 3] = [
        "insert into search_dirty (kind, subject_id) select 1, id from clips where role = 'clip' on conflict do nothing",
        "insert into search_dirty (kind, subject_id) select 2, id from cases where 1 = 1 on conflict do nothing",
        "insert into search_dirty (kind, subject_id) select 3, id from incidents where 1 = 1 on conflict do nothing",
    ];
    for sql in ALL {
        on!(conn.reborrow(), c => sqlx::query(sql).execute(c).await?.rows_affected());
    }
    Ok(())
}

/// At most `limit` of them, in the order of kind and id, which is near the order of time.
///
/// # Errors
/// When the database is away.
pub async fn first(conn: Conn<'_>, limit: u32) -> Result<Vec<Subject>, CatalogError> {
    const SQL: &str = "select kind, subject_id from search_dirty order by kind, subject_id limit $1";
    let rows: Vec<(i64, i64)> = on!(conn, c => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_all(c).await?);
    Ok(rows.into_iter().filter_map(|(kind, id)| subject_of(kind, id)).collect())
}

/// Takes subjects away.
///
/// # Errors
/// When the database refuses.
pub async fn remove(mut conn: Conn<'_>, subjects: &[Subject]) -> Result<(), CatalogError> {
    for kind in [super::CLIP, super::CASE, super::INCIDENT] {
        let ids: Vec<i64> = subjects.iter().filter(|s| kind_of(**s) == Some(kind)).map(|s| s.id().0).collect();
        for some in ids.chunks(INSERTED_AT_ONCE) {
            on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new("delete from search_dirty where kind = ");
                q.push_bind(kind).push(" and subject_id in (");
                push_list!(q, some);
                q.build().persistent(false).execute(c).await?.rows_affected()
            });
        }
    }
    Ok(())
}
