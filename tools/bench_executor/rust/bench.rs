//! What the Rust peers share with the C programs: rows, and who measures and prints them.
//!
//! The functions behind `extern "C"` are those of row.h and request.h.

use std::ffi::CString;
use std::future::Future;
use std::os::raw::{c_char, c_int};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

#[repr(C)]
pub struct Row {
    name: *const c_char,
    unit: *const c_char,
    count: u64,
    step: u64,
    run: extern "C" fn(u64) -> u64,
    aim: *const c_char,
    aim_instr: *const c_char,
}

#[link(name = "bench_row", kind = "static")]
extern "C" {
    fn row_cpu_ns() -> u64;
    fn row_resident_bytes() -> u64;
    fn request_serve(
        argc: c_int,
        argv: *const *const c_char,
        prefix: *const c_char,
        rows: *const Row,
        count: usize,
    ) -> c_int;
}

#[allow(dead_code)]
pub fn resident_bytes() -> u64 {
    unsafe { row_resident_bytes() }
}

pub fn cpu_ns() -> u64 {
    unsafe { row_cpu_ns() }
}

fn owned(text: &str) -> *const c_char {
    CString::new(text).expect("no byte of it is zero").into_raw()
}

/// `step` 0: not counted in instructions.
pub fn row(
    name: &str,
    unit: &str,
    count: u64,
    step: u64,
    run: extern "C" fn(u64) -> u64,
) -> Row {
    Row {
        name: owned(name),
        unit: owned(unit),
        count,
        step,
        run,
        aim: ptr::null(),
        aim_instr: ptr::null(),
    }
}

/// What main() is; ends the process.
pub fn serve(prefix: &str, rows: &[Row]) -> ! {
    let mut argv: Vec<_> = std::env::args().map(|argument| owned(&argument)).collect();
    let argc = argv.len() as c_int;
    argv.push(ptr::null());
    let status =
        unsafe { request_serve(argc, argv.as_ptr(), owned(prefix), rows.as_ptr(), rows.len()) };
    std::process::exit(status)
}

/// Goes back to the scheduler once. The same for every executor: none's own idea of a yield.
pub struct Yield(pub bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// std::hint::black_box, which the oldest compiler that this is for does not have.
pub fn black_box<T: Copy>(value: T) -> T {
    unsafe { ptr::read_volatile(&value) }
}

/// std::future::poll_fn, for the same reason.
#[allow(dead_code)]
pub struct PollFn<F>(pub F);

impl<T, F: FnMut(&mut Context<'_>) -> Poll<T> + Unpin> Future for PollFn<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        (self.0)(context)
    }
}

#[allow(dead_code)]
pub async fn yield_now() {
    Yield(false).await
}
