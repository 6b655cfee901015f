//! Tables `exports` and `export_clips`: clips that leave the court.

mod clips;

use sqlx::{FromRow, QueryBuilder};

use super::clips::{find, signed};
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::digest::{Sha256Digest, to_hex};
use crate::model::export::{ExportState, Scope};
use crate::model::id::Id;
use crate::model::time::Micros;

pub use clips::{ExportClip, add_clips, add_sidecars, clips_after, replace_with_those_of, set_entries, weigh};

/// A row of `exports`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its id.
    pub id: Id,
    /// What is exported.
    pub scope: Scope,
    /// Of a case: its canonical number.
    pub case_number: Option<String>,
    /// Why.
    pub reason: String,
    /// For whom.
    pub recipient: String,
    /// Who asked for it: a token's id and role, or the command line.
    pub requested_by: String,
    /// When.
    pub requested: Micros,
    /// Who approved or refused it: a token's id and role, or a name given on the command line.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<Micros>,
    /// Why it was refused; empty: it was not.
    pub refusal: String,
    /// How far it has come.
    pub state: ExportState,
    /// Where the bag is or will be, an absolute path; none: it did not begin.
    pub dir: Option<String>,
    /// Clips and sidecars of it, once it began.
    pub files_total: u64,
    /// Their bytes.
    pub bytes_total: u64,
    /// SHA-256 of `manifest-sha256.txt`, which the ledger commits to; none: not recorded yet.
    pub manifest: Option<Sha256Digest>,
    /// Why it failed, or waits; empty: nothing is wrong.
    pub error: String,
    /// When the bag was whole.
    pub done: Option<Micros>,
    /// The newest ledger entry about the export itself.
    pub last_entry: u64,
    /// Clips and sidecars copied, as noted last.
    pub files_done: u64,
    /// Bytes copied, as noted last.
    pub bytes_done: u64,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    scope: String,
    case_id: Option<i64>,
    incident_id: Option<i64>,
    case_number: Option<String>,
    reason: String,
    recipient: String,
    requested_by: String,
    requested_us: i64,
    decided_by: Option<String>,
    decided_us: Option<i64>,
    refusal: String,
    state: String,
    dir: Option<String>,
    files_total: i64,
    bytes_total: i64,
    files_done: i64,
    bytes_done: i64,
    manifest: Option<Vec<u8>>,
    error: String,
    done_us: Option<i64>,
    last_entry: i64,
}

const SELECT: &str = "select e.id, e.scope, e.case_id, e.incident_id, k.number as case_number, e.reason, e.recipient, \
    e.requested_by, e.requested_us, e.decided_by, e.decided_us, e.refusal, e.state, e.dir, e.files_total, e.bytes_total, \
    e.files_done, e.bytes_done, e.manifest, e.error, e.done_us, e.last_entry \
    from exports e left join cases k on k.id = e.case_id";

impl TryFrom<Row> for Export {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: String| CatalogError::Undecodable { table: "exports", column, row: row.id, value };
        let scope = match (row.scope.as_str(), row.case_id, row.incident_id) {
            ("case", Some(case), None) => Scope::Case(Id(case)),
            ("incident", None, Some(incident)) => Scope::Incident(Id(incident)),
            ("clips", None, None) => Scope::Clips,
            _ => return Err(bad("scope", row.scope)),
        };
        let state = find(ExportState::ALL, ExportState::as_str, &row.state);
        let digest = |bytes: &Vec<u8>| <[u8; 32]>::try_from(&bytes[..]).map_err(|_| bad("manifest", to_hex(bytes)));
        let unsigned = |column, value: i64| u64::try_from(value).map_err(|_| bad(column, value.to_string()));
        Ok(Self {
            id: Id(row.id),
            scope,
            state: state.ok_or_else(|| bad("state", row.state.clone()))?,
            manifest: row.manifest.as_ref().map(digest).transpose()?.map(Sha256Digest),
            files_total: unsigned("files_total", row.files_total)?,
            bytes_total: unsigned("bytes_total", row.bytes_total)?,
            files_done: unsigned("files_done", row.files_done)?,
            bytes_done: unsigned("bytes_done", row.bytes_done)?,
            last_entry: unsigned("last_entry", row.last_entry)?,
            case_number: row.case_number,
            reason: row.reason,
            recipient: row.recipient,
            requested_by: row.requested_by,
            requested: Micros(row.requested_us),
            decided_by: row.decided_by,
            decided: row.decided_us.map(Micros),
            refusal: row.refusal,
            dir: row.dir,
            error: row.error,
            done: row.done_us.map(Micros),
        })
    }
}

