//! Table `receipts`: files that are written beside a source.

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, find as find_word};
use super::engine::{Conn, on};
use super::uploads::{KnownFile, Upload};
use super::{CatalogError, one_row};
use crate::model::digest::{Sha256Digest, to_hex};
use crate::model::id::Id;
use crate::model::receipt::ReceiptForm;

/// A row of `receipts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The upload it is the receipt of.
    pub upload_id: Id,
    /// Its form.
    pub form: ReceiptForm,
    /// The upload folder.
    pub folder: Vec<u8>,
    /// The path below it; empty: the folder itself.
    pub dir: Vec<u8>,
    /// The file's name.
    pub name: Vec<u8>,
    /// It will not be written: another file has the name, or its directory is gone.
    pub refused: bool,
    /// SHA-256 of its bytes; none: not made yet.
    pub sha256: Option<Sha256Digest>,
    /// Its bytes, while they are made and not placed.
    pub content: Option<Vec<u8>>,
}

#[derive(FromRow)]
struct Row {
    upload_id: i64,
    form: String,
    folder: Vec<u8>,
    dir: Vec<u8>,
    name: Vec<u8>,
    state: String,
    sha256: Option<Vec<u8>>,
    content: Option<Vec<u8>>,
}

const COLUMNS: &str = "upload_id, form, folder, dir, name, state, sha256, content";

impl TryFrom<Row> for Receipt {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value| CatalogError::Undecodable { table: "receipts", column, row: row.upload_id, value };
        let form = find_word(ReceiptForm::ALL, ReceiptForm::as_str, &row.form);
        let digest = |bytes: &Vec<u8>| bytes[..].try_into().map(Sha256Digest).map_err(|_| bad("sha256", to_hex(bytes)));
        Ok(Self {
            upload_id: Id(row.upload_id),
            form: form.ok_or_else(|| bad("form", row.form.clone()))?,
            sha256: row.sha256.as_ref().map(digest).transpose()?,
            folder: row.folder,
            dir: row.dir,
            name: row.name,
            refused: row.state == "refused",
            content: row.content,
        })
    }
}

/// Notes that the receipts of these uploads are to be written; those that were noted before stay as they are.
///
/// # Errors
/// When the database refuses.
pub async fn insert_due(mut conn: Conn<'_>, uploads: &[&Upload]) -> Result<(), CatalogError> {
    const SQL: &str = "insert into receipts (upload_id, form, folder, dir, name, state) ";
    let rows: Vec<(&Upload, ReceiptForm)> =
        uploads.iter().flat_map(|upload| ReceiptForm::ALL.map(|form| (*upload, form))).collect();
    for some in rows.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(SQL);
            q.push_values(some, |mut row, (upload, form)| {
                row.push_bind(upload.id.0)
                    .push_bind(form.as_str())
                    .push_bind(&upload.folder[..])
                    .push_bind(&upload.dir[..])
                    .push_bind(form.file_name(&upload.name, upload.id))
                    .push_bind("due");
            });
            q.push(" on conflict (upload_id, form) do nothing");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Receipts that are to be written into one upload folder, after one of an upload and a form, in this order.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn due(
    conn: Conn<'_>,
    folder: &[u8],
    after: Option<(Id, ReceiptForm)>,
    limit: u32,
) -> Result<Vec<Receipt>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from receipts where state = 'due' and folder = ").push_bind(folder);
        if let Some((upload, form)) = after {
            q.push(" and (upload_id, form) > (").push_bind(upload.0).push(", ").push_bind(form.as_str()).push(")");
        }
        q.push(" order by upload_id, form limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Receipt::try_from).collect()
}

/// Number of receipts that are to be written into one upload folder.
///
/// # Errors
/// When the database is away.
pub async fn count_due(conn: Conn<'_>, folder: &[u8]) -> Result<u64, CatalogError> {
    const SQL: &str = "select count(*) from receipts where state = 'due' and folder = $1";
    let (n,): (i64,) = on!(conn, c => sqlx::query_as(SQL).bind(folder).fetch_one(c).await?);
    Ok(n.cast_unsigned())
}

/// One receipt.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn find(conn: Conn<'_>, upload: Id, form: ReceiptForm) -> Result<Option<Receipt>, CatalogError> {
    let row = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from receipts where upload_id = ").push_bind(upload.0);
        q.push(" and form = ").push_bind(form.as_str());
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    row.map(Receipt::try_from).transpose()
}

/// Writes the bytes that a receipt is to have, unless it has some: whoever makes them first, they are the same from then on.
///
/// # Errors
/// When the database refuses.
pub async fn make(
    conn: Conn<'_>,
    upload: Id,
    form: ReceiptForm,
    sha256: Sha256Digest,
    content: &[u8],
) -> Result<(), CatalogError> {
    const SQL: &str = "update receipts set sha256 = $3, content = $4 \
        where upload_id = $1 and form = $2 and state = 'due' and sha256 is null";
    on!(conn, c => {
        let query = sqlx::query(SQL).bind(upload.0).bind(form.as_str()).bind(sha256.0.to_vec()).bind(content);
        query.execute(c).await?.rows_affected()
    });
    Ok(())
}

/// Notes that a receipt is in its place, and how its file looks.
///
/// # Errors
/// When the database refuses or there is no such receipt.
pub async fn place(conn: Conn<'_>, upload: Id, form: ReceiptForm, file: &KnownFile) -> Result<(), CatalogError> {
    const SQL: &str = "update receipts set state = 'placed', content = null, size_bytes = $3, mtime_ns = $4, \
        ctime_ns = $5 where upload_id = $1 and form = $2";
    let rows = on!(conn, c => {
        let query = sqlx::query(SQL).bind(upload.0).bind(form.as_str()).bind(file.size_bytes).bind(file.mtime_ns);
        query.bind(file.ctime_ns).execute(c).await?.rows_affected()
    });
    one_row("receipts", upload.0, rows)
}

/// Notes that a receipt is not to be written.
///
/// # Errors
/// When the database refuses or there is no such receipt.
pub async fn refuse(conn: Conn<'_>, upload: Id, form: ReceiptForm) -> Result<(), CatalogError> {
    const SQL: &str = "update receipts set state = 'refused', content = null where upload_id = $1 and form = $2";
    let rows = on!(conn, c => sqlx::query(SQL).bind(upload.0).bind(form.as_str()).execute(c).await?.rows_affected());
    one_row("receipts", upload.0, rows)
}

/// Calls `each` for every receipt that was placed in one directory.
///
/// # Errors
/// When the database is away.
pub async fn known_in(
    mut conn: Conn<'_>,
    folder: &[u8],
    dir: &[u8],
    each: &mut dyn FnMut(&KnownFile),
) -> Result<(), CatalogError> {
    const SQL: &str = "select upload_id as id, name, size_bytes, mtime_ns, ctime_ns from receipts \
        where folder = $1 and dir = $2 and state = 'placed' and upload_id > $3 \
        order by upload_id limit $4";
    // A page ends within an upload at most once: its receipts are read again with the next one.
    const PAGE: i64 = 2048;
    let mut after = i64::MIN;
    loop {
        let page: Vec<KnownFile> = on!(conn.reborrow(), c => {
            sqlx::query_as(SQL).bind(folder).bind(dir).bind(after).bind(PAGE).fetch_all(c).await?
        });
        page.iter().for_each(&mut *each);
        match page.last() {
            Some(last) if page.len() as i64 == PAGE => after = last.id - 1,
            _ => return Ok(()),
        }
    }
}
