//! Which clips to list.

use sqlx::QueryBuilder;

use super::{COLUMNS, Clip, ClipRole, Row};
use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, on};
use crate::model::clip::ClipState;
use crate::model::digest::Sha256Digest;
use crate::model::id::Id;
use crate::model::media::{Health, Kind};
use crate::model::time::Micros;

/// Which clips to list; every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClipFilter {
    /// Only these clips.
    pub ids: Option<Vec<Id>>,
    /// Canonical case number.
    pub case: Option<String>,
    /// Tied to any of these cases; empty: no matter.
    pub cases: Vec<Id>,
    /// Officer number.
    pub officer: Option<String>,
    /// Recorder serial.
    pub recorder: Option<String>,
    /// Recorded at or after.
    pub from: Option<Micros>,
    /// Recorded before.
    pub to: Option<Micros>,
    /// Marked important, by the device or a person, or not.
    pub important: Option<bool>,
    /// Health.
    pub health: Option<Health>,
    /// State; when not set, those destroyed are listed only where they are asked for by id or digest.
    pub state: Option<ClipState>,
    /// Digest.
    pub sha256: Option<Sha256Digest>,
    /// Linked to no case, or to at least one.
    pub unfiled: Option<bool>,
    /// What the content is.
    pub kind: Option<Kind>,
    /// Clips or sidecars; clips when not set.
    pub role: Option<ClipRole>,
    /// Only rows after this place of the order.
    pub after: Option<ClipCursor>,
}

/// A place in the list of clips, which is ordered newest recorded first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipCursor {
    /// The last row's corrected time.
    pub recorded: Micros,
    /// The last row's id.
    pub id: Id,
}

/// Clips that pass `filter`, newest recorded first, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(conn: Conn<'_>, filter: &ClipFilter, limit: u32) -> Result<Vec<Clip>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from clips where role = ");
        q.push_bind(filter.role.unwrap_or(ClipRole::Clip).as_str());
        if let Some(ids) = &filter.ids {
            q.push(" and id in (null");
            for id in ids {
                q.push(", ").push_bind(id.0);
            }
            q.push(")");
        }
        if let Some(number) = &filter.case {
            q.push(" and id in (select l.clip_id from case_links l join cases k on k.id = l.case_id where k.number = ");
            q.push_bind(number.clone()).push(")");
        }
        if !filter.cases.is_empty() {
            q.push(" and id in (select clip_id from case_links where case_id in (");
            let mut list = q.separated(", ");
            for case in &filter.cases {
                list.push_bind(case.0);
            }
            q.push("))");
        }
        if let Some(officer) = &filter.officer {
            q.push(" and officer = ").push_bind(officer.clone());
        }
        if let Some(recorder) = &filter.recorder {
            q.push(" and recorder = ").push_bind(recorder.clone());
        }
        if let Some(from) = filter.from {
            q.push(" and recorded_us >= ").push_bind(from.0);
        }
        if let Some(to) = filter.to {
            q.push(" and recorded_us < ").push_bind(to.0);
        }
        if let Some(important) = filter.important {
            q.push(if important { " and (important = 1 or marked = 1)" } else { " and important = 0 and marked = 0" });
        }
        if let Some(health) = filter.health {
            q.push(" and health = ").push_bind(health.as_str());
        }
        match filter.state {
            Some(state) => _ = q.push(" and state = ").push_bind(state.as_str()),
            None if filter.ids.is_some() || filter.sha256.is_some() => {}
            None => _ = q.push(" and state <> 'disposed'"),
        }
        if let Some(sha256) = filter.sha256 {
            q.push(" and sha256 = ").push_bind(sha256.0.to_vec());
        }
        if let Some(unfiled) = filter.unfiled {
            q.push(" and unfiled = ").push_bind(i64::from(unfiled));
        }
        if let Some(kind) = filter.kind {
            q.push(" and kind = ").push_bind(kind.as_str());
        }
        if let Some(after) = filter.after {
            q.push(" and (recorded_us, id) < (").push_bind(after.recorded.0).push(", ").push_bind(after.id.0).push(")");
        }
        q.push(" order by recorded_us desc, id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Clip::try_from).collect()
}
