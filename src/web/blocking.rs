//! Threads for what the API asks of the store, one set of them for the whole server: what
//! one event loop has used is there for the others. They come when they are needed, and
//! go when there was nothing for them for a while. Never in here: what the work is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, Result};

/// Threads at most; what comes then waits.
const THREADS_MAX: usize = 512;
/// How long a thread without work stays: somebody who reads a page in between does not
/// wait for a new one.
const IDLE: Duration = Duration::from_secs(60);
/// How long work that was begun may take once the server stops.
const STOP_MAX: Duration = Duration::from_secs(15);

pub struct Blocking {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
}

impl Blocking {
    /// # Errors
    /// `Io` where the system refuses.
    pub fn start() -> Result<Blocking> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(THREADS_MAX)
            .thread_keep_alive(IDLE)
            .thread_name("blocking")
            .build()?;
        Ok(Blocking {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    /// Runs work, and waits for what comes of it without blocking.
    ///
    /// # Errors
    /// What the work fails with; `Internal` where it broke, or the server stops.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.handle.spawn_blocking(work).await;
        done.map_err(|cause| Error::internal("a worker thread was lost").because(cause))?
    }

    /// Runs work that nobody waits for.
    pub fn begin(&self, work: impl FnOnce() + Send + 'static) {
        self.handle.spawn_blocking(work);
    }

    /// Waits for what was begun; nothing is begun any more.
    pub fn stop(&self) {
        if let Some(runtime) = self.take() {
            runtime.shutdown_timeout(STOP_MAX);
        }
    }

    fn take(&self) -> Option<Runtime> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.take()
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        // It may be dropped where waiting is not allowed.
        if let Some(runtime) = self.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::error::Kind;

    #[actix_web::test]
    async fn work_runs_elsewhere_and_its_outcome_comes_back() {
        let blocking = Blocking::start().unwrap();
        let here = thread::current().id();
        let there = blocking.run(|| Ok(thread::current().id())).await;
        assert_ne!(there.unwrap(), here);
        let refused: Result<()> = blocking.run(|| Err(Error::not_found("it"))).await;
        assert_eq!(refused.unwrap_err().kind(), Kind::NotFound);
        let broken: Result<()> = blocking.run(|| panic!("broken")).await;
        assert_eq!(broken.unwrap_err().kind(), Kind::Internal);
        assert_eq!(blocking.run(|| Ok(7)).await.unwrap(), 7);
    }

    #[test]
    fn what_was_begun_ends_before_the_stop_and_nothing_begins_after_it() {
        let blocking = Blocking::start().unwrap();
        let (ended, late) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (flag, (sender, receiver)) = (ended.clone(), std::sync::mpsc::channel());
        blocking.begin(move || {
            let _ = sender.send(());
            thread::sleep(Duration::from_millis(20));
            flag.store(true, Ordering::Relaxed);
        });
        receiver.recv().unwrap();
        blocking.stop();
        assert!(ended.load(Ordering::Relaxed));
        let flag = late.clone();
        blocking.begin(move || flag.store(true, Ordering::Relaxed));
        blocking.stop();
        assert!(!late.load(Ordering::Relaxed));
    }
}
