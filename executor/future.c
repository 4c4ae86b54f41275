#include <ex/future.h>

#include <errno.h>

/* Frames that only return: shared by all, for nobody writes to one. */
struct failed {
    struct ex_frame frame;
    int error;
};

static int64_t fail(struct ex_frame *frame, struct ex_strand *strand, int64_t value) {
    (void)strand;
    (void)value;
    return ((const struct failed *)(const void *)frame)->error;
}

struct ex_future ex_future_of_error(int error) {
    static struct failed frames[] = {
        {{.resume = fail}, -ENOMEM},
        {{.resume = fail}, -EINVAL},
        {{.resume = fail}, -ECANCELED},
    };

    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        if (frames[i].error == error) {
            return ex_future_of_frame(&frames[i].frame);
        }
    }
    ex_panic(__FILE__,
             __LINE__,
             "ex_future_of_error: an error other than -ENOMEM, -EINVAL and -ECANCELED");
}

void ex_future_release(struct ex_future future) {
    EX_REQUIRE(future.frame != NULL, "ex_future_release: the future is empty");
    EX_REQUIRE(future.frame->at == 0 || future.frame->resume == ex_frame_completed,
               "ex_future_release: its function has begun and not returned; await it to its end");
    if (future.block != NULL) {
        EX_REQUIRE(future.block->recycler->idle != future.block,
                   "ex_future_release: it was awaited or released before");
        ex_recycler_give(future.block);
    }
}
