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

    #[tokio::test]
    async fn in_a_catalog_from_before_search_everything_is_to_be_renewed() {
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let before: Vec<_> = SQLITE.iter().filter(|m| m.version < 5).cloned().collect();
        Migrator { migrations: before.into(), ..Migrator::DEFAULT }.run(&pool).await.unwrap();
        for sql in [
            "insert into clips (id, sha256, size_bytes, role, kind, health, state, important, recorded_us, recorded_source, doubts, \
             arrived_us, facts, unfiled, entry_index, last_entry, search_text) \
             values (1, x'01', 1, 'clip', 'video', 'ok', 'accepted', 0, 1, 'name', '[]', 1, '{}', 1, 0, 0, 'x'), \
             (2, x'02', 1, 'sidecar', 'text', 'ok', 'accepted', 0, 1, 'name', '[]', 1, '{}', 1, 1, 1, 'x')",
            "insert into cases (id, number, stub, created_us, updated_us) values (3, '（2004）执他字第19号', 1, 1, 1)",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        sqlite(&pool).await.unwrap();
        let dirty: Vec<(i64, i64)> =
            sqlx::query_as("select kind, subject_id from search_dirty order by kind").fetch_all(&pool).await.unwrap();
        assert_eq!(dirty, [(1, 1), (2, 3)]);
        let (clips,): (i64,) = sqlx::query_as("select count(*) from clips").fetch_one(&pool).await.unwrap();
        assert_eq!(clips, 2);
    }

    #[tokio::test]
    async fn what_was_confirmed_before_there_was_a_table_of_fixity_is_verified() {
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let before: Vec<_> = SQLITE.iter().filter(|m| m.version < 8).cloned().collect();
        Migrator { migrations: before.into(), ..Migrator::DEFAULT }.run(&pool).await.unwrap();
        for sql in [
            "insert into clips (id, sha256, size_bytes, role, kind, health, state, important, recorded_us, recorded_source, doubts, \
             arrived_us, facts, unfiled, entry_index, last_entry) \
             values (1, x'01', 1, 'clip', 'video', 'ok', 'confirmed', 0, 1, 'name', '[]', 1, '{}', 1, 0, 4), \
             (2, x'02', 1, 'clip', 'video', 'ok', 'accepted', 0, 1, 'name', '[]', 1, '{}', 1, 1, 3)",
            "insert into uploads (id, clip_id, folder, dir, name, pair_key, size_bytes, mtime_ns, ctime_ns, inode, important, policy, \
             adopted, state, arrived_us, accepted_us, confirmed_us) \
             values (3, 1, x'', x'', x'31', x'', 1, 1, 1, 1, 0, 'keep', 0, 'confirmed', 1, 1, 50), \
             (4, 1, x'', x'', x'32', x'', 1, 1, 1, 1, 0, 'keep', 0, 'confirmed', 1, 1, 60), \
             (5, 2, x'', x'', x'33', x'', 1, 1, 1, 1, 0, 'keep', 0, 'accepted', 1, 1, null)",
            "insert into custody_events (id, clip_id, at_us, kind, actor, detail, salt, entry_index) values \
             (6, 1, 50, 'fixity_check', 'system:intake', x'', x'', 2), (7, 2, 55, 'fixity_check', 'system:intake', x'', x'', 3), \
             (8, 1, 60, 'fixity_check', 'system:intake', x'', x'', 4)",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        sqlite(&pool).await.unwrap();
        let rows: Vec<(i64, i64, Option<i64>, String, i64)> =
            sqlx::query_as("select clip_id, checked_us, verified_us, result, entry_index from fixity")
                .fetch_all(&pool)
                .await
                .unwrap();
        // The look at the other clip failed, or nobody knows: no upload of it was confirmed then.
        assert_eq!(rows, [(1, 60, Some(60), "equal".to_owned(), 4)]);
    }
}
