use std::path::Path;
use std::time::Duration;

use super::{Common, Failure, Outcome};
use crate::catalog::engine::{Db, Location, Server, postgres};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Folder};
use crate::intake::source::FolderHandle;
use crate::model::time::DAY_US;
use crate::store::location;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// What was looked at, and what to do about it when it is in the way.
struct Look {
    well: bool,
    what: String,
}

impl Look {
    fn new(well: bool, what: String) -> Self {
        Self { well, what }
    }
}

/// 2026-01-01T00:00:00Z: a machine whose clock is before it was never set.
const BUILT_US: i64 = 1_767_225_600_000_000;
/// Watches that a court's folders want: one a directory.
const WATCHES: u64 = 65_536;

/// Looks at the machine and says what would be in the way. Changes nothing.
pub(super) async fn run(common: &Common, _: &Args) -> Result<Outcome, Failure> {
    let config = common.config()?;
    let mut looks = vec![clock(), inotify("max_user_watches", WATCHES), inotify("max_user_instances", 16)];
    looks.push(data_dir(&config.data_dir));
    looks.push(space(&config));
    looks.extend(database(&config).await);
    looks.extend(config.folders().iter().map(folder));
    for look in &looks {
        say!("{} {}", if look.well { "ok   " } else { "WRONG" }, look.what);
    }
    Ok(if looks.iter().all(|l| l.well) { Outcome::Done } else { Outcome::Found })
}

fn clock() -> Look {
    let now = SystemClock.now();
    let well = now.0 > BUILT_US && now.0 < BUILT_US + 100 * 365 * DAY_US;
    Look::new(well, format!("clock: {now}{}", if well { "" } else { "; set it, or run an NTP client" }))
}

fn inotify(name: &str, wanted: u64) -> Look {
    let path = format!("/proc/sys/fs/inotify/{name}");
    let value = std::fs::read_to_string(&path).ok().and_then(|t| t.trim().parse::<u64>().ok());
    match value {
        Some(n) if n >= wanted => Look::new(true, format!("inotify: {name} is {n}")),
        Some(n) => Look::new(
            false,
            format!(
                "inotify: {name} is {n}; with many directories events are missed and folders scanned more often; `sysctl -w fs.inotify.{name}={wanted}`"
            ),
        ),
        None => {
            Look::new(false, format!("inotify: {path} cannot be read; folders are scanned every few seconds instead"))
        }
    }
}

/// The nearest directory above that exists: what is not made yet is made there.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("."))
}

fn data_dir(path: &Path) -> Look {
    let dir = existing(path);
    let writable = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK);
    match writable {
        Ok(()) => Look::new(true, format!("data directory: {} can be written", path.display())),
        Err(e) => {
            Look::new(false, format!("data directory: {} cannot be written ({e}); give it to this user", dir.display()))
        }
    }
}

fn space(config: &Config) -> Look {
    let root = config.vault.root(&config.data_dir);
    match rustix::fs::statvfs(existing(&root)) {
        Ok(s) => {
            let free_mib = s.f_bavail.saturating_mul(s.f_frsize) >> 20;
            let well = free_mib > config.vault.reserve_mib.saturating_add(1024);
            let advice = if well { "" } else { "; intake stops at the reserve: add space" };
            let reserve = config.vault.reserve_mib;
            Look::new(
                well,
                format!("vault: {} has {free_mib} MiB free, {reserve} MiB are reserved{advice}", root.display()),
            )
        }
        Err(e) => Look::new(false, format!("vault: {}: {e}", root.display())),
    }
}

async fn database(config: &Config) -> Vec<Look> {
    match location(config) {
        Ok(Location::Sqlite(path)) => vec![file(&path).await],
        Ok(Location::Postgres(server)) => self::server(&server).await,
        Err(e) => vec![Look::new(false, format!("database: {e}"))],
    }
}

async fn file(path: &Path) -> Look {
    if !path.exists() {
        return Look::new(true, format!("database: {} will be made at the first start", path.display()));
    }
    let opened = match Db::open_sqlite(path).await {
        Ok(db) => {
            let begun = db.begin().await.map(drop);
            db.close().await;
            begun
        }
        Err(e) => Err(e),
    };
    match opened {
        Ok(()) => Look::new(true, format!("database: {} can be written", path.display())),
        Err(e) => Look::new(false, format!("database: {}: {e}", path.display())),
    }
}

/// The slowest answer of a server that intake is not held up by: each acceptance takes some twenty of them.
const SLOW: Duration = Duration::from_millis(5);

async fn server(server: &Server) -> Vec<Look> {
    let about = match postgres::look(server).await {
        Ok(about) => about,
        Err(e) => return vec![Look::new(false, format!("database: {e}"))],
    };
    let mut looks = vec![match about.check(server) {
        Ok(()) => Look::new(true, format!("database: {server} is PostgreSQL {}", about.version)),
        Err(e) => Look::new(false, format!("database: {e}")),
    }];
    if !about.has_catalog {
        looks.push(Look::new(true, "database: the catalog will be made at the first start".to_owned()));
    }
    let answer = format!("database: it answers in {:.1} ms", about.latency.as_secs_f64() * 1000.0);
    let far = "; every act waits for several answers: bring server and daemon together";
    looks.push(Look::new(about.latency <= SLOW, if about.latency <= SLOW { answer } else { answer + far }));
    for setting in &about.unsafe_settings {
        let name = setting.split('=').next().unwrap_or(setting);
        looks.push(Look::new(
            false,
            format!("database: {setting}; what was committed may be lost with the power: set {name} = on"),
        ));
    }
    let is_safe = server.is_local() || (about.encrypted && server.is_verified());
    if !is_safe {
        let how = if about.encrypted { "not verified" } else { "not encrypted" };
        looks.push(Look::new(
            false,
            format!("database: the connection over the network is {how}; add ?sslmode=verify-full to database.url"),
        ));
    }
    looks
}

fn folder(folder: &Folder) -> Look {
    let path = folder.path.display();
    let handle = match FolderHandle::open(&folder.path) {
        Ok(handle) => handle,
        Err(e) if folder.path.ends_with("uploads") && e.kind() == std::io::ErrorKind::NotFound => {
            return Look::new(true, format!("upload folder: {path} will be made at the first start"));
        }
        Err(e) => return Look::new(false, format!("upload folder: {path}: {e}; mount it, or let this user read it")),
    };
    let removes = folder.source != crate::config::SourcePolicy::Keep;
    if removes && let Err(e) = rustix::fs::access(handle.path(), rustix::fs::Access::WRITE_OK) {
        return Look::new(
            false,
            format!("upload folder: {path}: sources cannot be removed ({e}); let this user write there"),
        );
    }
    Look::new(true, format!("upload folder: {path} can be read"))
}
