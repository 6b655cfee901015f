//! Brings a database's schema up to date. Migrations that have landed are never edited: sqlx refuses a changed one.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqlitePool;

use super::CatalogError;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

pub(super) async fn sqlite(pool: &SqlitePool) -> Result<(), CatalogError> {
    SQLITE.run(pool).await.map_err(CatalogError::from)
}

pub(super) async fn postgres(conn: &mut PgConnection) -> Result<(), CatalogError> {
    POSTGRES.run(conn).await.map_err(CatalogError::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |m: &Migrator| m.iter().map(|m| (m.version, m.description.to_string())).collect::<Vec<_>>();
        assert_eq!(names(&SQLITE), names(&POSTGRES));
    }
}
