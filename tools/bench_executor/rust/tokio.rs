//! tokio: its scheduler of one thread, its scheduler of two, its channel, its timers, its sockets.
#![recursion_limit = "1024"]

#[path = "bench.rs"]
mod bench;
#[path = "local.rs"]
mod local;

use std::future::Future;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

use bench::{cpu_ns, row, yield_now};
use local::Local;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::{sleep_until, Instant, Sleep};

const TIMERS: u64 = 1_000_000;
const TIMER_MS_MAX: u64 = 1000;
const MT_TASKS: u64 = 1000;
const MT_BATCH: u64 = 256;
const CONNECTIONS: u64 = 64;
const MESSAGE_SIZE: usize = 64;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime of one thread")
}

struct Handle(tokio::task::JoinHandle<u64>);

impl Future for Handle {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        Pin::new(&mut self.0).poll(context).map(|result| result.expect("no task panics"))
    }
}

struct CurrentThread;

impl Local for CurrentThread {
    type Handle = Handle;

    fn run(future: impl Future<Output = u64> + Send + 'static) -> u64 {
        current_thread().block_on(async { Self::spawn(future).await })
    }

    fn spawn(future: impl Future<Output = u64> + Send + 'static) -> Handle {
        Handle(tokio::spawn(future))
    }

    fn detach(_: Handle) {}
}

extern "C" fn chan1_round(count: u64) -> u64 {
    CurrentThread::run(async move {
        let (there, mut from) = mpsc::channel(1);
        let (to, mut back) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(value) = from.recv().await {
                if to.send(value).await.is_err() {
                    break;
                }
            }
        });
        let before = cpu_ns();
        for i in 0..count {
            there.send(i).await.expect("the other is there");
            assert_eq!(back.recv().await, Some(i));
        }
        cpu_ns() - before
    })
}

/// A message goes over a pair of sockets and comes back, over so many pairs at one time.
fn echo(connections: u64, count: u64) -> u64 {
    let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime with I/O");
    runtime.block_on(async move {
        let mut tasks = Vec::new();
        let before = cpu_ns();
        for _ in 0..connections {
            let (mut ask, mut serve) = UnixStream::pair().expect("there is a pair of sockets");
            tokio::spawn(async move {
                let mut bytes = [0u8; MESSAGE_SIZE];
                while serve.read(&mut bytes).await.expect("a message is read") > 0 {
                    serve.write_all(&bytes).await.expect("a message is written");
                }
            });
            tasks.push(tokio::spawn(async move {
                let mut bytes = [0u8; MESSAGE_SIZE];
                for _ in 0..count / connections {
                    ask.write_all(&bytes).await.expect("a message is written");
                    let size = ask.read(&mut bytes).await.expect("a message is read");
                    assert_eq!(size, MESSAGE_SIZE);
                }
            }));
        }
        for task in tasks {
            task.await.expect("no task panics");
        }
        cpu_ns() - before
    })
}

extern "C" fn io_ping(count: u64) -> u64 {
    echo(1, count)
}

extern "C" fn io_echo_64(count: u64) -> u64 {
    echo(CONNECTIONS, count)
}

static FIRED: AtomicU64 = AtomicU64::new(0);

