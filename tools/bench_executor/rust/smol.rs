//! smol: async-executor's LocalExecutor, and its channel.
#![recursion_limit = "1024"]

#[path = "bench.rs"]
mod bench;
#[path = "local.rs"]
mod local;

use std::cell::Cell;
use std::future::Future;

use bench::{cpu_ns, row};
use local::Local;
use smol::{channel, LocalExecutor, Task};

thread_local! {
    static CURRENT: Cell<Option<&'static LocalExecutor<'static>>> = const { Cell::new(None) };
}

struct Executor;

impl Local for Executor {
    type Handle = Task<u64>;

    fn run(future: impl Future<Output = u64> + Send + 'static) -> u64 {
        // Never freed: a task that is still there at the end holds it.
        let executor: &'static LocalExecutor<'static> = Box::leak(Box::new(LocalExecutor::new()));
        CURRENT.with(|current| current.set(Some(executor)));
        smol::future::block_on(executor.run(executor.spawn(future)))
    }

    fn spawn(future: impl Future<Output = u64> + Send + 'static) -> Task<u64> {
        CURRENT.with(|current| current.get()).expect("an executor runs").spawn(future)
    }

    fn detach(task: Task<u64>) {
        task.detach();
    }
}

extern "C" fn chan1_round(count: u64) -> u64 {
    Executor::run(async move {
        let (there, from) = channel::bounded(1);
        let (to, back) = channel::bounded(1);
        let other = Executor::spawn(async move {
            while let Ok(value) = from.recv().await {
                if to.send(value).await.is_err() {
                    break;
                }
            }
            0
        });
        let before = cpu_ns();
        for i in 0..count {
            there.send(i).await.expect("the other is there");
            assert_eq!(back.recv().await, Ok(i));
        }
        let spent = cpu_ns() - before;
        drop(there);
        other.await;
        spent
    })
}

fn main() {
    let mut rows = local::rows::<Executor>();
    rows.push(row("chan1_round", "ns", 100_000, 1, chan1_round));
    bench::serve("smol.", &rows);
}