/// Inserts an export that nobody decided about yet.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, export: &Export) -> Result<(), CatalogError> {
    const SQL: &str = "insert into exports (id, scope, case_id, incident_id, reason, recipient, requested_by, requested_us, \
        state, last_entry) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (case, incident) = match export.scope {
        Scope::Case(id) => (Some(id.0), None),
        Scope::Incident(id) => (None, Some(id.0)),
        Scope::Clips => (None, None),
    };
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(export.id.0)
            .bind(export.scope.as_str())
            .bind(case)
            .bind(incident)
            .bind(&export.reason)
            .bind(&export.recipient)
            .bind(&export.requested_by)
            .bind(export.requested.0)
            .bind(export.state.as_str())
            .bind(signed(export.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Writes everything that changes of an export but its progress.
///
/// # Errors
/// When the database refuses or there is no such export.
pub async fn update(conn: Conn<'_>, export: &Export) -> Result<(), CatalogError> {
    const SQL: &str = "update exports set decided_by = $2, decided_us = $3, refusal = $4, state = $5, dir = $6, \
        files_total = $7, bytes_total = $8, manifest = $9, error = $10, done_us = $11, last_entry = $12 where id = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(export.id.0)
            .bind(export.decided_by.as_deref())
            .bind(export.decided.map(|t| t.0))
            .bind(&export.refusal)
            .bind(export.state.as_str())
            .bind(export.dir.as_deref())
            .bind(signed(export.files_total))
            .bind(signed(export.bytes_total))
            .bind(export.manifest.map(|digest| digest.0.to_vec()))
            .bind(&export.error)
            .bind(export.done.map(|t| t.0))
            .bind(signed(export.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("exports", export.id.0, rows)
}

/// Notes how far the copying has come, and what is in its way.
///
/// # Errors
/// When the database refuses or there is no such export.
pub async fn set_progress(conn: Conn<'_>, id: Id, (files, bytes): (u64, u64), error: &str) -> Result<(), CatalogError> {
    const SQL: &str = "update exports set files_done = $2, bytes_done = $3, error = $4 where id = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(id.0).bind(signed(files)).bind(signed(bytes)).bind(error).execute(c).await?.rows_affected()
    });
    one_row("exports", id.0, rows)
}

/// The export with this id.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Export>, CatalogError> {
    let row = on!(conn, c => {
        let mut q = QueryBuilder::new(SELECT);
        q.push(" where e.id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    row.map(Export::try_from).transpose()
}

/// Exports, newest first, below `before`; of one state, or of all.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(
    conn: Conn<'_>,
    state: Option<ExportState>,
    before: Option<Id>,
    limit: u32,
) -> Result<Vec<Export>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new(SELECT);
        q.push(" where e.id < ").push_bind(before.map_or(i64::MAX, |id| id.0));
        if let Some(state) = state {
            q.push(" and e.state = ").push_bind(state.as_str());
        }
        q.push(" order by e.id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Export::try_from).collect()
}

/// The export that is approved, not at its end, and to be in `dir`; none: there is none.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn open_in(conn: Conn<'_>, dir: &str) -> Result<Option<Export>, CatalogError> {
    let row = on!(conn, c => {
        let mut q = QueryBuilder::new(SELECT);
        q.push(" where e.state in ('approved', 'running', 'recorded') and e.dir = ").push_bind(dir);
        q.push(" order by e.id desc limit 1");
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    row.map(Export::try_from).transpose()
}

/// The exports that are approved and not at their end, oldest first, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn open(conn: Conn<'_>, limit: u32) -> Result<Vec<Export>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new(SELECT);
        q.push(" where e.state in ('approved', 'running', 'recorded') order by e.id limit ");
        q.push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Export::try_from).collect()
}
