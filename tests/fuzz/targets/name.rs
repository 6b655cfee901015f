#![no_main]
//! Any bytes through the name reader.

#[path = "../readers/name.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|data: &[u8]| reader::read(data));
