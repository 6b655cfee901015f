//! The bare peer: copies every file of a folder into another one and fsyncs each, on so many threads; prints the milliseconds.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, from, to, threads] = arguments.as_slice() else {
        eprintln!("usage: floor FROM TO THREADS");
        std::process::exit(2);
    };
    let (from, to) = (PathBuf::from(from), PathBuf::from(to));
    let threads: usize = threads.parse().expect("a number of threads");
    let began = Instant::now();
    let names: Vec<_> = fs::read_dir(&from)?.map(|e| e.map(|e| e.file_name())).collect::<Result<_, _>>()?;
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let bytes = fs::read(from.join(name)).expect("a source that can be read");
                    let mut file = File::create(to.join(name)).expect("a target that can be made");
                    file.write_all(&bytes).expect("a target that can be written");
                    file.sync_all().expect("a target that can be synced");
                }
            });
        }
    });
    println!("{:.1}", began.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
