//! Tables `conduct_codes` and `conduct_laws`: what a code means, and the law behind it. Data, because both change.

use std::collections::BTreeMap;

use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, on};
use crate::model::incident::Code;
use crate::model::time::Micros;

/// A conduct code as it means something at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConductCode {
    /// The code.
    pub code: Code,
    /// What conduct it is.
    pub name: String,
    /// The law behind it at that time, in order.
    pub laws: Vec<Law>,
}

/// One legal basis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// Short name and article, as cited.
    pub law: String,
    /// Full title.
    pub source: String,
    /// From when on; 0: since ever.
    pub from: Micros,
    /// Until when; none: still.
    pub to: Option<Micros>,
}

/// The codes that mean something at `at`, with the law behind them then, in order.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn at(mut conn: Conn<'_>, at: Micros) -> Result<Vec<ConductCode>, CatalogError> {
    const CODES: &str = "select code, name from conduct_codes where (valid_from_us = 0 or valid_from_us <= $1) \
        and (valid_to_us is null or valid_to_us > $2) order by valid_from_us";
    const LAWS: &str = "select code, law, source, valid_from_us, valid_to_us from conduct_laws \
        where (valid_from_us = 0 or valid_from_us <= $1) and (valid_to_us is null or valid_to_us > $2) \
        order by code, position, valid_from_us";
    let codes: Vec<(String, String)> =
        on!(conn.reborrow(), c => sqlx::query_as(CODES).bind(at.0).bind(at.0).fetch_all(c).await?);
    let laws: Vec<(String, String, String, i64, Option<i64>)> =
        on!(conn, c => sqlx::query_as(LAWS).bind(at.0).bind(at.0).fetch_all(c).await?);
    // Of two names that hold at the same time the later one counts.
    let mut found: BTreeMap<Code, ConductCode> = BTreeMap::new();
    for (text, name) in codes {
        let code = read("conduct_codes", text)?;
        found.insert(code.clone(), ConductCode { code, name, laws: Vec::new() });
    }
    for (text, law, source, from, to) in laws {
        if let Some(code) = found.get_mut(&read("conduct_laws", text)?) {
            code.laws.push(Law { law, source, from: Micros(from), to: to.map(Micros) });
        }
    }
    Ok(found.into_values().collect())
}

fn read(table: &'static str, text: String) -> Result<Code, CatalogError> {
    text.parse().map_err(|_| CatalogError::Undecodable { table, column: "code", row: 0, value: text })
}
