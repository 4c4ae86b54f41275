#include <ex/frame.h>

int64_t ex_frame_completed(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    (void)frame;
    (void)strand;
    (void)value;
    ex_panic(
        __FILE__,
        __LINE__,
        "an async function is resumed after it returned: each await and spawn of a frame needs its "
        "initialiser called anew");
}

int64_t ex_frame_lost(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    (void)frame;
    (void)strand;
    (void)value;
    ex_panic(__FILE__,
             __LINE__,
             "an async function is resumed at no position of its own: its frame was overwritten, "
             "or never initialised");
}

int64_t ex_frame_await(struct ex_frame *child,
                       struct ex_strand *strand,
                       struct ex_frame *frame,
                       uint32_t line) {
    return ex_frame_await_here(child, strand, frame, line);
}
