//! Which incidents there are.

use sqlx::QueryBuilder;

use super::Incident;
use super::rows::{COLUMNS, Row, complete};
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::incident::{Code, MeasureKind, Status};
use crate::model::time::Micros;

/// By when the earliest open duty is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueFilter {
    /// At or before this instant.
    By(Micros),
    /// After the first instant, at or before the second.
    Within(Micros, Micros),
}

/// Which incidents to list; every condition that is set must hold, and of several values one.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// Only these incidents.
    pub ids: Option<Vec<Id>>,
    /// Any of these; empty: no matter.
    pub statuses: Vec<Status>,
    /// Any of these; empty: no matter.
    pub severities: Vec<u8>,
    /// Any of these; empty: no matter.
    pub codes: Vec<Code>,
    /// Any of these, or none of them.
    pub violent: Option<(bool, Vec<Code>)>,
    /// Court code, exactly.
    pub court: Option<String>,
    /// Began at or after.
    pub from: Option<Micros>,
    /// Began before.
    pub to: Option<Micros>,
    /// Canonical case number.
    pub case: Option<String>,
    /// Seen in this clip.
    pub clip: Option<Id>,
    /// Officer number of a victim, or of who made one of its clips.
    pub officer: Option<String>,
    /// A measure of any of these kinds was taken; empty: no matter.
    pub measures: Vec<MeasureKind>,
    /// By when its earliest open duty is due.
    pub due: Option<DueFilter>,
    /// Only rows after this place of the order.
    pub after: Option<IncidentCursor>,
}

/// A place in the list of incidents, which is ordered by begin, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncidentCursor {
    /// The last row's begin.
    pub begin: Micros,
    /// The last row's id.
    pub id: Id,
}

/// Pushes ` and <sql> in (<texts>)<end>`, when there are any.
macro_rules! push_any {
    ($q:expr, $sql:expr, $texts:expr, $end:expr) => {{
        let texts: Vec<_> = $texts.collect();
        if !texts.is_empty() {
            $q.push($sql).push(" in (");
            let mut list = $q.separated(", ");
            for text in texts {
                list.push_bind(text);
            }
            $q.push($end);
        }
    }};
}

/// Incidents that pass `filter`, the newest begin first, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(mut conn: Conn<'_>, filter: &IncidentFilter, limit: u32) -> Result<Vec<Incident>, CatalogError> {
    const CODE: &str = "exists (select 1 from incident_codes c where c.incident_id = incidents.id and c.code";
    let rows = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from incidents where 1 = 1");
        if let Some(ids) = &filter.ids {
            q.push(" and id in (null");
            for id in ids {
                q.push(", ").push_bind(id.0);
            }
            q.push(")");
        }
        push_any!(q, " and status", filter.statuses.iter().map(|s| s.as_str()), ")");
        push_any!(q, " and severity", filter.severities.iter().map(|s| i64::from(*s)), ")");
        if !filter.codes.is_empty() {
            q.push(" and ");
            push_any!(q, CODE, filter.codes.iter().map(ToString::to_string), "))");
        }
        if let Some((violent, codes)) = filter.violent.as_ref().filter(|(_, codes)| !codes.is_empty()) {
            q.push(if *violent { " and " } else { " and not " });
            push_any!(q, CODE, codes.iter().map(ToString::to_string), "))");
        }
        if let Some(court) = &filter.court {
            q.push(" and court = ").push_bind(court.clone());
        }
        if let Some(from) = filter.from {
            q.push(" and begin_us >= ").push_bind(from.0);
        }
        if let Some(to) = filter.to {
            q.push(" and begin_us < ").push_bind(to.0);
        }
        if let Some(number) = &filter.case {
            q.push(" and id in (select l.incident_id from incident_cases l join cases k on k.id = l.case_id where k.number = ");
            q.push_bind(number.clone()).push(")");
        }
        if let Some(clip) = filter.clip {
            q.push(" and id in (select incident_id from incident_clips where clip_id = ").push_bind(clip.0).push(")");
        }
        if let Some(officer) = &filter.officer {
            q.push(" and (id in (select incident_id from incident_people where officer = ").push_bind(officer.clone());
            q.push(
                ") or exists (select 1 from incident_clips l join clips c on c.id = l.clip_id \
                 where l.incident_id = incidents.id and c.officer = ",
            );
            q.push_bind(officer.clone()).push("))");
        }
        const MEASURE: &str =
            " and exists (select 1 from incident_measures m where m.incident_id = incidents.id and m.kind";
        push_any!(q, MEASURE, filter.measures.iter().map(|m| m.as_str()), "))");
        match filter.due {
            None => {}
            Some(DueFilter::By(at)) => {
                q.push(" and due_us <= ").push_bind(at.0);
            }
            Some(DueFilter::Within(from, to)) => {
                q.push(" and due_us > ").push_bind(from.0).push(" and due_us <= ").push_bind(to.0);
            }
        }
        if let Some(after) = filter.after {
            q.push(" and (begin_us, id) < (").push_bind(after.begin.0).push(", ").push_bind(after.id.0).push(")");
        }
        q.push(" order by begin_us desc, id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    complete(conn, rows).await
}

/// The incidents of any of these cases, the newest begin first, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn of_cases(conn: Conn<'_>, cases: &[Id], limit: u32) -> Result<Vec<Id>, CatalogError> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64,)> = on!(conn, c => {
        let mut q = QueryBuilder::new(
            "select id from incidents where id in (select incident_id from incident_cases where case_id in (",
        );
        let mut list = q.separated(", ");
        for case in cases {
            list.push_bind(case.0);
        }
        q.push(")) order by begin_us desc, id desc limit ").push_bind(i64::from(limit));
        q.build_query_as().persistent(false).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// The incidents that are seen in these clips, each with its clip; those of one clip in the order of their begin.
///
/// # Errors
/// When the database is away.
pub async fn of_clips(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<(Id, Id)>, CatalogError> {
    let mut found = Vec::new();
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, i64)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select l.clip_id, l.incident_id from incident_clips l join incidents i on i.id = l.incident_id \
                 where l.clip_id in (",
            );
            let mut list = q.separated(", ");
            for clip in some {
                list.push_bind(clip.0);
            }
            q.push(") order by l.clip_id, i.begin_us, i.id");
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        found.extend(rows.into_iter().map(|(clip, incident)| (Id(clip), Id(incident))));
    }
    Ok(found)
}
