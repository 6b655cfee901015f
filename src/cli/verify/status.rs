use crate::audit::check::code;
use crate::audit::coverage::coverage;
use crate::audit::finding::zh;
use crate::catalog::fixity;
use crate::cli::{Common, Failure, Outcome};
use crate::clock::SharedClock;
use serde_json::json;

/// Findings that are printed; the API has all.
const SHOWN: u32 = 20;

/// Prints how far the promise of the scrub is kept, and what was found last.
pub(super) async fn run(common: &Common, clock: &SharedClock, json: bool) -> Result<Outcome, Failure> {
    let exhibit = common.exhibit(clock).await?;
    let config = common.config()?;
    let figures = coverage(&exhibit.db, config.scrub.every_days, clock.now()).await?;
    let mut reader = exhibit.db.read().await?;
    let failing = fixity::failing(reader.conn(), None, None, SHOWN).await?;
    drop(reader);
    exhibit.db.close().await;
    if json {
        let findings: Vec<_> = failing
            .iter()
            .map(|(row, sha256)| {
                json!({"code": code(row.result), "sha256": sha256, "clip": row.clip_id, "checked_at": row.checked,
                    "verified_at": row.verified, "source": row.source, "detail": row.detail, "ledger_index": row.entry_index})
            })
            .collect();
        say!("{}", serde_json::to_string_pretty(&json!({"coverage": figures, "findings": findings}))?);
    } else {
        let shown = |at: Option<crate::model::time::Micros>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
        say!("对象 objects {}", figures.objects);
        say!(
            "{} 天内已核验 verified within {} days {}",
            figures.every_days,
            figures.every_days,
            figures.within_promise
        );
        say!("逾期 beyond that {}", figures.beyond_promise);
        say!("从未核验 never verified {}", figures.never_verified);
        say!("最早一次 oldest {}", shown(figures.oldest_at));
        say!("下次到期 next due {}", shown(figures.next_due_at));
        say!("异常 failing {}", figures.failing);
        for (row, sha256) in failing {
            let (at, clip) = (row.checked, row.clip_id);
            let (detail, code) = (row.detail.unwrap_or_default(), code(row.result));
            say!("异常 WRONG {code} {sha256}: {}  clip {clip}, {at}: {detail}", zh(code));
        }
    }
    Ok(if figures.failing == 0 { Outcome::Done } else { Outcome::Found })
}
