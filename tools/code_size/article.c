/* The async functions of "Async Rust never left the MVP state" and of "How Rust optimizes
 * async/await", as one writes them here; article.rs has them as they stand there. Only their code
 * is looked at. */
#include <ex/scheduler.h>
#include <ex/stream.h>
#include <ex/waker.h>
#include <stdio.h>

/* What the rest waits for, somewhere else. */
struct pause {
    struct ex_frame frame;
};

struct ex_frame *pause_once(struct pause *self);
uint32_t get_command(void);
void sent(uint32_t response);

/* async { 5 }: nothing is awaited, so it is a function. */
int32_t foo(void);
int32_t bar(void);

int32_t foo(void) {
    return 5;
}

/* foo().await + foo().await */
int32_t bar(void) {
    return foo() + foo();
}

struct send_response {
    struct ex_frame frame;
    struct pause pause;
    uint32_t response;
};

EX_RESUME(send_response) {
    EX_BEGIN(send_response);
    EX_AWAIT(pause_once(&self->pause));
    sent(self->response);
    EX_END();
}

static struct ex_frame *send_response(struct send_response *self, uint32_t response) {
    self->response = response;
    return EX_FRAME(self, send_response);
}

/* match get_command() { A => send_response(123).await, B => send_response(456).await }: the arms
 * choose what is awaited, and it is awaited at one place. */
struct process_command {
    struct ex_frame frame;
    struct send_response send;
};

EX_RESUME(process_command) {
    EX_BEGIN(process_command);
    EX_AWAIT(send_response(&self->send, get_command() == 0 ? 123 : 456));
    EX_END();
}

struct ex_frame *process_command(struct process_command *self);

struct ex_frame *process_command(struct process_command *self) {
    return EX_FRAME(self, process_command);
}

struct ffoo {
    struct ex_frame frame;
    struct pause pause;
    bool is_big;
};

EX_RESUME(ffoo) {
    EX_BEGIN(ffoo);
    EX_AWAIT(pause_once(&self->pause));
    EX_RETURN(self->is_big ? 1 : 2);
    EX_END();
}

static struct ex_frame *ffoo(struct ffoo *self, bool is_big) {
    self->is_big = is_big;
    return EX_FRAME(self, ffoo);
}

/* foo(blah).await and nothing else: hands its caller foo's frame. */
struct ex_frame *passthrough(struct ffoo *self, bool is_big);

struct ex_frame *passthrough(struct ffoo *self, bool is_big) {
    return ffoo(self, is_big);
}

/* let blah = input > 10; foo(blah).await * 2 */
struct ambled {
    struct ex_frame frame;
    struct ffoo inner;
};

EX_RESUME(ambled) {
    EX_BEGIN(ambled);
    EX_AWAIT(&self->inner.frame);
    EX_RETURN(value * 2);
    EX_END();
}

struct ex_frame *ambled(struct ambled *self, uint32_t input);

struct ex_frame *ambled(struct ambled *self, uint32_t input) {
    ffoo(&self->inner, input > 10);
    return EX_FRAME(self, ambled);
}

struct ten {
    struct ex_frame frame;
    struct pause pause;
};

EX_RESUME(ten) {
    EX_BEGIN(ten);
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_AWAIT(pause_once(&self->pause));
    EX_END();
}

struct ex_frame *ten(struct ten *self);

struct ex_frame *ten(struct ten *self) {
    return EX_FRAME(self, ten);
}

/* Yields the sums going up through `xs`, and down again. */
struct sum_generator {
    struct ex_frame frame;
    struct ex_generator generator;
    const int32_t *xs;
    size_t count;
    size_t at;
    int64_t sum;
};

EX_RESUME(sum_generator) {
    EX_BEGIN(sum_generator);
    for (self->at = 0; self->at < self->count; self->at++) {
        self->sum += self->xs[self->at];
        EX_YIELD_ITEM(self->sum);
    }
    for (; self->at > 0; self->at--) {
        self->sum -= self->xs[self->at - 1];
        EX_YIELD_ITEM(self->sum);
    }
    EX_END();
}

struct ex_frame *sum_generator(struct sum_generator *self, const int32_t *xs, size_t count);

struct ex_frame *sum_generator(struct sum_generator *self, const int32_t *xs, size_t count) {
    self->xs = xs;
    self->count = count;
    self->sum = 0;
    return EX_FRAME(self, sum_generator);
}

/* name, bytes of the frame without its header, states: where it can wait, and its beginning. */
#define ROW(name, states)                                                                          \
    printf("%s %zu %d\n", #name, sizeof(struct name) - sizeof(struct ex_frame), states)

static int state_count(ex_resume_function *resume) {
    int count = 1;
    for (uint64_t line = 1; line < 1000; line++) {
        count += ex_position_find(resume, EX_AT_WORD(line)) != NULL;
    }
    return count;
}

int main(void) {
    ROW(send_response, state_count(send_response_resume));
    ROW(process_command, state_count(process_command_resume));
    ROW(ffoo, state_count(ffoo_resume));
    ROW(ambled, state_count(ambled_resume));
    ROW(ten, state_count(ten_resume));
    ROW(sum_generator, state_count(sum_generator_resume));
    return 0;
}
