//! What the JSON API and later the console share: the listener, who may ask, parameters, problems, ranges, bodies of files.

pub mod body;
pub mod conditional;
pub mod csv;
pub mod cursor;
pub mod disposition;
pub mod edge;
pub mod extract;
pub mod language;
pub mod listener;
pub mod params;
pub mod problem;
pub mod range;
pub mod state;
pub mod stream;
pub mod tar;
pub mod value;
