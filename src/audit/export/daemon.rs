//! The daemon's exports: what was approved by the API is written below its data directory, one after another.
