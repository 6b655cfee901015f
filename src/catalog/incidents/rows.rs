//! Reading incidents with all that belongs to them: a few statements, however many incidents.

use std::collections::{BTreeSet, HashMap};

use sqlx::{FromRow, QueryBuilder};

use super::{Incident, measures};
use crate::catalog::CatalogError;
use crate::catalog::clips::{INSERTED_AT_ONCE, find};
use crate::catalog::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::incident::{ClipSpan, Code, Facts, Resister, ResisterRole, Source, Status, Victim, VictimRole};
use crate::model::time::Micros;

#[derive(FromRow)]
pub(super) struct Row {
    id: i64,
    court: String,
    status: String,
    status_why: String,
    source: String,
    source_clip: Option<i64>,
    severity: Option<i64>,
    begin_us: i64,
    end_us: Option<i64>,
    place: String,
    narrative: String,
    injuries: String,
    weapons: String,
    no_victims: i64,
    committee_us: Option<i64>,
    action_id: Option<i64>,
    due_us: Option<i64>,
    created_us: i64,
    updated_us: i64,
    version: i64,
    last_entry: i64,
}

pub(super) const COLUMNS: &str = "id, court, status, status_why, source, source_clip, severity, begin_us, end_us, place, narrative, \
    injuries, weapons, no_victims, committee_us, action_id, due_us, created_us, updated_us, version, last_entry";

impl TryFrom<Row> for Incident {
    type Error = CatalogError;

    /// The incident without what stands in other tables.
    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: String| CatalogError::Undecodable { table: "incidents", column, row: row.id, value };
        let unsigned = |column, value: i64| u64::try_from(value).map_err(|_| bad(column, value.to_string()));
        let severity = row.severity.map(|s| u8::try_from(s).map_err(|_| bad("severity", s.to_string()))).transpose()?;
        let status = find(Status::ALL, Status::as_str, &row.status).ok_or_else(|| bad("status", row.status.clone()))?;
        let source = find(Source::ALL, Source::as_str, &row.source).ok_or_else(|| bad("source", row.source.clone()))?;
        let (version, last_entry) = (unsigned("version", row.version)?, unsigned("last_entry", row.last_entry)?);
        let facts = Facts {
            court: row.court,
            severity,
            end: row.end_us.map(Micros),
            place: row.place,
            narrative: row.narrative,
            injuries: row.injuries,
            weapons: row.weapons,
            no_victims: row.no_victims != 0,
            action: row.action_id.map(Id),
            committee_reported: row.committee_us.map(Micros),
            ..Facts::at(Micros(row.begin_us))
        };
        Ok(Self {
            id: Id(row.id),
            facts,
            case_ids: Vec::new(),
            status,
            status_reason: row.status_why,
            source,
            source_clip: row.source_clip.map(Id),
            due: row.due_us.map(Micros),
            created: Micros(row.created_us),
            updated: Micros(row.updated_us),
            version,
            last_entry,
            measures: Vec::new(),
        })
    }
}

/// `select $sql … in (ids) $order`, in pieces.
macro_rules! of_incidents {
    ($conn:expr, $ids:expr, $sql:expr, $order:expr) => {{
        let mut rows: Vec<_> = Vec::new();
        for some in $ids.chunks(INSERTED_AT_ONCE) {
            rows.append(&mut on!($conn.reborrow(), c => {
                let mut q = QueryBuilder::new($sql);
                q.push(" in (");
                let mut list = q.separated(", ");
                for id in some {
                    list.push_bind(id.0);
                }
                q.push(")").push($order);
                q.build_query_as().persistent(false).fetch_all(c).await?
            }));
        }
        rows
    }};
}

/// The incident with this id.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Incident>, CatalogError> {
    Ok(get_all(conn, &[id]).await?.pop())
}

/// The incidents with these ids that are there, in no order.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get_all(mut conn: Conn<'_>, ids: &[Id]) -> Result<Vec<Incident>, CatalogError> {
    const SQL: &str = "select id, court, status, status_why, source, source_clip, severity, begin_us, end_us, place, narrative, \
        injuries, weapons, no_victims, committee_us, action_id, due_us, created_us, updated_us, version, last_entry \
        from incidents where id";
    let rows: Vec<Row> = of_incidents!(conn, ids, SQL, "");
    complete(conn, rows).await
}

