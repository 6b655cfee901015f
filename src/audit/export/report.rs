//! The custody report.
use std::io::Write as _;

use super::Failure;
use super::bag::Bag;
use crate::catalog::engine::Conn;
use crate::catalog::exports::Export;
use crate::custody::Custody;

pub(super) async fn write(
    _custody: &Custody,
    _conn: Conn<'_>,
    export: &Export,
    source: &str,
    bag: &mut Bag,
) -> Result<(), Failure> {
    let name = "data/report.html";
    let mut page = bag.create(name)?;
    let failed = Failure::at(&bag.path(name));
    writeln!(page, "{} {source}", export.id).map_err(&failed)?;
    let sealed = page.seal().map_err(failed)?;
    bag.note(name.to_owned(), sealed);
    Ok(())
}
