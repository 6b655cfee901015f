//! Connections to the server.

use std::path::Path;
use std::process::Command;

use sqlx::Connection as _;
use zhilu::catalog::engine::{Conn, Db, Location, postgres};

use crate::cluster::{self, Cluster, GUARDED};
use crate::support::Court;

#[tokio::test]
async fn one_process_writes_at_a_time_and_the_next_is_told_after_a_while() {
    let database = cluster::database();
    let location = Location::parse(&database.url(), None).unwrap();
    let (one, other) = (Db::open(&location).await.unwrap(), Db::open(&location).await.unwrap());
    let tx = one.begin().await.unwrap();
    let began = std::time::Instant::now();
    let error = other.begin().await.map(drop).unwrap_err();
    assert!(error.is_passing() && began.elapsed().as_secs() >= 9, "{error}");
    drop(tx);
    // The refused one left nothing behind on its connection.
    other.begin().await.unwrap().commit().await.unwrap();
    one.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn all_text_is_ordered_by_its_bytes() {
    let database = cluster::database();
    let mut conn = sqlx::PgConnection::connect(&database.url()).await.unwrap();
    let sql = "select table_name || '.' || column_name from information_schema.columns join information_schema.tables \
        using (table_schema, table_name) where table_schema = current_schema() and table_type = 'BASE TABLE' \
        and data_type = 'text' and collation_name is distinct from 'C' and table_name not like '\\_sqlx%'";
    let wrong: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&mut conn).await.unwrap();
    assert!(wrong.is_empty(), "say `collate \"C\"` in migrations/postgres: {wrong:?}");
    let (order,): (bool,) = sqlx::query_as("select 'ａ' < 'b'").fetch_one(&mut conn).await.unwrap();
    assert!(order, "the test cluster orders by bytes itself, so the test above proves nothing");
}

#[tokio::test]
async fn a_catalog_made_by_the_other_text_of_a_migration_is_taken_and_one_made_by_any_other_is_not() {
    let database = cluster::database();
    let other = "4300cec04bf784e441b61bab92962cd0c32b7e1a11f3b9e71eab4cc1346e69e5c9d0091142ef89dbe1e928f34d6c5fb8";
    // As such a catalog was: the text was ordered by bytes from the start, and the ninth migration had not run.
    database.execute(&format!("update _sqlx_migrations set checksum = decode('{other}', 'hex') where version = 5"));
    database.execute("delete from _sqlx_migrations where version = 9");
    Db::open(&Location::parse(&database.url(), None).unwrap()).await.unwrap().close().await;
    database.execute("update _sqlx_migrations set checksum = decode('00', 'hex') where version = 5");
    let error = Db::open(&Location::parse(&database.url(), None).unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("migration 5"), "{error}");
}

#[test]
fn a_password_is_read_from_its_file_and_shown_nowhere() {
    let mut court = Court::with("keep", "");
    let database = court.database.take().unwrap_or_else(cluster::database);
    database.order(format!("create role {GUARDED} login superuser password 's3cret pass'"));
    let file = court.path().join("password");
    std::fs::write(&file, "wrong s3cret\n").unwrap();
    let url = database.url().replace("postgres://postgres@", &format!("postgres://{GUARDED}@"));
    let run = |arguments: &[&str]| {
        let mut command = court.command(arguments);
        command.env("ZHILU_DATABASE_URL", &url).env("ZHILU_DATABASE_PASSWORD_FILE", &file).output().unwrap()
    };
    let text = |out: &std::process::Output| {
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
    };
    for arguments in [&["check"][..], &["doctor"], &["ingest", court.uploads().to_str().unwrap()]] {
        let out = run(arguments);
        assert!(!out.status.success());
        assert!(text(&out).contains("authentication failed") && !text(&out).contains("s3cret"), "{}", text(&out));
    }
    std::fs::write(&file, "s3cret pass\n").unwrap();
    let out = run(&["ingest", court.uploads().to_str().unwrap()]);
    assert!(out.status.success(), "{}", text(&out));
    let doctor = text(&run(&["doctor"]));
    // The cluster of the tests is not one to keep evidence in.
    for word in ["is PostgreSQL", "answers in", "fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
        assert!(doctor.contains(word), "{word}: {doctor}");
    }
    let out = court
        .command(&["check-config"])
        .env("ZHILU_DATABASE_URL", "postgres://u:s3cret@h/d?sslmod=x")
        .output()
        .unwrap();
    assert!(!out.status.success() && text(&out).contains("sslmod") && !text(&out).contains("s3cret"), "{}", text(&out));
    drop(database);
}

#[tokio::test]
async fn what_is_committed_is_durable_whatever_the_server_s_default() {
    let database = cluster::database();
    let db = Db::open(&Location::parse(&database.url(), None).unwrap()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let Conn::Postgres(conn) = tx.conn() else { panic!("another engine") };
    let (commit,): (String,) = sqlx::query_as("show synchronous_commit").fetch_one(&mut *conn).await.unwrap();
    let (level,): (String,) = sqlx::query_as("show transaction_isolation").fetch_one(conn).await.unwrap();
    assert_eq!((commit.as_str(), level.as_str()), ("on", "read committed"));
    let mut reader = db.read().await.unwrap();
    let Conn::Postgres(conn) = reader.conn() else { panic!("another engine") };
    assert!(sqlx::query("delete from tokens").execute(conn).await.is_err(), "a reader wrote");
}

/// Runs openssl in a directory.
fn openssl(dir: &Path, arguments: &str) {
    let out = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test]
async fn a_server_proves_who_it_is_before_it_is_told_anything() {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let own = tempfile::tempdir().unwrap();
    let root = own.path().join("root.crt");
    let cluster = Cluster::start_with(|dir| {
        openssl(dir, &format!("req -x509 {KEY} -keyout ca.key -out ca.crt -subj /CN=court -days 2"));
        openssl(dir, &format!("req {KEY} -keyout server.key -out server.csr -subj /CN=database"));
        std::fs::write(dir.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
        openssl(
            dir,
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile names",
        );
        std::fs::copy(dir.join("ca.crt"), &root).unwrap();
        let dir = dir.display();
        format!("-c ssl=on -c ssl_cert_file={dir}/server.crt -c ssl_key_file={dir}/server.key")
    });
    let database = cluster.database();
    let look = async |url: String| {
        let Location::Postgres(server) = Location::parse(&url, None).unwrap() else { panic!("another engine") };
        postgres::look(&server).await
    };
    let verified = format!("{}?sslmode=verify-full", database.url());
    let about = look(format!("{verified}&sslrootcert={}", root.display())).await.unwrap();
    assert!(about.encrypted);
    // Known to nobody; known, but under another name.
    assert!(look(verified.clone()).await.is_err());
    let renamed = format!("{verified}&sslrootcert={}", root.display()).replace("127.0.0.1", "localhost");
    assert!(look(renamed).await.is_err());
    // Where nothing else is said it is encrypted when the server can.
    assert!(look(database.url()).await.unwrap().encrypted);
    // A server that cannot is not talked to.
    let plain = cluster::database();
    let error = look(format!("{}?sslmode=require", plain.url())).await.unwrap_err();
    assert!(!error.is_passing(), "{error}");
}
