//! The listener itself, over TCP.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use zhilu::http::listener::serve;
use zhilu::model::role::Role;

use super::world::World;

#[tokio::test]
async fn it_serves_until_told_to_stop_and_finishes_what_is_under_way() {
    let world = World::new().await;
    let bytes = vec![7; 8 << 20];
    let id = world.accept(world.arrival("a.mp4", &bytes)).await.clip_id;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, world.app.clone(), async {
        let _ = stopped.await;
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let token = world.token(Role::Officer);
    let request = format!("GET /api/v1/clips/{id}/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let idle = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(rest.ends_with(&bytes), "the answer under way was cut off");
    tokio::time::timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    drop(idle);
}