/// Adds to rows what stands in the other tables; keeps their order.
pub(super) async fn complete(mut conn: Conn<'_>, rows: Vec<Row>) -> Result<Vec<Incident>, CatalogError> {
    let mut incidents: Vec<Incident> = rows.into_iter().map(Incident::try_from).collect::<Result<_, _>>()?;
    let ids: Vec<Id> = incidents.iter().map(|incident| incident.id).collect();
    let mut codes = codes(conn.reborrow(), &ids).await?;
    let mut cases = cases(conn.reborrow(), &ids).await?;
    let mut clips = clips(conn.reborrow(), &ids).await?;
    let mut people = people(conn.reborrow(), &ids).await?;
    let mut done = measures::of_incidents(conn, &ids).await?;
    for incident in &mut incidents {
        let id = incident.id;
        incident.facts.codes = codes.remove(&id).unwrap_or_default();
        let (numbers, case_ids) = cases.remove(&id).unwrap_or_default().into_iter().unzip();
        (incident.facts.cases, incident.case_ids) = (numbers, case_ids);
        incident.facts.clips = clips.remove(&id).unwrap_or_default();
        (incident.facts.subjects, incident.facts.victims) = people.remove(&id).unwrap_or_default();
        incident.measures = done.remove(&id).unwrap_or_default();
    }
    Ok(incidents)
}

