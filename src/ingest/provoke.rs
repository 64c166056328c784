//! A panic on demand in one of the two threads, for the test that a process never
//! goes on half alive. It exists in builds with debug assertions only; a release has
//! nothing of it.

/// Where to panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Journal,
    Settle,
}

/// Panics where `PIXELKEEP_PANIC` names this place and there is work at hand.
#[cfg(debug_assertions)]
pub fn panic_at(place: Place, work: usize) {
    let wanted = match place {
        Place::Journal => "journal",
        Place::Settle => "settle",
    };
    if work > 0 && std::env::var_os("PIXELKEEP_PANIC").is_some_and(|name| name == wanted) {
        std::panic::panic_any("asked for by PIXELKEEP_PANIC");
    }
}

#[cfg(not(debug_assertions))]
pub fn panic_at(_: Place, _: usize) {}
