//! A court's data with callers of every role.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Connection as _;
use tower::ServiceExt as _;
use zhilu::audit::check::{Report, Scope, check};
use zhilu::audit::documents;
use zhilu::auth::token;
use zhilu::catalog::clips::{self, Clip};
use zhilu::catalog::custody as events;
use zhilu::catalog::engine::{Db, Location};
use zhilu::catalog::uploads;
use zhilu::clock::FixedClock;
use zhilu::custody::Custody;
use zhilu::custody::accept::{Accepted, Arrival, accept};
use zhilu::custody::confirm::{ReadBackOf, confirm};
use zhilu::http::state::App;
use zhilu::ledger::key::SignerKey;
use zhilu::ledger::policy::Policy;
use zhilu::matching::Rules;
use zhilu::media::name::{NamePatterns, stem};
use zhilu::model::custody::EventKind;
use zhilu::model::digest::{Sha256Digest, to_hex};
use zhilu::model::id::{Id, IdGenerator};
use zhilu::model::media::{Container, Health, Kind, MediaFacts, VideoFacts};
use zhilu::model::role::Role;
use zhilu::model::time::{Micros, UtcOffset};
use zhilu::vault::LocalVault;

use super::contract;
use crate::cluster::{self, Database};

/// When everything happens, unless a test moves the clock: 2026-11-24T08:52:07Z.
pub(crate) const NOW: Micros = Micros(1_795_510_327_000_000);

/// Who asks.
pub(crate) type Who = Option<Role>;

/// Nobody.
pub(crate) const ANON: Who = None;
/// An officer.
pub(crate) const OFFICER: Who = Some(Role::Officer);
/// An administrator.
pub(crate) const ADMIN: Who = Some(Role::Admin);
/// Legal staff.
pub(crate) const LEGAL: Who = Some(Role::Legal);

pub(crate) struct World {
    dir: tempfile::TempDir,
    /// Where its catalog is.
    pub(crate) url: String,
    /// None: the file `catalog.sqlite`.
    database: Option<Database>,
    pub(crate) app: App,
    router: Router,
    tokens: HashMap<Role, String>,
    files: AtomicI64,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// The code that ends a problem's type.
    pub(crate) fn code(&self) -> String {
        self.json()["type"].as_str().unwrap().strip_prefix("urn:zhilu:problem:").unwrap().to_owned()
    }

    /// The fields that a problem names.
    pub(crate) fn fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    /// On the engine that the suite runs on.
    pub(crate) async fn new() -> Self {
        Self::on(cluster::is_chosen().then(cluster::database)).await
    }