async fn codes(mut conn: Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, BTreeSet<Code>>, CatalogError> {
    const SQL: &str = "select incident_id, code from incident_codes where incident_id";
    let rows: Vec<(i64, String)> = of_incidents!(conn, ids, SQL, "");
    let mut codes: HashMap<Id, BTreeSet<Code>> = HashMap::new();
    for (id, text) in rows {
        let Ok(code) = text.parse() else {
            return Err(CatalogError::Undecodable { table: "incident_codes", column: "code", row: id, value: text });
        };
        codes.entry(Id(id)).or_default().insert(code);
    }
    Ok(codes)
}

async fn cases(mut conn: Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, Vec<(String, Id)>>, CatalogError> {
    const SQL: &str = "select l.incident_id, k.id, k.number from incident_cases l join cases k on k.id = l.case_id \
        where l.incident_id";
    let rows: Vec<(i64, i64, String)> = of_incidents!(conn, ids, SQL, " order by l.incident_id, k.number");
    Ok(grouped(rows.into_iter().map(|(id, case, number)| (id, (number, Id(case))))))
}

async fn clips(mut conn: Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, Vec<ClipSpan>>, CatalogError> {
    const SQL: &str = "select incident_id, clip_id, from_ms, to_ms from incident_clips where incident_id";
    let rows: Vec<(i64, i64, i64, Option<i64>)> = of_incidents!(conn, ids, SQL, " order by incident_id, clip_id");
    let mut spans = Vec::with_capacity(rows.len());
    for (id, clip, from, to) in rows {
        let ms = |column, value: i64| {
            let bad =
                |_| CatalogError::Undecodable { table: "incident_clips", column, row: id, value: value.to_string() };
            u64::try_from(value).map_err(bad)
        };
        let to_ms = to.map(|to| ms("to_ms", to)).transpose()?;
        spans.push((id, ClipSpan { id: Id(clip), from_ms: ms("from_ms", from)?, to_ms }));
    }
    Ok(grouped(spans))
}

/// Those who resisted, and their victims.
type People = (Vec<Resister>, Vec<Victim>);

async fn people(mut conn: Conn<'_>, ids: &[Id]) -> Result<HashMap<Id, People>, CatalogError> {
    const SQL: &str = "select incident_id, side, name, role, officer from incident_people where incident_id";
    let rows: Vec<(i64, String, String, String, Option<String>)> =
        of_incidents!(conn, ids, SQL, " order by incident_id, position");
    let mut people: HashMap<Id, People> = HashMap::new();
    for (id, side, name, role, officer) in rows {
        let (subjects, victims) = people.entry(Id(id)).or_default();
        let known = match side.as_str() {
            "subject" => {
                find(ResisterRole::ALL, ResisterRole::as_str, &role).map(|role| subjects.push(Resister { name, role }))
            }
            _ => find(VictimRole::ALL, VictimRole::as_str, &role)
                .map(|role| victims.push(Victim { name, role, officer })),
        };
        if known.is_none() {
            return Err(CatalogError::Undecodable { table: "incident_people", column: "role", row: id, value: role });
        }
    }
    Ok(people)
}

pub(super) fn grouped<T>(rows: impl IntoIterator<Item = (i64, T)>) -> HashMap<Id, Vec<T>> {
    let mut groups: HashMap<Id, Vec<T>> = HashMap::new();
    for (id, row) in rows {
        groups.entry(Id(id)).or_default().push(row);
    }
    groups
}

/// Which of these clips carry the mark of an incident already, or belong to one.
///
/// # Errors
/// When the database is away.
pub async fn source_clips(mut conn: Conn<'_>, clips: &[Id]) -> Result<BTreeSet<Id>, CatalogError> {
    let sources: Vec<(i64,)> = of_incidents!(conn, clips, "select source_clip from incidents where source_clip", "");
    let attached: Vec<(i64,)> = of_incidents!(conn, clips, "select clip_id from incident_clips where clip_id", "");
    Ok(sources.into_iter().chain(attached).map(|(id,)| Id(id)).collect())
}

/// The suspected incidents that a mark made and that any of these clips belongs to, in the order of ids.
///
/// # Errors
/// When the database is away.
pub async fn suspected_by_marks(mut conn: Conn<'_>, clips: &[Id]) -> Result<BTreeSet<Id>, CatalogError> {
    const SQL: &str = "select l.incident_id from incident_clips l join incidents i on i.id = l.incident_id \
        where i.source <> 'person' and i.status = 'suspected' and l.clip_id";
    let rows: Vec<(i64,)> = of_incidents!(conn, clips, SQL, "");
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// Suspected incidents that a mark made, with the marked clips of this recorder in them that begin from `from` to `to`: the incident, when
/// the clip begins, and its duration in milliseconds. At most `limit`, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn near_marks(
    conn: Conn<'_>,
    recorder: &str,
    from: Micros,
    to: Micros,
    limit: u32,
) -> Result<Vec<(Id, Micros, Option<u64>)>, CatalogError> {
    const SQL: &str = "select i.id, c.recorded_us, c.duration_ms from clips c join incident_clips l on l.clip_id = c.id \
        join incidents i on i.id = l.incident_id where c.recorder = $1 and c.recorded_us >= $2 and c.recorded_us <= $3 \
        and c.important = 1 and i.source <> 'person' and i.status = 'suspected' order by c.recorded_us desc, c.id desc limit $4";
    let rows: Vec<(i64, i64, Option<i64>)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(recorder).bind(from.0).bind(to.0).bind(i64::from(limit)).fetch_all(c).await?
    });
    let read = |(id, at, ms): (i64, i64, Option<i64>)| (Id(id), Micros(at), ms.and_then(|ms| u64::try_from(ms).ok()));
    Ok(rows.into_iter().map(read).collect())
}

/// A page of the incidents that settings may give a term, with all that belongs to them: those that were not dismissed, after `after`, in
/// the order of ids.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn with_open_terms(mut conn: Conn<'_>, after: Id, limit: u32) -> Result<Vec<Incident>, CatalogError> {
    let rows = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from incidents where status <> 'dismissed' and id > ").push_bind(after.0);
        q.push(" order by id limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    complete(conn, rows).await
}

/// What a check needs of an incident.
#[derive(Debug, Clone, FromRow)]
pub struct CheckRow {
    /// The incident's id.
    pub id: i64,
    /// Its version, which counts its changes.
    pub version: i64,
    /// What the row calls its newest ledger entry.
    pub last_entry: i64,
    /// Its amendments.
    pub amendments: i64,
    /// The newest entry of its amendments.
    pub newest_entry: Option<i64>,
}

/// Version, newest entry and amendments of every incident after `after`, in the order of ids; for checks.
///
/// # Errors
/// When the database is away.
pub async fn page_for_check(conn: Conn<'_>, after: Id, limit: u32) -> Result<Vec<CheckRow>, CatalogError> {
    const SQL: &str = "select i.id, i.version, i.last_entry, count(a.id) as amendments, max(a.entry_index) as newest_entry \
        from (select id, version, last_entry from incidents where id > $1 order by id limit $2) i \
        left join amendments a on a.subject = 'incident' and a.subject_id = i.id \
        group by i.id, i.version, i.last_entry order by i.id";
    Ok(on!(conn, c => sqlx::query_as::<_, CheckRow>(SQL).bind(after.0).bind(i64::from(limit)).fetch_all(c).await?))
}

/// Incidents that have amendments but no row; at most a thousand. For checks.
///
/// # Errors
/// When the database is away.
pub async fn recorded_but_missing(conn: Conn<'_>) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str = "select distinct a.subject_id from amendments a left join incidents i on i.id = a.subject_id \
        where a.subject = 'incident' and i.id is null order by a.subject_id limit 1000";
    let rows: Vec<(i64,)> = on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}
