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
    accept_other_text(conn).await?;
    POSTGRES.run(conn).await.map_err(CatalogError::from)
}

/// Builds of one day had another text of this migration, which made at once what it and the ninth make now.
const OTHER_TEXT_OF: i64 = 5;
/// SHA-384 of that text.
const OTHER_TEXT: &str =
    "4300cec04bf784e441b61bab92962cd0c32b7e1a11f3b9e71eab4cc1346e69e5c9d0091142ef89dbe1e928f34d6c5fb8";

/// Takes a catalog that was made by [`OTHER_TEXT`] for what it is, instead of refusing it as one that was made by an edited migration.
async fn accept_other_text(conn: &mut PgConnection) -> Result<(), CatalogError> {
    const IS_THERE: &str = "select to_regclass('_sqlx_migrations') is not null";
    const SQL: &str = "update _sqlx_migrations set checksum = $1 where version = $2 and checksum = decode($3, 'hex')";
    let (is_there,): (bool,) = sqlx::query_as(IS_THERE).fetch_one(&mut *conn).await?;
    let text = POSTGRES.iter().find(|migration| migration.version == OTHER_TEXT_OF);
    if let Some(text) = text.filter(|_| is_there) {
        sqlx::query(SQL).bind(&*text.checksum).bind(OTHER_TEXT_OF).bind(OTHER_TEXT).execute(conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |m: &Migrator| m.iter().map(|m| (m.version, m.description.to_string())).collect::<Vec<_>>();
        assert_eq!(names(&SQLITE), names(&POSTGRES));
    }

    /// The first 8 bytes of SHA-384 of each migration that has landed, on SQLite and on PostgreSQL. Only ever added to: a catalog that was
    /// made by a migration refuses it when it was edited.
    const LANDED: [(i64, &str, &str); 13] = [
        (1, "36709e87fcaee1b1", "ed8d472f03df74eb"),
        (2, "0915807ffadc6a65", "f71d6353f21aa789"),
        (3, "0e3d3e96b1a191f7", "e4def24167c08c4b"),
        (4, "3a5e17f33d23e1de", "1172a9ac2e73f6f5"),
        (5, "75cabd56ab83148f", "36c645a325a7a73d"),
        (6, "831ebbf45df04273", "972063c342b03179"),
        (7, "9c3546e9c3869d87", "1be4c57a29266189"),
        (8, "13992b06717b0191", "387064bc913abce9"),
        (9, "a54aa74506f1daa4", "e34f0152ca97a29f"),
        (10, "cdf065ba50ade7b9", "795c4c05aa60e331"),
        (11, "766274864bd948d2", "a0c437e929491f46"),
        (12, "ad251020721d2da6", "6f61c8edfe2682ff"),
        (13, "ff38f86e8b703ea4", "0e03072bc4f6f682"),
    ];

    #[test]
    fn no_migration_that_has_landed_is_edited() {
        let begin = |m: &Migrator, version: i64| {
            let found = m.iter().find(|m| m.version == version).unwrap();
            crate::model::digest::to_hex(&found.checksum[..8])
        };
        for (version, sqlite, postgres) in LANDED {
            assert_eq!((&*begin(&SQLITE, version), &*begin(&POSTGRES, version)), (sqlite, postgres), "{version}");
        }
        assert_eq!(SQLITE.iter().count(), LANDED.len(), "add the new one");
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
    async fn an_index_that_was_read_backwards_is_made_anew() {
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let before: Vec<_> = SQLITE.iter().filter(|m| m.version < 10).cloned().collect();
        Migrator { migrations: before.into(), ..Migrator::DEFAULT }.run(&pool).await.unwrap();
        for sql in [
            "insert into cases (id, number, stub, created_us, updated_us) values (3, '（2004）执他字第19号', 1, 1, 1)",
            "insert into search_docs (doc_key, kind, subject_id, at_us, digest, body, filters) values (16, 2, 3, 1, 1, 'x', 'kcase')",
            "insert into search_index (rowid, terms) values (16, 'kcase')",
            "insert into search_blocks (block, entries) values (0, x'00')",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        sqlite(&pool).await.unwrap();
        let dirty: Vec<(i64, i64)> =
            sqlx::query_as("select kind, subject_id from search_dirty").fetch_all(&pool).await.unwrap();
        assert_eq!(dirty, [(2, 3)]);
        let left = "select (select count(*) from search_docs) + (select count(*) from search_blocks) \
            + (select count(*) from search_index where search_index match 'kcase')";
        assert_eq!(sqlx::query_as::<_, (i64,)>(left).fetch_one(&pool).await.unwrap(), (0,));
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
