//! What search documents are made of, loaded for many subjects in few statements.

mod case;
mod clip;
mod incident;

use std::collections::HashMap;

use sqlx::QueryBuilder;

pub use case::{CaseSource, cases};
pub use clip::{ClipRows, ClipSource, clips, complete};
pub use incident::{IncidentSource, Person, incidents};

use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, on};
use crate::catalog::portions::{is_usual, padded};
use crate::model::id::Id;
use crate::model::span::Span;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// Rows of `$sql`, which ends before a list of ids.
macro_rules! rows_in {
    ($conn:expr, [$($sql:expr),*], $ids:expr) => {{
        let ids: &[_] = $ids;
        if ids.is_empty() {
            Vec::new()
        } else {
            crate::catalog::engine::on!($conn.reborrow(), c => {
                let mut q = sqlx::QueryBuilder::new("");
                $(
                    q.push($sql);
                    crate::catalog::search::push_list!(q, ids);
                )*
                q.build_query_as().persistent(crate::catalog::portions::is_usual(ids.len())).fetch_all(c).await?
            })
        }
    }};
    ($conn:expr, $sql:expr, $ids:expr) => {
        rows_in!($conn, [$sql], $ids)
    };
}
pub(super) use rows_in;

/// A case that something belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRef {
    /// Its id.
    pub id: Id,
    /// Its canonical number.
    pub number: String,
    /// The court code in its number.
    pub court: Option<String>,
    /// 当事人.
    pub parties: Vec<String>,
}

/// A post of an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The officer's name.
    pub name: String,
    /// Court code; empty: not said.
    pub court: String,
    span: Span,
}

/// The posts of officers, by number.
type Posts = HashMap<String, Vec<Post>>;

async fn posts(conn: &mut Conn<'_>, numbers: &[&str]) -> Result<Posts, CatalogError> {
    const SQL: &str = "select number, name, court, valid_from_us, valid_to_us from officers where number in (";
    let mut posts = Posts::new();
    if numbers.is_empty() {
        return Ok(posts);
    }
    let rows: Vec<(String, String, String, i64, Option<i64>)> = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new(SQL);
        let mut list = q.separated(", ");
        for number in padded(numbers) {
            list.push_bind((*number).to_owned());
        }
        q.push(")");
        q.build_query_as().persistent(is_usual(numbers.len())).fetch_all(c).await?
    });
    for (number, name, court, from, to) in rows {
        posts.entry(number).or_default().push(Post {
            name,
            court,
            span: Span { from: Micros(from), to: to.map(Micros) },
        });
    }
    Ok(posts)
}

/// The posts that an officer held at an instant.
fn held(posts: &Posts, number: Option<&str>, at: Micros) -> Vec<Post> {
    let all = number.and_then(|n| posts.get(n)).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|p| p.span.holds(at)).cloned().collect()
}

/// Parties of cases, by case.
async fn parties(conn: &mut Conn<'_>, cases: &[i64]) -> Result<HashMap<i64, Vec<String>>, CatalogError> {
    let rows: Vec<(i64, i64, String)> =
        rows_in!(conn, "select case_id, position, name from parties where case_id in (", cases);
    let mut rows = rows;
    rows.sort_unstable();
    Ok(group(rows.into_iter().map(|(case, _, name)| (case, name))))
}

/// The cases of subjects, with their parties. `rows` are subject, case, number and court.
async fn case_refs(
    conn: &mut Conn<'_>,
    rows: Vec<(i64, i64, String, Option<String>)>,
) -> Result<HashMap<i64, Vec<CaseRef>>, CatalogError> {
    let mut ids: Vec<i64> = rows.iter().map(|(_, case, ..)| *case).collect();
    ids.sort_unstable();
    ids.dedup();
    let parties = parties(conn, &ids).await?;
    let mut rows = rows;
    rows.sort_unstable_by(|a, b| (a.0, &a.2).cmp(&(b.0, &b.2)));
    Ok(group(rows.into_iter().map(|(subject, case, number, court)| {
        let parties = parties.get(&case).cloned().unwrap_or_default();
        (subject, CaseRef { id: Id(case), number, court, parties })
    })))
}

fn group<T>(rows: impl Iterator<Item = (i64, T)>) -> HashMap<i64, Vec<T>> {
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for (id, row) in rows {
        groups.entry(id).or_default().push(row);
    }
    groups
}

/// The documents that hold something of these incidents and cases, themselves not among them: the clips of an incident, the clips and
/// incidents of a case.
///
/// # Errors
/// When the database is away.
pub async fn dependents(mut conn: Conn<'_>, incidents: &[i64], cases: &[i64]) -> Result<Vec<Subject>, CatalogError> {
    let mut found = Vec::new();
    let clips: Vec<(i64,)> = rows_in!(conn, "select clip_id from incident_clips where incident_id in (", incidents);
    found.extend(clips.into_iter().map(|(id,)| Subject::Clip(Id(id))));
    let clips: Vec<(i64,)> = rows_in!(conn, "select clip_id from case_links where case_id in (", cases);
    found.extend(clips.into_iter().map(|(id,)| Subject::Clip(Id(id))));
    let incidents: Vec<(i64,)> = rows_in!(conn, "select incident_id from incident_cases where case_id in (", cases);
    found.extend(incidents.into_iter().map(|(id,)| Subject::Incident(Id(id))));
    Ok(found)
}
