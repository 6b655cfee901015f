//! What tables `officers`, `recorders` and `recorder_holders` say of some officers and recorders, for matching.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::engine::{Conn, on};
use super::portions::{is_usual, padded};
use crate::matching::register::{Holder, Registers};
use crate::model::time::Micros;

#[derive(FromRow)]
struct Row {
    what: String,
    word: String,
    officer: Option<String>,
    from_us: i64,
    to_us: Option<i64>,
}

/// What the registers say of these officers and recorders: one statement.
///
/// # Errors
/// When the database is away.
pub async fn registers(conn: Conn<'_>, officers: &[String], recorders: &[String]) -> Result<Registers, CatalogError> {
    let mut registers = Registers::default();
    if officers.is_empty() && recorders.is_empty() {
        return Ok(registers);
    }
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("");
        let sources = [
            (
                officers,
                "select distinct 'officer' as what, number as word, cast(null as text) as officer, \
                 cast(0 as bigint) as from_us, cast(null as bigint) as to_us from officers where number in (",
            ),
            (
                recorders,
                "select 'recorder' as what, serial as word, cast(null as text) as officer, \
                 cast(0 as bigint) as from_us, cast(null as bigint) as to_us from recorders where serial in (",
            ),
            (
                recorders,
                "select 'holder' as what, serial as word, officer, valid_from_us as from_us, valid_to_us as to_us \
                 from recorder_holders where serial in (",
            ),
        ];
        for (at, (words, select)) in sources.into_iter().filter(|(words, _)| !words.is_empty()).enumerate() {
            q.push(if at == 0 { "" } else { " union all " }).push(select);
            let mut list = q.separated(", ");
            for word in padded(words) {
                list.push_bind(word.as_str());
            }
            q.push(")");
        }
        let usual = is_usual(officers.len().max(recorders.len()));
        q.build_query_as::<Row>().persistent(usual).fetch_all(c).await?
    });
    for row in rows {
        match (row.what.as_str(), row.officer) {
            ("officer", _) => _ = registers.officers.insert(row.word),
            ("recorder", _) => _ = registers.recorders.insert(row.word),
            (_, Some(officer)) => {
                let (from, to) = (Micros(row.from_us), row.to_us.map(Micros));
                registers.holders.push(Holder { serial: row.word, officer, from, to });
            }
            _ => {}
        }
    }
    Ok(registers)
}
