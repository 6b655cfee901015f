use std::io::Write;

use super::{Common, Failure, Outcome};
use crate::config::SAMPLE;
use crate::media::name::NamePatterns;
use crate::store::location;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print an annotated sample with every key at its default
    #[arg(long)]
    sample: bool,
}

/// Checks the configuration without touching anything.
pub(super) fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    if args.sample {
        std::io::stdout().write_all(SAMPLE.as_bytes())?;
        return Ok(Outcome::Done);
    }
    let config = common.config()?;
    NamePatterns::new(&config.intake.names).map_err(|e| Failure::new(format!("intake.names: {e}")))?;
    let name = config.court.ledger_name.parse::<crate::ledger::key::KeyName>();
    name.map_err(|e| Failure::new(format!("court.ledger_name: {e}")))?;
    let catalog = location(&config)?;
    say!("the configuration is good");
    say!("data directory: {}", config.data_dir.display());
    say!("catalog:        {catalog}");
    for folder in config.folders() {
        say!("upload folder:  {} ({})", folder.path.display(), folder.source.as_str());
    }
    Ok(Outcome::Done)
}
