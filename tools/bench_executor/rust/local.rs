//! The benchmarks of one thread, the same for every executor that can spawn.

use std::cell::UnsafeCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::bench::{black_box, cpu_ns, resident_bytes, row, yield_now, PollFn, Row};

const TASKS_MANY: u64 = 100_000;
const SPAWN_BATCH: u64 = 256;
const TASKS_LIVE: u64 = 200_000;

/// An executor that runs on the calling thread.
pub trait Local {
    type Handle: Future<Output = u64> + Send + Unpin;

    /// Runs a future, as a task of the executor, until it ends.
    fn run(future: impl Future<Output = u64> + Send + 'static) -> u64;
    fn spawn(future: impl Future<Output = u64> + Send + 'static) -> Self::Handle;
    fn detach(handle: Self::Handle);
}

pub fn rows<E: Local + 'static>() -> Vec<Row> {
    vec![
        row("task", "bytes", TASKS_LIVE, 0, task_bytes::<E>),
        row("yield_1", "ns", 200_000, 1, yield_1::<E>),
        row("yield_100k", "ns", 500_000, TASKS_MANY, yield_100k::<E>),
        row("spawn_run", "ns", 400 * SPAWN_BATCH, SPAWN_BATCH, spawn_run::<E>),
        row("spawn_await", "ns", 100_000, 1, spawn_await::<E>),
        row("slot_round", "ns", 100_000, 1, slot_round::<E>),
        row("wake_leaf_1", "ns", 200_000, 1, wake_leaf_1::<E>),
        row("wake_leaf_8", "ns", 200_000, 1, wake_leaf_8::<E>),
        row("wake_leaf_64", "ns", 200_000, 1, wake_leaf_64::<E>),
        row("wake_leaf_boxed_1", "ns", 200_000, 1, wake_leaf_boxed_1::<E>),
        row("wake_leaf_boxed_8", "ns", 200_000, 1, wake_leaf_boxed_8::<E>),
        row("wake_leaf_boxed_64", "ns", 100_000, 1, wake_leaf_boxed_64::<E>),
    ]
}

/// Pending for ever, with three words of its own.
struct Idle([u64; 3]);

impl Future for Idle {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
        black_box(self.0);
        Poll::Pending
    }
}

extern "C" fn task_bytes<E: Local>(count: u64) -> u64 {
    E::run(async move {
        let before = resident_bytes();
        for i in 0..count {
            E::detach(E::spawn(Idle([i; 3])));
        }
        yield_now().await;
        resident_bytes() - before
    })
}

extern "C" fn yield_1<E: Local>(count: u64) -> u64 {
    E::run(async move {
        let before = cpu_ns();
        for _ in 0..count {
            yield_now().await;
        }
        cpu_ns() - before
    })
}

/// The clock of many tasks: begins when the first has begun and ends when the last ends.
#[derive(Default)]
struct Span {
    began: AtomicU64,
    ended: AtomicU64,
}

extern "C" fn yield_100k<E: Local + 'static>(count: u64) -> u64 {
    E::run(async move {
        let span = Arc::new(Span::default());
        for _ in 0..TASKS_MANY {
            let span = span.clone();
            E::detach(E::spawn(async move {
                yield_now().await; // all are spawned before the first of them goes on
                if span.began.load(Relaxed) == 0 {
                    span.began.store(cpu_ns(), Relaxed);
                }
                for _ in 0..count / TASKS_MANY {
                    yield_now().await;
                }
                span.ended.fetch_add(1, Relaxed);
                0
            }));
        }
        while span.ended.load(Relaxed) < TASKS_MANY {
            yield_now().await;
        }
        cpu_ns() - span.began.load(Relaxed)
    })
}

extern "C" fn spawn_run<E: Local + 'static>(count: u64) -> u64 {
    static DONE: AtomicU64 = AtomicU64::new(0);
    E::run(async move {
        DONE.store(0, Relaxed);
        let before = cpu_ns();
        for batch in 1..=count / SPAWN_BATCH {
            for _ in 0..SPAWN_BATCH {
                E::detach(E::spawn(async {
                    DONE.store(DONE.load(Relaxed) + 1, Relaxed);
                    0
                }));
            }
            while DONE.load(Relaxed) < batch * SPAWN_BATCH {
                yield_now().await;
            }
        }
        cpu_ns() - before
    })
}

extern "C" fn spawn_await<E: Local + 'static>(count: u64) -> u64 {
    E::run(async move {
        let mut sum = 0;
        let before = cpu_ns();
        for _ in 0..count {
            sum += E::spawn(async { black_box(1) }).await;
        }
        let spent = cpu_ns() - before;
        assert_eq!(sum, count);
        spent
    })
}

