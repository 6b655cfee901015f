#![no_main]
//! Any bytes through the container reader.

#[path = "../readers/container.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|data: &[u8]| reader::read(data));