    /// On this database; none: a file.
    pub(crate) async fn on(database: Option<Database>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault = LocalVault::open(&dir.path().join("vault")).unwrap().vault;
        let url = match &database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", dir.path().join("catalog.sqlite").display()),
        };
        let custody = Custody {
            db: Db::open(&Location::parse(&url, None).unwrap()).await.unwrap(),
            clock: Arc::new(FixedClock::new(NOW)),
            ids: Arc::new(IdGenerator::new(1)),
            signer: Arc::new(SignerKey::from_seed("court.example/zhilu".parse().unwrap(), &[1; 32])),
            patterns: Arc::new(NamePatterns::new(&[]).unwrap()),
            utc_offset: UtcOffset::CHINA,
            incidents: Arc::default(),
            rules: Rules::default(),
        };
        let mut tokens = HashMap::new();
        for role in Role::ALL {
            let (_, secret) = token::create(&custody, role.as_str(), role).await.unwrap();
            tokens.insert(role, secret.expose().to_owned());
        }
        let app = App::new(custody, Arc::new(vault), None);
        Self { dir, url, database, router: Router::from(app.clone()), app, tokens, files: AtomicI64::new(1) }
    }

    /// The same world with a part of the app exchanged.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut App)) -> Self {
        change(&mut self.app);
        self.router = Router::from(self.app.clone());
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Whether the catalog is on a server.
    pub(crate) fn on_server(&self) -> bool {
        self.database.is_some()
    }

    /// Changes rows behind the program's back.
    pub(crate) async fn meddle(&self, sql: &str) {
        match &self.database {
            Some(database) => database.execute(sql),
            None => {
                let mut other = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut other).await.unwrap();
            }
        }
    }

    /// What `zhilu check` finds.
    pub(crate) async fn check(&self) -> Report {
        let custody = &self.app.custody;
        let policy = Policy::of_log(custody.signer.verifier().clone());
        let scope = Scope { policy: &policy, since: None, vault: Some(&self.app.vault) };
        let mut report = check(&custody.db, scope, |_, _| {}).await.unwrap();
        documents::check(&custody.db, custody.utc_offset, true, &mut report).await.unwrap();
        report
    }

    /// These bytes as the engine's SQL has them.
    pub(crate) fn literal(&self, bytes: &[u8]) -> String {
        let hex = to_hex(bytes);
        if self.on_server() { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") }
    }

    pub(crate) fn token(&self, role: Role) -> &str {
        &self.tokens[&role]
    }

    /// An arrival of `bytes` under `place`, a path below the upload folder; the bytes are in the vault.
    pub(crate) fn arrival(&self, place: impl AsRef<[u8]>, bytes: &[u8]) -> Arrival {
        let place = place.as_ref();
        let slash = place.iter().rposition(|b| *b == b'/');
        let (dir, name) = slash.map_or((&b""[..], place), |at| (&place[..at], &place[at + 1..]));
        let sha256 = Sha256Digest(Sha256::digest(bytes).into());
        std::fs::write(self.app.vault.object_path(sha256), bytes).unwrap();
        let inode = self.files.fetch_add(1, Ordering::SeqCst);
        let at = self.app.custody.clock.now();
        Arrival {
            id: self.app.custody.ids.next(at),
            sha256,
            sm3: None,
            folder: b"/srv/dock-1".to_vec(),
            dir: dir.to_vec(),
            name: name.to_vec(),
            pair_key: stem(&String::from_utf8_lossy(name)).to_lowercase().into_bytes(),
            size_bytes: bytes.len() as u64,
            mtime_ns: 1_795_500_000_000_000_000 + inode,
            ctime_ns: 1_795_500_000_000_000_000 + inode,
            inode: inode.cast_unsigned(),
            important: false,
            dock: String::new(),
            court: String::new(),
            policy: "keep",
            adopted: false,
            arrived: at,
            media: video(),
            sidecar: None,
        }
    }

    pub(crate) async fn accept(&self, arrival: Arrival) -> Accepted {
        accept(&self.app.custody, &[arrival]).await.unwrap()[0]
    }

    /// A clip of its own, recorded at `time` of 2024-05-08 as its name says (`HHMMSS`).
    pub(crate) async fn clip(&self, time: &str) -> Id {
        let name = format!("0012345_00123420240508{time}_0001.mp4");
        let bytes = format!("{time} {}", self.files.load(Ordering::SeqCst));
        self.accept(self.arrival(name, bytes.as_bytes())).await.clip_id
    }

    /// Confirms what was accepted of a clip, as when its object was read back and equal.
    pub(crate) async fn confirm(&self, id: Id) {
        let mut reader = self.app.custody.db.read().await.unwrap();
        let uploads = uploads::of_clip(reader.conn(), id).await.unwrap();
        drop(reader);
        let group: Vec<ReadBackOf> = uploads
            .into_iter()
            .map(|upload| ReadBackOf { upload, method: "direct", differs: None, outcome: Some("kept"), receipt: false })
            .collect();
        confirm(&self.app.custody, &group).await.unwrap();
    }

    pub(crate) async fn row(&self, id: Id) -> Clip {
        let mut reader = self.app.custody.db.read().await.unwrap();
        clips::get(reader.conn(), id).await.unwrap().unwrap()
    }

    /// The details of the clip's recorded viewings.
    pub(crate) async fn views(&self, id: Id) -> Vec<Value> {
        let mut reader = self.app.custody.db.read().await.unwrap();
        let events = events::page(reader.conn(), Some(id), Id(0), 1000).await.unwrap();
        let views = events.into_iter().filter(|e| e.kind == EventKind::View);
        views.map(|e| serde_json::from_slice(&e.detail).unwrap()).collect()
    }

    pub(crate) async fn get(&self, who: Who, path: &str) -> Answer {
        self.ask(who, path, |_| {}).await
    }

    pub(crate) async fn get_with(&self, who: Who, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        self.ask(who, path, |r| {
            for (name, value) in headers {
                r.headers_mut().append(*name, value.parse().unwrap());
            }
        })
        .await
    }

    pub(crate) async fn head(&self, who: Who, path: &str) -> Answer {
        self.ask(who, path, |r| *r.method_mut() = Method::HEAD).await
    }

    /// Asks, and holds the answer against the description.
    pub(crate) async fn ask(&self, who: Who, path: &str, change: impl FnOnce(&mut Request<Body>)) -> Answer {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(role) = who {
            let value = format!("Bearer {}", self.token(role)).parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        change(&mut request);
        let method = request.method().clone();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        contract::check(&method, path, &answer);
        answer
    }

    /// Sends a JSON body.
    pub(crate) async fn send(&self, who: Who, method: Method, path: &str, body: &Value) -> Answer {
        self.send_as(who, method, path, "application/json", body.to_string()).await
    }

    /// Sends a body of a type.
    pub(crate) async fn send_as(
        &self,
        who: Who,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Answer {
        self.ask(who, path, |r| {
            *r.method_mut() = method;
            r.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            *r.body_mut() = body.into();
        })
        .await
    }

    /// The ids on every page of a list.
    pub(crate) async fn all_ids(&self, path: &str, limit: u32) -> Vec<String> {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(OFFICER, &format!("{path}?limit={limit}{cursor}")).await.json();
            ids.extend(ids_of(&page));
            let Some(next) = page["next_cursor"].as_str() else { return ids };
            cursor = format!("&cursor={next}");
        }
    }
}

/// The ids on one page.
pub(crate) fn ids_of(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no list: {page:#}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// What a probe reads in a sound video.
pub(crate) fn video() -> MediaFacts {
    MediaFacts {
        kind: Kind::Video,
        container: Some(Container::Isobmff),
        health: Health::Ok,
        duration_ms: Some(2000),
        video: Some(VideoFacts { codec: Some("h264".to_owned()), width: Some(320), ..VideoFacts::default() }),
        ..MediaFacts::default()
    }
}

/// Escapes everything but letters and digits.
pub(crate) fn encode(text: &str) -> String {
    let escape = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(escape).collect()
}
