use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Common, Failure, Outcome};
use crate::audit::scrub;
use crate::auth::token;
use crate::catalog::{CatalogError, tokens};
use crate::clock::SystemClock;
use crate::config::{Config, Folder};
use crate::custody::{Custody, incident, rematch};
use crate::http::listener;
use crate::http::state::App;
use crate::intake::pipeline::{IntakeHandle, Mode, Setup};
use crate::lifecycle::{Stop, notify_systemd};
use crate::model::role::Role;
use crate::search::renewal;
use crate::store::{OpenError, Store};
use crate::sys;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Watch this upload folder; may be given several times, instead of those in the configuration
    #[arg(long, value_name = "DIR")]
    uploads: Vec<PathBuf>,
    /// Address and port of the API
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// How often freed memory goes back to the system: what a backlog or a large answer needed is not kept over the hours of rest.
const TIDY_EVERY: Duration = Duration::from_secs(20);

/// Runs the daemon until it is told to stop, or a part of it dies.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let config = config(common, args)?;
    telemetry::start(&config.log).map_err(Failure::new)?;
    let stop = Stop::on_signals()?;
    let Some(mut store) = open(&config, &stop).await? else { return Ok(Outcome::Done) };
    let listener = tokio::net::TcpListener::bind(config.server.listen).await.map_err(|e| {
        Failure::new(format!("cannot listen on {}: {e}; choose another with --listen", config.server.listen))
    })?;
    incident::renew_terms(&store.custody).await?;
    let handle = IntakeHandle::start(setup(&config, &mut store, config.folders())?, Mode::Watch)?;
    let address = listener.local_addr()?;
    let greeting = greeting(&config, &store.custody, address).await?;
    // A daemon does not end because nobody reads its greeting.
    let _ = std::io::stdout().write_all(greeting.as_bytes());
    let mut app = App::new(store.custody.clone(), Arc::clone(&store.vault), Some(Arc::clone(&handle.intake)));
    app.verify_days = config.scrub.every_days;
    let scrubbed = Arc::new(scrub::Totals::default());
    let (db, offset) = (store.custody.db.clone(), store.custody.utc_offset);
    let mut tasks = vec![
        tokio::spawn(renewal::run(db, offset, stop.clone().wait())),
        tokio::spawn(rematch::keep_up(store.custody.clone(), stop.clone().wait())),
    ];
    if config.scrub.enabled {
        let deps = scrub_deps(&config, &store, &handle, &scrubbed);
        app.scrub = Some(scrubbed);
        tasks.push(scrub::start(deps, stop.clone().wait()));
    }
    let server = tokio::spawn(listener::serve(listener, app, stop.clone().wait()));
    notify_systemd("READY=1");
    let outcome = supervise(&handle, server, &tasks, stop).await;
    notify_systemd("STOPPING=1");
    for mut task in tasks {
        if tokio::time::timeout(Duration::from_secs(5), &mut task).await.is_err() {
            task.abort();
        }
    }
    tokio::task::spawn_blocking(move || handle.stop()).await?;
    store.custody.db.close().await;
    tracing::info!("stopped");
    outcome
}

fn scrub_deps(config: &Config, store: &Store, handle: &IntakeHandle, totals: &Arc<scrub::Totals>) -> scrub::Deps {
    let intake = Arc::clone(&handle.intake);
    scrub::Deps {
        custody: store.custody.clone(),
        vault: Arc::clone(&store.vault),
        every_days: config.scrub.every_days,
        rate_bytes: config.scrub.rate_mib_s.saturating_mul(1 << 20),
        is_receiving: Box::new(move || intake.board.is_working()),
        totals: Arc::clone(totals),
    }
}

/// Opens the court's data; waits for a database server that is not there yet, because after a power failure nobody says which machine
/// is up first. None: told to stop meanwhile.
async fn open(config: &Config, stop: &Stop) -> Result<Option<Store>, Failure> {
    let mut pause = Duration::from_secs(1);
    loop {
        match Store::open(config, Arc::new(SystemClock)).await {
            Err(OpenError::Catalog(error @ CatalogError::Connect { .. })) if error.is_passing() => {
                tracing::warn!("waiting for the database: {error}");
                tokio::select! {
                    () = stop.clone().wait() => return Ok(None),
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(15)),
                }
            }
            opened => return Ok(Some(opened?)),
        }
    }
}

