//! Table `incident_measures`: what was done about an incident.

use std::collections::HashMap;

use sqlx::{FromRow, QueryBuilder};

use super::rows::grouped;
use crate::catalog::clips::{INSERTED_AT_ONCE, find};
use crate::catalog::engine::{Conn, on};
use crate::catalog::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::incident::{Measure, MeasureKind};
use crate::model::time::Micros;

/// A row of `incident_measures`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureRow {
    /// Its id.
    pub id: Id,
    /// The measure.
    pub measure: Measure,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    incident_id: i64,
    kind: String,
    person: String,
    against_unit: i64,
    amount_yuan: Option<i64>,
    days: Option<i64>,
    decided_by: String,
    decided_us: Option<i64>,
    approved_by: String,
    approved_us: Option<i64>,
    urgent: i64,
    served_us: Option<i64>,
    family_told_us: Option<i64>,
    family_reason: String,
    review_asked_us: Option<i64>,
    review_done_us: Option<i64>,
    note: String,
}

impl TryFrom<Row> for MeasureRow {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let kind = find(MeasureKind::ALL, MeasureKind::as_str, &row.kind).ok_or(CatalogError::Undecodable {
            table: "incident_measures",
            column: "kind",
            row: row.id,
            value: row.kind,
        })?;
        let measure = Measure {
            kind,
            person: row.person,
            against_unit: row.against_unit != 0,
            amount_yuan: row.amount_yuan,
            days: row.days,
            decided_by: row.decided_by,
            decided: row.decided_us.map(Micros),
            approved_by: row.approved_by,
            approved: row.approved_us.map(Micros),
            urgent: row.urgent != 0,
            served: row.served_us.map(Micros),
            family_told: row.family_told_us.map(Micros),
            family_reason: row.family_reason,
            review_asked: row.review_asked_us.map(Micros),
            review_done: row.review_done_us.map(Micros),
            note: row.note,
        };
        Ok(Self { id: Id(row.id), measure })
    }
}

/// Inserts a measure.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, incident: Id, row: &MeasureRow) -> Result<(), CatalogError> {
    const SQL: &str = "insert into incident_measures (id, incident_id, kind, person, against_unit, amount_yuan, days, decided_by, \
        decided_us, approved_by, approved_us, urgent, served_us, family_told_us, family_reason, review_asked_us, review_done_us, \
        note) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    write(conn, SQL, incident, row).await
}

/// Writes a measure.
///
/// # Errors
/// When the database refuses or the incident has no such measure.
pub async fn update(conn: Conn<'_>, incident: Id, row: &MeasureRow) -> Result<(), CatalogError> {
    const SQL: &str = "update incident_measures set kind = $3, person = $4, against_unit = $5, amount_yuan = $6, days = $7, \
        decided_by = $8, decided_us = $9, approved_by = $10, approved_us = $11, urgent = $12, served_us = $13, \
        family_told_us = $14, family_reason = $15, review_asked_us = $16, review_done_us = $17, note = $18 \
        where id = $1 and incident_id = $2";
    write(conn, SQL, incident, row).await
}

async fn write(conn: Conn<'_>, sql: &'static str, incident: Id, row: &MeasureRow) -> Result<(), CatalogError> {
    let m = &row.measure;
    let rows = on!(conn, c => {
        sqlx::query(sql)
            .bind(row.id.0)
            .bind(incident.0)
            .bind(m.kind.as_str())
            .bind(&m.person)
            .bind(i64::from(m.against_unit))
            .bind(m.amount_yuan)
            .bind(m.days)
            .bind(&m.decided_by)
            .bind(m.decided.map(|t| t.0))
            .bind(&m.approved_by)
            .bind(m.approved.map(|t| t.0))
            .bind(i64::from(m.urgent))
            .bind(m.served.map(|t| t.0))
            .bind(m.family_told.map(|t| t.0))
            .bind(&m.family_reason)
            .bind(m.review_asked.map(|t| t.0))
            .bind(m.review_done.map(|t| t.0))
            .bind(&m.note)
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("incident_measures", row.id.0, rows)
}

/// The measures of several incidents, those of one oldest first.
pub(super) async fn of_incidents(
    mut conn: Conn<'_>,
    incidents: &[Id],
) -> Result<HashMap<Id, Vec<MeasureRow>>, CatalogError> {
    let mut rows = Vec::new();
    for some in incidents.chunks(INSERTED_AT_ONCE) {
        let found: Vec<Row> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select id, incident_id, kind, person, against_unit, amount_yuan, days, decided_by, decided_us, approved_by, \
                 approved_us, urgent, served_us, family_told_us, family_reason, review_asked_us, review_done_us, note \
                 from incident_measures where incident_id in (",
            );
            let mut list = q.separated(", ");
            for id in some {
                list.push_bind(id.0);
            }
            q.push(") order by incident_id, id");
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        for row in found {
            rows.push((row.incident_id, MeasureRow::try_from(row)?));
        }
    }
    Ok(grouped(rows))
}

/// Incidents in which a measure of this kind was taken against somebody of this name, with that measure; those that were dismissed are
/// left out. At most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn against(
    conn: Conn<'_>,
    person: &str,
    kind: MeasureKind,
    limit: u32,
) -> Result<Vec<(Id, Id)>, CatalogError> {
    const SQL: &str = "select m.incident_id, m.id from incident_measures m join incidents i on i.id = m.incident_id \
        where m.person = $1 and m.kind = $2 and i.status <> 'dismissed' order by m.id desc limit $3";
    let rows: Vec<(i64, i64)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(person).bind(kind.as_str()).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(incident, measure)| (Id(incident), Id(measure))).collect())
}
