//! What handlers take from a request: who asks and may do it, and the id in the path.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::problem::{Field, Problem};
use super::state::App;
use super::value;
use crate::auth::policy::{Permission, allows};
use crate::auth::token::{Bearer, authenticate};
use crate::custody::Actor;
use crate::model::id::Id;
use crate::model::role::Role;

/// What a route demands; a type, so that a handler cannot be written without naming it.
pub trait Demand: Send + Sync {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! demands {
    ($($name:ident),*) => {$(
        #[doc = concat!("Demands [`Permission::", stringify!($name), "`].")]
        #[derive(Debug)]
        pub struct $name;

        impl Demand for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

demands!(
    CreateIncidents,
    DecideIncidents,
    ReadAudit,
    ReadClips,
    ReadMedia,
    ReadEvents,
    ReadUploads,
    ReadCases,
    ReadIncidents,
    ReadRegisters,
    ReadLedger,
    ReadMetrics,
    WriteActions,
    LinkClips,
    AnnotateClips,
    RelateCases,
    Search,
    WriteRegisters
);

/// Proof that the caller has a token that works and may do what `D` demands. It is taken first, so that nobody learns from a
/// route what they may not.
#[derive(Debug)]
pub struct Permit<D> {
    bearer: Bearer,
    demand: PhantomData<D>,
}

impl<D> Permit<D> {
    /// Who acts, for custody.
    pub fn actor(&self) -> Actor {
        Actor::token(self.bearer.token, self.bearer.role)
    }

    /// The role of who acts.
    pub fn role(&self) -> Role {
        self.bearer.role
    }
}

impl<D: Demand> FromRequestParts<App> for Permit<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let given = authorization(&parts.headers);
        let bearer = match given {
            Some(header) => authenticate(&app.custody.db, header).await?,
            None => None,
        };
        let bearer = bearer.ok_or_else(|| Problem::unauthorized(given.is_some()))?;
        if !allows(bearer.role, D::PERMISSION) {
            return Err(Problem::forbidden(bearer.role, D::PERMISSION));
        }
        Ok(Self { bearer, demand: PhantomData })
    }
}

/// The `Authorization` header; of two nobody can say which counts.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

/// The ids in the path, in its order.
#[derive(Debug, Clone, Copy)]
pub struct PathIds<const N: usize>(pub [Id; N]);

impl<const N: usize> FromRequestParts<App> for PathIds<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let given = Path::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let given = given.map_or_else(|_| Vec::new(), |Path(given)| given);
        let (mut ids, mut faults) = (Vec::with_capacity(N), Vec::new());
        for (name, text) in given {
            match value::id(&text) {
                Ok(id) => ids.push(id),
                Err(message) => faults.push(Field { name, message }),
            }
        }
        <[Id; N]>::try_from(ids).map(Self).map_err(|_| Problem::bad_parameters(faults))
    }
}

/// The one id in the path.
#[derive(Debug, Clone, Copy)]
pub struct PathId(pub Id);

impl FromRequestParts<App> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // A path whose escapes are no UTF-8 holds no id either.
        let text = Path::<String>::from_request_parts(parts, app).await.map_or_else(|_| String::new(), |Path(t)| t);
        value::id(&text)
            .map(PathId)
            .map_err(|message| Problem::bad_parameters(vec![Field { name: "id".to_owned(), message }]))
    }
}