/// A channel of one slot that costs next to nothing itself: for one thread, without reference
/// counts or locks.
struct Slot(UnsafeCell<SlotState>);

#[derive(Default)]
struct SlotState {
    value: Option<u64>,
    sender: Option<Waker>,
    receiver: Option<Waker>,
}

// Local executors alone use it, on the thread that made it.
unsafe impl Send for Slot {}
unsafe impl Sync for Slot {}

impl Slot {
    fn new() -> Arc<Slot> {
        Arc::new(Slot(UnsafeCell::new(SlotState::default())))
    }

    async fn send(&self, value: u64) {
        PollFn(|context: &mut Context<'_>| {
            let state = unsafe { &mut *self.0.get() };
            if state.value.is_some() {
                state.sender = Some(context.waker().clone());
                return Poll::Pending;
            }
            state.value = Some(value);
            if let Some(waker) = state.receiver.take() {
                waker.wake();
            }
            Poll::Ready(())
        })
        .await
    }

    async fn receive(&self) -> u64 {
        PollFn(|context: &mut Context<'_>| {
            let state = unsafe { &mut *self.0.get() };
            match state.value.take() {
                None => {
                    state.receiver = Some(context.waker().clone());
                    Poll::Pending
                }
                Some(value) => {
                    if let Some(waker) = state.sender.take() {
                        waker.wake();
                    }
                    Poll::Ready(value)
                }
            }
        })
        .await
    }
}

extern "C" fn slot_round<E: Local + 'static>(count: u64) -> u64 {
    E::run(async move {
        let (there, back) = (Slot::new(), Slot::new());
        let (from, to) = (there.clone(), back.clone());
        let other = E::spawn(async move {
            for _ in 0..count {
                to.send(from.receive().await).await;
            }
            0
        });
        let before = cpu_ns();
        for i in 0..count {
            there.send(i).await;
            assert_eq!(back.receive().await, i);
        }
        let spent = cpu_ns() - before;
        other.await;
        spent
    })
}

/// How often the leaf yields. Not an argument: each layer would keep its own copy of it.
static LEFT: AtomicU64 = AtomicU64::new(0);

async fn leaf() -> u64 {
    let before = cpu_ns();
    for _ in 0..LEFT.load(Relaxed) {
        yield_now().await;
    }
    cpu_ns() - before
}

/// A function for each name, which awaits the one before it and keeps a local meanwhile.
macro_rules! layers {
    ($inner:ident) => {};
    ($inner:ident $outer:ident $($rest:ident)*) => {
        async fn $outer() -> u64 {
            let local = black_box(0);
            let result = $inner().await;
            result + local
        }
        layers!($outer $($rest)*);
    };
}

layers!(
    leaf
    l2 l3 l4 l5 l6 l7 l8 l9 l10 l11 l12 l13 l14 l15 l16 l17 l18 l19 l20 l21 l22 l23 l24 l25
    l26 l27 l28 l29 l30 l31 l32 l33 l34 l35 l36 l37 l38 l39 l40 l41 l42 l43 l44 l45 l46 l47
    l48 l49 l50 l51 l52 l53 l54 l55 l56 l57 l58 l59 l60 l61 l62 l63 l64
);

extern "C" fn wake_leaf_1<E: Local>(count: u64) -> u64 {
    LEFT.store(count, Relaxed);
    E::run(leaf())
}

extern "C" fn wake_leaf_8<E: Local>(count: u64) -> u64 {
    LEFT.store(count, Relaxed);
    E::run(l8())
}

extern "C" fn wake_leaf_64<E: Local>(count: u64) -> u64 {
    LEFT.store(count, Relaxed);
    E::run(l64())
}

fn boxed(depth: u32) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        let local = black_box(0);
        let result = if depth == 1 { leaf().await } else { boxed(depth - 1).await };
        result + local
    })
}

fn wake_leaf_boxed<E: Local>(count: u64, depth: u32) -> u64 {
    LEFT.store(count, Relaxed);
    E::run(boxed(depth))
}

extern "C" fn wake_leaf_boxed_1<E: Local>(count: u64) -> u64 {
    wake_leaf_boxed::<E>(count, 1)
}

extern "C" fn wake_leaf_boxed_8<E: Local>(count: u64) -> u64 {
    wake_leaf_boxed::<E>(count, 8)
}

extern "C" fn wake_leaf_boxed_64<E: Local>(count: u64) -> u64 {
    wake_leaf_boxed::<E>(count, 64)
}
