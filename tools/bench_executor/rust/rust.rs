//! Rust itself, without a runtime: an element of a stream through a source and three wrappers.

#[path = "bench.rs"]
mod bench;

use std::alloc::{alloc, dealloc, Layout};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use bench::{black_box, cpu_ns, row};

fn idle_waker() -> Waker {
    fn same(_: *const ()) -> RawWaker {
        RawWaker::new(ptr::null(), &TABLE)
    }
    fn nothing(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(same, nothing, nothing, nothing);
    unsafe { Waker::from_raw(same(ptr::null())) }
}

/// Runs what never has to wait.
fn run(future: impl Future<Output = u64>) -> u64 {
    let mut future = Box::pin(future);
    let waker = idle_waker();
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
}

struct Source(u64);
struct Add<S>(S);

impl Source {
    async fn plain_next(&mut self) -> Option<u64> {
        self.0 = black_box(self.0) + 1;
        Some(self.0)
    }
}

/// Without a trait each layer knows the one below, and the compiler sees through all of them.
macro_rules! plain_add {
    ($name:ident, $inner:ty) => {
        struct $name($inner);

        impl $name {
            async fn plain_next(&mut self) -> Option<u64> {
                self.0.plain_next().await.map(|value| value + 1)
            }
        }
    };
}

plain_add!(PlainFirst, Source);
plain_add!(PlainSecond, PlainFirst);
plain_add!(PlainThird, PlainSecond);

macro_rules! elements {
    ($stream:expr, $next:ident, $count:expr) => {
        run(async {
            let mut stream = $stream;
            let mut sum = 0u64;
            let before = cpu_ns();
            for _ in 0..$count {
                sum = black_box(sum + stream.$next().await.expect("the stream has no end"));
            }
            let spent = cpu_ns() - before;
            assert_eq!(sum, $count * ($count + 1) / 2 + 3 * $count);
            spent
        })
    };
}

extern "C" fn nested_stream(count: u64) -> u64 {
    elements!(PlainThird(PlainSecond(PlainFirst(Source(0)))), plain_next, count)
}

/// As async-trait does it: a box for each call.
trait Boxed {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<u64>> + '_>>;
}

impl Boxed for Source {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<u64>> + '_>> {
        Box::pin(async move {
            self.0 = black_box(self.0) + 1;
            Some(self.0)
        })
    }
}

impl Boxed for Add<Box<dyn Boxed>> {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<u64>> + '_>> {
        Box::pin(async move { self.0.next().await.map(|value| value + 1) })
    }
}

extern "C" fn nested_stream_boxed(count: u64) -> u64 {
    let source: Box<dyn Boxed> = Box::new(Source(0));
    let first: Box<dyn Boxed> = Box::new(Add(source));
    let second: Box<dyn Boxed> = Box::new(Add(first));
    let third: Box<dyn Boxed> = Box::new(Add(second));
    elements!(third, next, count)
}

/// Memory for the future of one call at a time, kept from one call to the next.
struct Recycler {
    block: *mut u8,
    layout: Layout,
    lent: *mut bool,
}

struct Table {
    poll: unsafe fn(*mut u8, &mut Context<'_>) -> Poll<Option<u64>>,
    drop: unsafe fn(*mut u8),
}

/// A future of an unknown type in a recycler's block.
struct Recycled<'a> {
    future: *mut u8,
    table: &'static Table,
    lent: *mut bool,
    call: PhantomData<&'a mut u8>,
}

struct Of<F>(PhantomData<F>);

impl<F: Future<Output = Option<u64>>> Of<F> {
    const TABLE: Table = Table { poll: Self::poll, drop: Self::drop };

    unsafe fn poll(future: *mut u8, context: &mut Context<'_>) -> Poll<Option<u64>> {
        Pin::new_unchecked(&mut *future.cast::<F>()).poll(context)
    }

    unsafe fn drop(future: *mut u8) {
        ptr::drop_in_place(future.cast::<F>());
    }
}

impl Recycler {
    fn new() -> Recycler {
        Recycler {
            block: ptr::null_mut(),
            layout: Layout::new::<()>(),
            lent: Box::into_raw(Box::new(false)),
        }
    }

    fn allocate<'a, F: Future<Output = Option<u64>> + 'a>(&mut self, future: F) -> Recycled<'a> {
        let layout = Layout::new::<F>();
        unsafe {
            assert!(!*self.lent, "one call at a time");
            if self.block.is_null() {
                self.block = alloc(layout);
                self.layout = layout;
                assert!(!self.block.is_null());
            }
            assert!(self.layout.size() >= layout.size() && self.layout.align() >= layout.align());
            self.block.cast::<F>().write(future);
            *self.lent = true;
        }
        Recycled {
            future: self.block,
            table: &Of::<F>::TABLE,
            lent: self.lent,
            call: PhantomData,
        }
    }
}

impl Drop for Recycler {
    fn drop(&mut self) {
        unsafe {
            if !self.block.is_null() {
                dealloc(self.block, self.layout);
            }
            drop(Box::from_raw(self.lent));
        }
    }
}

impl Future for Recycled<'_> {
    type Output = Option<u64>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u64>> {
        unsafe { (self.table.poll)(self.future, context) }
    }
}

impl Drop for Recycled<'_> {
    fn drop(&mut self) {
        unsafe {
            (self.table.drop)(self.future);
            *self.lent = false;
        }
    }
}

trait Recycling {
    fn next(&mut self) -> Recycled<'_>;
}

struct Counting {
    last: u64,
    recycler: Recycler,
}

struct Adding {
    inner: Box<dyn Recycling>,
    recycler: Recycler,
}

impl Recycling for Counting {
    fn next(&mut self) -> Recycled<'_> {
        let last = &mut self.last;
        self.recycler.allocate(async move {
            *last = black_box(*last) + 1;
            Some(*last)
        })
    }
}

impl Recycling for Adding {
    fn next(&mut self) -> Recycled<'_> {
        let inner = &mut self.inner;
        self.recycler.allocate(async move { inner.next().await.map(|value| value + 1) })
    }
}

fn adding(inner: Box<dyn Recycling>) -> Box<dyn Recycling> {
    Box::new(Adding { inner, recycler: Recycler::new() })
}

extern "C" fn nested_stream_recycled(count: u64) -> u64 {
    let source = Box::new(Counting { last: 0, recycler: Recycler::new() });
    elements!(adding(adding(adding(source))), next, count)
}

fn main() {
    bench::serve(
        "rust.",
        &[
            row("nested_stream", "ns", 2_000_000, 1, nested_stream),
            row("nested_stream_boxed", "ns", 200_000, 1, nested_stream_boxed),
            row("nested_stream_recycled", "ns", 200_000, 1, nested_stream_recycled),
        ],
    );
}