/// A waker that counts, so that what a timer wakes costs next to nothing.
fn counting_waker() -> Waker {
    fn same(_: *const ()) -> RawWaker {
        RawWaker::new(std::ptr::null(), &TABLE)
    }
    fn count(_: *const ()) {
        FIRED.store(FIRED.load(Relaxed) + 1, Relaxed);
    }
    fn nothing(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(same, count, count, nothing);
    unsafe { Waker::from_raw(same(std::ptr::null())) }
}

/// Timers in one piece of memory, as they are in the C benchmarks.
struct Timers(Vec<MaybeUninit<Sleep>>);

impl Timers {
    fn new() -> Timers {
        let mut timers = Vec::with_capacity(TIMERS as usize);
        timers.resize_with(TIMERS as usize, MaybeUninit::zeroed);
        Timers(timers)
    }

    fn insert(&mut self, start: Instant, count: u64) {
        let waker = counting_waker();
        let mut context = Context::from_waker(&waker);
        let mut state = 1u64;
        for timer in &mut self.0[..count as usize] {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let ms = 1 + (((state >> 32) * TIMER_MS_MAX) >> 32);
            let timer = timer.write(sleep_until(start + Duration::from_millis(ms)));
            let pinned = unsafe { Pin::new_unchecked(timer) };
            assert!(pinned.poll(&mut context).is_pending());
        }
    }

    /// Dropping is how a timer is cancelled.
    fn cancel(&mut self, count: u64) {
        for timer in &mut self.0[..count as usize] {
            unsafe { timer.assume_init_drop() };
        }
    }
}

/// The timers are due this much later than they could be, so that none is while they are measured.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Polled by block_on itself, whose budget is not that of a task; without any.
fn with_timers(measure: impl Future<Output = u64>) -> u64 {
    current_thread().block_on(tokio::task::unconstrained(measure))
}

extern "C" fn timer_insert(count: u64) -> u64 {
    with_timers(async {
        let mut timers = Timers::new();
        let start = far();
        let before = cpu_ns();
        timers.insert(start, count);
        let spent = cpu_ns() - before;
        timers.cancel(count);
        spent
    })
}

extern "C" fn timer_cancel(count: u64) -> u64 {
    with_timers(async {
        let mut timers = Timers::new();
        timers.insert(far(), count);
        let before = cpu_ns();
        timers.cancel(count);
        cpu_ns() - before
    })
}

extern "C" fn timer_fire(count: u64) -> u64 {
    with_timers(async {
        let mut timers = Timers::new();
        FIRED.store(0, Relaxed);
        let start = Instant::now() + Duration::from_secs(1);
        timers.insert(start, count);
        let due = start + Duration::from_millis(TIMER_MS_MAX + 10);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let before = cpu_ns();
        while FIRED.load(Relaxed) < count {
            yield_now().await;
        }
        let spent = cpu_ns() - before;
        timers.cancel(count);
        spent
    })
}

fn two_threads(measure: impl Future<Output = u64>) -> u64 {
    Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime of two threads")
        .block_on(measure)
}

/// Tasks enough for both threads, which yield.
extern "C" fn mt_yield(count: u64) -> u64 {
    two_threads(async move {
        let before = cpu_ns();
        let tasks: Vec<_> = (0..MT_TASKS)
            .map(|_| {
                tokio::spawn(async move {
                    for _ in 0..count / MT_TASKS {
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
        cpu_ns() - before
    })
}

/// Two tasks, one for each thread, which spawn batches and await them.
extern "C" fn mt_spawn(count: u64) -> u64 {
    two_threads(async move {
        let before = cpu_ns();
        let parents = [(); 2].map(|_| {
            tokio::spawn(async move {
                for _ in 0..count / MT_BATCH / 2 {
                    let batch: Vec<_> = (0..MT_BATCH).map(|_| tokio::spawn(async {})).collect();
                    for task in batch {
                        task.await.expect("no task panics");
                    }
                }
            })
        });
        for parent in parents {
            parent.await.expect("no task panics");
        }
        cpu_ns() - before
    })
}

fn main() {
    let mut rows = local::rows::<CurrentThread>();
    rows.push(row("chan1_round", "ns", 100_000, 1, chan1_round));
    rows.push(row("io_ping", "ns", 100_000, 1, io_ping));
    rows.push(row("io_echo_64", "ns", 1600 * CONNECTIONS, CONNECTIONS, io_echo_64));
    rows.push(row("timer_insert", "ns", TIMERS, 0, timer_insert));
    rows.push(row("timer_cancel", "ns", TIMERS, 0, timer_cancel));
    rows.push(row("timer_fire", "ns", TIMERS, 0, timer_fire));
    rows.push(row("mt_yield", "ns", 500 * MT_TASKS, 0, mt_yield));
    rows.push(row("mt_spawn", "ns", 400 * MT_BATCH, 0, mt_spawn));
    bench::serve("tokio.", &rows);
}
