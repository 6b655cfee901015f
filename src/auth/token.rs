//! Bearer tokens: `zhilu_` and 32 random bytes in base64url. The catalog holds the SHA-256 of that text, never the text.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::catalog::tokens::{self, Token};
use crate::clock::random_bytes;
use crate::custody::Custody;
use crate::model::id::Id;
use crate::model::role::Role;

/// What every token's text begins with, so that a leaked one is recognised.
const PREFIX: &str = "zhilu_";
/// Random bytes of a token.
const SECRET_BYTES: usize = 32;
/// Length of a token's text: the prefix and 32 bytes in base64url without padding.
const TEXT_LEN: usize = PREFIX.len() + 43;
/// Longest name of a token, in characters.
const MOST_NAME_CHARS: usize = 100;

/// A token's text. It is shown once, when it is made, and wiped from memory afterwards.
pub struct Secret(Zeroizing<String>);

impl Secret {
    fn random() -> std::io::Result<Self> {
        let bytes = Zeroizing::new(random_bytes::<SECRET_BYTES>()?);
        let mut text = Zeroizing::new(String::with_capacity(TEXT_LEN));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&bytes[..], &mut text);
        Ok(Self(text))
    }

    /// The text itself: for the one who asked for the token, and for nobody's log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Who speaks: the bearer of a token that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The token.
    pub token: Id,
    /// What it lets its bearer do.
    pub role: Role,
}

/// No token was made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The name is too long or holds control characters.
    #[error("a token's name has at most {MOST_NAME_CHARS} characters and no control characters")]
    Name,
    /// No randomness for the secret.
    #[error("no randomness from the operating system: {0}")]
    Random(#[from] std::io::Error),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Makes a token called `name`, which may be empty. Its secret is given once and kept nowhere.
///
/// # Errors
/// When the name does not do, there is no randomness, or the database refuses.
pub async fn create(custody: &Custody, name: &str, role: Role) -> Result<(Token, Secret), TokenError> {
    let name = name.trim();
    if name.chars().count() > MOST_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(TokenError::Name);
    }
    let secret = Secret::random()?;
    let at = custody.clock.now();
    let token = Token { id: custody.ids.next(at), name: name.to_owned(), role, created: at, revoked: None };
    let mut tx = custody.db.begin().await?;
    tokens::insert(tx.conn(), &token, digest(secret.expose())).await?;
    tx.commit().await?;
    Ok((token, secret))
}

/// The bearer that the value of an `Authorization` header names; `None` when it names no token that works.
///
/// The index compares digests of secrets: how long that takes says nothing about a secret.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn authenticate(db: &Db, header: &str) -> Result<Option<Bearer>, CatalogError> {
    let Some(text) = bearer_text(header) else { return Ok(None) };
    let mut reader = db.read().await?;
    let token = tokens::find(reader.conn(), digest(text)).await?;
    Ok(token.map(|t| Bearer { token: t.id, role: t.role }))
}

/// The text of a token in `Bearer TEXT`; `None` when it has not the form of one, which spares the database.
fn bearer_text(header: &str) -> Option<&str> {
    let (scheme, text) = header.split_once(' ')?;
    let text = text.trim_matches(' ');
    let formed = scheme.eq_ignore_ascii_case("bearer") && text.len() == TEXT_LEN && text.starts_with(PREFIX);
    formed.then_some(text)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::FixedClock;
    use crate::ledger::key::SignerKey;
    use crate::ledger::policy::Policy;
    use crate::media::name::NamePatterns;
    use crate::model::id::IdGenerator;
    use crate::model::time::{Micros, UtcOffset};
    use crate::vault::LocalVault;

    const AT: Micros = Micros(1_790_000_000_000_000);

    async fn open() -> (tempfile::TempDir, Custody) {
        let dir = tempfile::tempdir().unwrap();
        let custody = Custody {
            db: Db::open_sqlite(&dir.path().join("catalog.sqlite")).await.unwrap(),
            clock: Arc::new(FixedClock::new(AT)),
            ids: Arc::new(IdGenerator::new(1)),
            policy: Arc::new(Policy::of_log(
                SignerKey::from_seed("court.example/zhilu".parse().unwrap(), &[1; 32]).verifier().clone(),
            )),
            signer: Arc::new(SignerKey::from_seed("court.example/zhilu".parse().unwrap(), &[1; 32])),
            guard: None,
            patterns: Arc::new(NamePatterns::new(&[]).unwrap()),
            utc_offset: UtcOffset::CHINA,
            incidents: Arc::default(),
            rules: crate::matching::Rules::default(),
            vault: Arc::new(LocalVault::open(&dir.path().join("vault")).unwrap().vault),
            retention: Arc::default(),
        };
        (dir, custody)
    }

    #[test]
    fn a_secret_has_the_published_form_and_does_not_show_itself() {
        let secret = Secret::random().unwrap();
        assert_eq!(secret.expose().len(), TEXT_LEN);
        assert_eq!(bearer_text(&format!("Bearer {}", secret.expose())), Some(secret.expose()));
        assert!(!format!("{secret:?}").contains(secret.expose()));
        assert_ne!(Secret::random().unwrap().expose(), secret.expose());
    }

    #[tokio::test]
    async fn a_token_works_until_it_is_revoked() {
        let (_dir, custody) = open().await;
        let (token, secret) = create(&custody, " 采集站1 ", Role::Officer).await.unwrap();
        assert_eq!((token.name.as_str(), token.created), ("采集站1", AT));
        let header = format!("bearer  {}", secret.expose());
        let bearer = authenticate(&custody.db, &header).await.unwrap();
        assert_eq!(bearer, Some(Bearer { token: token.id, role: Role::Officer }));
        let mut tx = custody.db.begin().await.unwrap();
        tokens::revoke(tx.conn(), token.id, AT).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(authenticate(&custody.db, &header).await.unwrap(), None);
    }

    #[tokio::test]
    async fn other_headers_are_nobody() {
        let (_dir, custody) = open().await;
        let (_, secret) = create(&custody, "", Role::Admin).await.unwrap();
        let text = secret.expose();
        let (longer, other) = (format!("Bearer {text}x"), format!("Bearer zhilu_{}", "A".repeat(43)));
        let basic = format!("Basic {text}");
        for header in ["", "Bearer", "Bearer ", basic.as_str(), text, longer.as_str(), other.as_str()] {
            assert_eq!(authenticate(&custody.db, header).await.unwrap(), None, "{header}");
        }
    }

    #[tokio::test]
    async fn a_name_must_do() {
        let (_dir, custody) = open().await;
        for name in ["a\nb", &"长".repeat(101)] {
            assert!(matches!(create(&custody, name, Role::Admin).await, Err(TokenError::Name)), "{name}");
        }
    }
}
