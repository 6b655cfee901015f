//! Brings the stored terms in step with the settings.

use super::dues_of;
use crate::catalog::incidents;
use crate::catalog::meta;
use crate::custody::{Custody, CustodyError};
use crate::model::id::Id;
use crate::model::incident::next_due;

/// The key in `meta` under which the settings stand that the stored terms follow from.
const KEY: &str = "incident_terms";
/// Incidents that are looked at in one transaction.
const PAGE: u32 = 200;

/// Computes anew when the duties of all incidents are due, when the settings are others than those they were computed by. A term follows
/// from what is recorded, so this is no change of an incident.
///
/// # Errors
/// When the database refuses or is away.
pub async fn renew_terms(custody: &Custody) -> Result<(), CustodyError> {
    let settings = &custody.incidents;
    let days = |days: Option<u32>| days.map_or_else(|| "-".to_owned(), |days| days.to_string());
    let by =
        format!("{} {} {}", days(settings.interview_days), days(settings.committee_report_days), custody.utc_offset);
    let mut reader = custody.db.read().await?;
    let known = meta::get(reader.conn(), KEY).await?;
    drop(reader);
    if known.as_deref() == Some(by.as_str()) {
        return Ok(());
    }
    let mut after = Id(0);
    loop {
        let mut tx = custody.db.begin().await?;
        let page = incidents::with_open_terms(tx.conn(), after, PAGE).await?;
        let Some(last) = page.last() else {
            meta::put(tx.conn(), KEY, &by).await?;
            tx.commit().await?;
            return Ok(());
        };
        after = last.id;
        for incident in &page {
            let due = next_due(&dues_of(incident, custody));
            if due != incident.due {
                incidents::set_due(tx.conn(), incident.id, due).await?;
            }
        }
        tx.commit().await?;
    }
}
