//! The daemon's own figures, in the Prometheus text format. They count and name nothing of the evidence.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::schema::Guarded;
use crate::catalog::{fixity, ledger};
use crate::http::extract::{Permit, ReadMetrics};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::intake::board::{Board, MOST};
use crate::intake::pipeline::Intake;
use crate::model::upload::UploadState;

/// Figures for a monitoring system.
#[utoipa::path(
    get,
    operation_id = "getMetrics",
    path = "/metrics",
    tag = "daemon",
    security(("bearer" = [])),
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain"), Guarded)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadMetrics>,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let entries = ledger::checkpoint(reader.conn()).await?.map_or(0, |c| c.size);
    let failing = fixity::count_failing(reader.conn()).await?;
    drop(reader);
    let vault = app.vault.clone();
    let free = tokio::task::spawn_blocking(move || vault.free_bytes()).await;
    let mut figures = Figures::default();
    figures.add("zhilu_info", "gauge", "The daemon's version", &[(version().as_str(), 1)]);
    figures.one("zhilu_ledger_entries", "gauge", "Entries of the ledger", entries);
    figures.one("zhilu_objects_failing", "gauge", "Objects that were not what they were when looked at last", failing);
    // A vault that cannot be asked is /readyz's concern; a figure that is not known is left out.
    if let Ok(Ok(free)) = free {
        figures.one("zhilu_vault_free_bytes", "gauge", "Free space of the vault's file system", free);
    }
    if let Some(intake) = &app.intake {
        intake_figures(&mut figures, intake);
    }
    if let Some(scrub) = &app.scrub {
        figures.total("zhilu_scrub_objects_total", "Objects that the scrub looked at", &scrub.objects);
        figures.total("zhilu_scrub_bytes_total", "Bytes of these objects", &scrub.bytes);
        figures.total(
            "zhilu_scrub_failed_total",
            "Of these objects, those that were not what they were",
            &scrub.failed,
        );
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures.0))
}

fn version() -> String {
    format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))
}

fn intake_figures(figures: &mut Figures, intake: &Intake) {
    let board = &intake.board;
    figures.states(board);
    let troubled = board.folder_troubles().len() as u64;
    figures.one("zhilu_folders", "gauge", "Upload folders", intake.folders.len() as u64);
    figures.one("zhilu_folders_unavailable", "gauge", "Upload folders that cannot be watched", troubled);
    let totals = &board.totals;
    for (name, help, total) in [
        ("zhilu_seen_total", "Files seen", &totals.seen_files),
        ("zhilu_seen_bytes_total", "Bytes of the files seen", &totals.seen_bytes),
        ("zhilu_received_bytes_total", "Bytes copied and hashed", &totals.received_bytes),
        ("zhilu_accepted_total", "Uploads accepted", &totals.accepted_files),
        ("zhilu_duplicates_total", "Uploads accepted whose bytes were known", &totals.duplicate_files),
        ("zhilu_confirmed_total", "Uploads confirmed", &totals.confirmed_files),
        ("zhilu_released_total", "Uploads released", &totals.released_files),
    ] {
        figures.total(name, help, total);
    }
}

/// Figures as text.
#[derive(Default)]
struct Figures(String);

impl Figures {
    fn add(&mut self, name: &str, kind: &str, help: &str, values: &[(&str, u64)]) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.add(name, kind, help, &[("", value)]);
    }

    fn total(&mut self, name: &str, help: &str, total: &AtomicU64) {
        self.one(name, "counter", &format!("{help} since the start"), total.load(Ordering::Relaxed));
    }

    /// How many files stand on the board in each state. States after acceptance are the catalog's.
    fn states(&mut self, board: &Board) {
        let (items, ignored) = board.snapshot(MOST);
        let count = |state| match state {
            UploadState::Ignored => ignored.len(),
            state => items.iter().filter(|(_, item)| item.state == state).count(),
        };
        let counts: Vec<(String, u64)> = UploadState::ALL
            .into_iter()
            .filter(|state| *state < UploadState::Accepted || *state == UploadState::Ignored)
            .map(|state| (format!("{{state=\"{}\"}}", state.as_str()), count(state) as u64))
            .collect();
        let counts: Vec<(&str, u64)> = counts.iter().map(|(labels, n)| (labels.as_str(), *n)).collect();
        self.add("zhilu_uploads", "gauge", "Files that are not accepted yet", &counts);
    }
}