/// Waits for the end: asked for, or because a part of the daemon died.
async fn supervise(
    handle: &IntakeHandle,
    server: JoinHandle<std::io::Result<()>>,
    tasks: &[JoinHandle<()>],
    stop: Stop,
) -> Result<Outcome, Failure> {
    let mut every = tokio::time::interval(Duration::from_secs(5));
    let mut tidying = tokio::time::interval(TIDY_EVERY);
    let mut server = server;
    let stopped = stop.wait();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            // First: tasks end because it was asked for.
            biased;
            () = &mut stopped => {
                // Requests under way get a moment to end.
                let _ = tokio::time::timeout(Duration::from_secs(10), &mut server).await;
                return Ok(Outcome::Done);
            }
            ended = &mut server => {
                ended??;
                return Ok(Outcome::Done);
            }
            _ = tidying.tick() => sys::give_memory_back(),
            _ = every.tick() => {
                if handle.has_died() {
                    return Err(Failure::new("a thread of the intake died; see the log"));
                }
                if tasks.iter().any(JoinHandle::is_finished) {
                    return Err(Failure::new("a background task died; see the log"));
                }
            }
        }
    }
}

fn config(common: &Common, args: &Args) -> Result<Config, Failure> {
    let mut config = common.config()?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    if !args.uploads.is_empty() {
        config.intake.folders = args.uploads.iter().cloned().map(Folder::at).collect();
    }
    config.validate().map_err(Failure::new)?;
    if config.intake.folders.is_empty() {
        for folder in config.folders() {
            std::fs::create_dir_all(&folder.path)
                .map_err(|e| Failure::new(format!("cannot make {}: {e}", folder.path.display())))?;
        }
    }
    Ok(config)
}

/// What the intake is started with.
pub(super) fn setup(config: &Config, store: &mut Store, folders: Vec<Folder>) -> Result<Setup, Failure> {
    let mut absolute = folders;
    for folder in &mut absolute {
        // Uploads are known by their folder's path: it must not depend on where the command was started. A folder that is not there
        // yet keeps the path it was given.
        folder.path = folder.path.canonicalize().or_else(|_| std::path::absolute(&folder.path))?;
    }
    let own = [&config.data_dir, &config.vault.root(&config.data_dir)].map(|p| p.canonicalize());
    for own in own.into_iter().flatten() {
        if let Some(folder) = absolute.iter().find(|f| own.starts_with(&f.path)) {
            let (own, folder) = (own.display(), folder.path.display());
            return Err(Failure::new(format!(
                "{folder} holds Zhilu's own {own}; choose another upload folder or --data-dir"
            )));
        }
    }
    Ok(Setup {
        custody: store.custody.clone(),
        vault: Arc::clone(&store.vault),
        settings: config.intake.clone(),
        folders: absolute,
        court: config.court.code.clone(),
        sm3: config.vault.sm3,
        reserve_bytes: config.vault.reserve_mib << 20,
        probe_binary: std::env::current_exe()?,
        recovered: Mutex::new(std::mem::take(&mut store.recovered)),
    })
}

/// Says where the daemon is, and at the very first start prints a token: without one nobody could ask it anything.
async fn greeting(config: &Config, custody: &Custody, address: SocketAddr) -> Result<String, Failure> {
    let mut text = format!("执录 Zhilu  http://{address}\n");
    for folder in config.folders() {
        text += &format!("上传目录 upload folder  {}\n", folder.path.display());
    }
    let mut reader = custody.db.read().await?;
    let first = tokens::list(reader.conn()).await?.is_empty();
    drop(reader);
    if first {
        let (_, secret) = token::create(custody, "first start", Role::Admin).await?;
        text += &format!("管理员令牌（仅显示一次） admin token, shown only this once:\n{}\n", secret.expose());
    }
    Ok(text)
}
