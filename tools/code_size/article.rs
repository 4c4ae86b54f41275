// The async functions of article.c, as the articles have them.
use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

pub struct Pause(Cell<bool>);

impl Future for Pause {
    type Output = ();
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.replace(true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn pause_once() -> Pause {
    Pause(Cell::new(false))
}

pub enum CommandId {
    A,
    B,
}

#[inline(never)]
fn get_command() -> CommandId {
    if black_box(true) { CommandId::A } else { CommandId::B }
}

#[inline(never)]
fn sent(response: u32) {
    black_box(response);
}

pub async fn foo() -> i32 {
    5
}

pub async fn bar() -> i32 {
    foo().await + foo().await
}

pub async fn send_response(response: u32) {
    pause_once().await;
    sent(response);
}

pub async fn process_command() {
    match get_command() {
        CommandId::A => send_response(123).await,
        CommandId::B => send_response(456).await,
    }
}

pub async fn ffoo(is_big: bool) -> i32 {
    pause_once().await;
    if is_big { 1 } else { 2 }
}

pub async fn passthrough(is_big: bool) -> i32 {
    ffoo(is_big).await
}

pub async fn ambled(input: u32) -> i32 {
    let is_big = input > 10;
    let result = ffoo(is_big).await;
    result * 2
}

pub async fn ten() {
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
    pause_once().await;
}

fn row<F: Future>(name: &str, make: impl Fn() -> F)
where
    F: 'static,
    F::Output: 'static,
{
    let future = make();
    println!("{} {}", name, std::mem::size_of_val(&future));
    let erased: Box<dyn Future<Output = F::Output>> = Box::new(future);
    black_box(erased);
}

fn main() {
    row("foo", foo);
    row("bar", bar);
    row("send_response", || send_response(black_box(1)));
    row("process_command", process_command);
    row("ffoo", || ffoo(black_box(true)));
    row("passthrough", || passthrough(black_box(true)));
    row("ambled", || ambled(black_box(11)));
    row("ten", ten);
}
