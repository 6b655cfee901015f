//! Connections to the server.

use zhilu::catalog::engine::{Db, Location};

use crate::cluster;

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
