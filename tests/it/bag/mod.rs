//! Exports as an outsider audits them: by this program and by the independent checker, with one table of attacks for both.

mod attacks;
mod bytes;
mod court;
mod files;
mod honest;
mod judges;
mod sample;
