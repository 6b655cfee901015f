//! What is PostgreSQL's own: connections, several daemons, a server that goes away. The whole suite runs on it as well, see
//! [`crate::cluster::is_chosen`].

mod away;
mod connection;
mod daemons;
mod migrate;
