/* What the functions of article.c wait for and call. */
#include <ex/strand.h>

struct pause {
    struct ex_frame frame;
};

struct ex_frame *pause_once(struct pause *self);
uint32_t get_command(void);
void sent(uint32_t response);

EX_RESUME(pause) {
    EX_BEGIN(pause);
    EX_YIELD();
    EX_END();
}

struct ex_frame *pause_once(struct pause *self) {
    return EX_FRAME(self, pause);
}

uint32_t get_command(void) {
    return 0;
}

void sent(uint32_t response) {
    (void)response;
}
