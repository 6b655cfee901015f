#![no_main]
//! Any bytes through the sidecar reader.

#[path = "../readers/sidecar.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|data: &[u8]| reader::read(data));
