//! Tables `search_blocks` and `search_values`: what hits are counted by.

use std::collections::HashMap;

use sqlx::QueryBuilder;

use super::push_list;
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::engine::{Conn, on};
use crate::catalog::portions::{is_usual, padded};

/// The blocks with these numbers that are there, in no order.
///
/// # Errors
/// When the database is away.
pub async fn read(mut conn: Conn<'_>, blocks: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, CatalogError> {
    let mut found = Vec::with_capacity(blocks.len());
    for some in blocks.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, Vec<u8>)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select block, entries from search_blocks where block in (");
            push_list!(q, some);
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        found.extend(rows);
    }
    Ok(found)
}

/// Writes a block.
///
/// # Errors
/// When the database refuses.
pub async fn write(conn: Conn<'_>, block: i64, entries: &[u8]) -> Result<(), CatalogError> {
    const SQL: &str = "insert into search_blocks (block, entries) values ($1, $2) \
        on conflict (block) do update set entries = excluded.entries";
    on!(conn, c => sqlx::query(SQL).bind(block).bind(entries.to_vec()).execute(c).await?.rows_affected());
    Ok(())
}

/// A facet's word and a value of it.
pub type FacetValue = (&'static str, String);

/// The ids of facet values; those not met before get one.
///
/// # Errors
/// When the database refuses.
pub async fn intern(mut conn: Conn<'_>, values: &[FacetValue]) -> Result<HashMap<FacetValue, i64>, CatalogError> {
    let mut ids = HashMap::with_capacity(values.len());
    let mut by_facet: HashMap<&'static str, Vec<&str>> = HashMap::new();
    for (facet, value) in values {
        by_facet.entry(facet).or_default().push(value);
    }
    for (facet, values) in by_facet {
        for some in values.chunks(INSERTED_AT_ONCE) {
            let rows: Vec<(i64, String)> = on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new("select id, value from search_values where facet = ");
                q.push_bind(facet).push(" and value in (");
                let mut list = q.separated(", ");
                for value in padded(some) {
                    list.push_bind((*value).to_owned());
                }
                q.push(")");
                q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
            });
            ids.extend(rows.into_iter().map(|(id, value)| ((facet, value), id)));
        }
    }
    for value in values {
        if !ids.contains_key(value) {
            let id = add(conn.reborrow(), value).await?;
            ids.insert(value.clone(), id);
        }
    }
    Ok(ids)
}

/// Adds a value under the next id. Transactions that write are one at a time, so nobody else takes it.
async fn add(mut conn: Conn<'_>, (facet, value): &FacetValue) -> Result<i64, CatalogError> {
    const NEXT: &str = "select coalesce(max(id), 0) + 1 from search_values";
    const SQL: &str = "insert into search_values (id, facet, value) values ($1, $2, $3)";
    let (id,): (i64,) = on!(conn.reborrow(), c => sqlx::query_as(NEXT).fetch_one(c).await?);
    on!(conn, c => sqlx::query(SQL).bind(id).bind(*facet).bind(value).execute(c).await?.rows_affected());
    Ok(id)
}

/// Facet and value of each id, in no order.
///
/// # Errors
/// When the database is away.
pub async fn values(mut conn: Conn<'_>, ids: &[i64]) -> Result<Vec<(i64, String, String)>, CatalogError> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, String, String)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select id, facet, value from search_values where id in (");
            push_list!(q, some);
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        found.extend(rows);
    }
    Ok(found)
}
