//! The JSON API, one file a resource: maps requests to the catalog, the board and custody, and decides nothing.

mod actions;
mod audit;
mod cases;
mod clip_links;
mod clips;
mod codes;
mod courts;
mod edits;
mod events;
mod health;
pub(crate) mod imports;
mod incidents;
mod ledger;
mod media;
mod metrics;
mod notes;
mod officers;
pub mod openapi;
mod query;
mod receipts;
mod recorders;
mod recordings;
mod schema;
pub(crate) mod search;
mod uploads;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::edge;
use crate::http::state::App;

/// Every route, with its description.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(clips::list))
        .routes(routes!(clips::get))
        .routes(routes!(clip_links::link))
        .routes(routes!(clip_links::unlink))
        .routes(routes!(clip_links::mark))
        .routes(routes!(notes::list, notes::create))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::get))
        .routes(routes!(media::get))
        .routes(routes!(events::list))
        .routes(routes!(receipts::json))
        .routes(routes!(receipts::page))
        .routes(routes!(receipts::proof))
        .routes(routes!(uploads::list))
        .routes(routes!(actions::list, actions::create))
        .routes(routes!(actions::get, actions::change))
        .routes(routes!(actions::history))
        .routes(routes!(actions::clips))
        .routes(routes!(actions::coverage))
        .routes(routes!(actions::assign))
        .routes(routes!(audit::coverage))
        .routes(routes!(audit::findings))
        .routes(routes!(cases::list))
        .routes(routes!(cases::get))
        .routes(routes!(cases::chain))
        .routes(routes!(cases::relate))
        .routes(routes!(cases::unrelate))
        .routes(routes!(codes::list))
        .routes(routes!(courts::list, courts::create))
        .routes(routes!(courts::get, courts::change))
        .routes(routes!(imports::post))
        .routes(routes!(incidents::list, incidents::create))
        .routes(routes!(incidents::get, incidents::change))
        .routes(routes!(incidents::decide))
        .routes(routes!(incidents::history))
        .routes(routes!(incidents::add_measure))
        .routes(routes!(incidents::change_measure))
        .routes(routes!(ledger::checkpoint))
        .routes(routes!(ledger::entry))
        .routes(routes!(ledger::proof))
        .merge(ledger::tiles())
        .routes(routes!(officers::list, officers::create))
        .routes(routes!(officers::get, officers::change))
        .routes(routes!(recorders::list, recorders::create))
        .routes(routes!(recorders::get, recorders::change))
        .routes(routes!(search::get))
        .routes(routes!(openapi::get))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::get))
}

impl From<App> for Router {
    /// The whole API, answering from `app`.
    fn from(app: App) -> Self {
        let (router, _) = routes().split_for_parts();
        edge::complete(router.with_state(app))
    }
}
