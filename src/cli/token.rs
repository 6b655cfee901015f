use super::{Common, Failure, Outcome};
use crate::auth::token;
use crate::catalog::tokens;
use crate::model::id::Id;
use crate::model::role::Role;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Make a token and print it; it is shown only this once
    Create {
        /// officer, legal, auditor or admin
        #[arg(long)]
        role: Role,
        /// What the token is for
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the tokens, without their secrets
    List,
    /// End a token
    Revoke {
        /// The token's id
        id: Id,
    },
}

/// Makes, lists and ends API tokens.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let custody = &store.custody;
    match action {
        Action::Create { role, name } => {
            let (made, secret) = token::create(custody, name, *role).await?;
            complain!("token {} for {}; keep it, it is not shown again:", made.id, made.role);
            say!("{}", secret.expose());
        }
        Action::List => {
            let mut reader = custody.db.read().await?;
            for t in tokens::list(reader.conn()).await? {
                let state = t.revoked.map_or("works".to_owned(), |at| format!("ended {at}"));
                say!("{}\t{}\t{}\tmade {}\t{state}", t.id, t.role, t.name, t.created);
            }
        }
        Action::Revoke { id } => {
            let mut tx = custody.db.begin().await?;
            tokens::revoke(tx.conn(), *id, custody.clock.now())
                .await
                .map_err(|_| Failure::new(format!("there is no working token {id}; `zhilu token list` shows all")))?;
            tx.commit().await?;
            say!("token {id} has ended");
        }
    }
    custody.db.close().await;
    Ok(Outcome::Done)
}
