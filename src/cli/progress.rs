//! Progress bars, for people who look.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// Bytes that are done, of how many, how fast, until when.
pub(super) const BYTES: &str = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}  {msg}";
/// The same of things that are counted.
pub(super) const COUNT: &str = "{bar:30} {human_pos}/{human_len} {per_sec} eta {eta}  {msg}";

/// A bar on standard error, when people look at it.
pub(super) fn bar(quiet: bool, template: &str) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // Templates are constant and well formed; without one the bar is only plainer.
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
