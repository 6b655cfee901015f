//! The command line: one file a command. Exit codes: 0 done, 1 found something wrong, 2 could not do it.

/// Writes a line to standard output; an output that is full or closed is a failure and no panic.
macro_rules! say {
    ($($text:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)))?
    };
}

/// Writes a line to standard error, if that takes it: there is nobody else to tell.
macro_rules! complain {
    ($($text:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", format_args!($($text)*)));
    }};
}

mod audit;
mod check;
mod check_config;
mod dispose;
mod doctor;
mod export;
mod import;
mod ingest;
mod ledger;
mod migrate;
mod openapi;
mod progress;
mod retention;
mod search;
mod serve;
mod token;
mod verify;
mod witness;

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::catalog::engine::exists;
use crate::clock::{SharedClock, SystemClock};
use crate::config::Config;
use crate::search::index;
use crate::store::{Exhibit, Store, location};
use crate::{media, sys};

/// 执录 Zhilu: keeps, catalogs and proves the clips of a court's body-worn recorders.
#[derive(Debug, Parser)]
#[command(name = "zhilu", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
struct Common {
    /// Configuration file (TOML); without one every key has its default
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where Zhilu keeps database, vault and keys
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the upload folders and serve the API
    Serve(serve::Args),
    /// Take files and folders once, with a progress bar
    Ingest(ingest::Args),
    /// Import a register from a CSV file
    #[command(subcommand)]
    Import(import::Action),
    /// Manage API tokens
    #[command(subcommand)]
    Token(token::Action),
    /// Audit an export with nothing but a policy: no database is needed
    Audit(audit::Args),
    /// Check that vault, catalog and ledger belong together
    Check(check::Args),
    /// Read objects again and compare them with catalog and ledger
    Verify(verify::Args),
    /// Copy clips out as a bag that proves itself, approved by another person
    Export(export::Args),
    /// Show the ledger
    #[command(subcommand)]
    Ledger(ledger::Action),
    /// Vouch for other courts' ledgers, and have this one's vouched for
    #[command(subcommand)]
    Witness(witness::Action),
    /// Move the catalog to another database
    Migrate(migrate::Args),
    /// Propose, approve and list disposals 销毁
    #[command(subcommand)]
    Dispose(dispose::Action),
    /// Look at the machine and say what would be in the way
    Doctor(doctor::Args),
    /// Check the configuration, or print a sample
    CheckConfig(check_config::Args),
    /// Show what is due by the retention table, and the table
    #[command(subcommand)]
    Retention(retention::Action),
    /// Search over clips, incidents and cases
    Search(search::Args),
    /// Print the API's OpenAPI document
    Openapi,
    /// Probe files for the daemon
    #[command(hide = true)]
    ProbeWorker,
}

/// A command could not do it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Failure {
    pub(crate) fn new(message: impl Display) -> Self {
        Self(message.to_string())
    }
}

/// What a command found.
pub(crate) enum Outcome {
    /// Everything is well.
    Done,
    /// It found something wrong.
    Found,
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match run_command(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(Failure(message)) => {
            complain!("zhilu: {message}");
            ExitCode::from(2)
        }
    }
}

fn run_command(cli: Cli) -> Result<Outcome, Failure> {
    let common = cli.common;
    match cli.command {
        Command::ProbeWorker => {
            media::worker::serve(std::io::stdin())?;
            Ok(Outcome::Done)
        }
        Command::Audit(args) => audit::run(&args),
        Command::Openapi => openapi::run(),
        Command::CheckConfig(args) => check_config::run(&common, &args),
        Command::Serve(args) => block_on(serve::run(&common, &args)),
        Command::Ingest(args) => block_on(ingest::run(&common, &args)),
        Command::Import(action) => block_on(import::run(&common, &action)),
        Command::Search(args) => block_on(search::run(&common, &args)),
        Command::Token(action) => block_on(token::run(&common, &action)),
        Command::Check(args) => block_on(check::run(&common, &args)),
        Command::Verify(args) => block_on(verify::run(&common, &args)),
        Command::Export(args) => block_on(export::run(&common, &args)),
        Command::Ledger(action) => block_on(ledger::run(&common, &action)),
        Command::Witness(action) => block_on(witness::run(&common, &action)),
        Command::Migrate(args) => block_on(migrate::run(&common, &args)),
        Command::Dispose(action) => block_on(dispose::run(&common, &action)),
        Command::Retention(action) => block_on(retention::run(&common, &action)),
        Command::Doctor(args) => block_on(doctor::run(&common, &args)),
    }
}

fn block_on<F: Future<Output = Result<Outcome, Failure>>>(future: F) -> Result<Outcome, Failure> {
    sys::keep_little_memory();
    sys::ignore_lease_signal()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(16).enable_all().build()?;
    let outcome = runtime.block_on(future);
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    outcome
}

impl Common {
    /// The configuration: file, environment, then the options that every command has.
    fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        if let Some(data_dir) = &self.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        Ok(config)
    }

    /// Opens the data directory of a court that was started before.
    async fn open(&self) -> Result<(Config, Store), Failure> {
        let config = self.config()?;
        let location = location(&config)?;
        if !exists(&location).await? {
            return Err(Failure::new(format!(
                "there is no catalog at {location}; is --data-dir or database.url right? `zhilu serve` makes one"
            )));
        }
        let store = Store::look(&config, Arc::new(SystemClock)).await?;
        index::adopt(&store.custody.db).await?;
        Ok((config, store))
    }

    /// Opens the data directory of a court to be looked at, whatever its state.
    async fn exhibit(&self, clock: &SharedClock) -> Result<Exhibit, Failure> {
        let config = self.config()?;
        let location = location(&config)?;
        if !exists(&location).await? {
            return Err(Failure::new(format!("没有目录库 there is no catalog at {location}; is --data-dir right?")));
        }
        Ok(Exhibit::open(&config, Arc::clone(clock)).await?)
    }
}
