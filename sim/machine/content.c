#include "sim/machine/content.h"

#include <errno.h>

#include "sim/machine/durable.h"
#include "sim/machine/image.h"
#include "sim/machine/real.h"
#include "sim/machine/storage.h"
#include "sim/machine/tree.h"
#include "sim/panic.h"

static int64_t host_content(struct tree_inode *inode) {
    if (inode->descriptor < 0 && inode->host != NULL) {
        const int64_t opened = host_open(inode->host);
        if (opened < 0) {
            return opened;
        }
        inode->descriptor = (int32_t)opened;
    }
    return 0;
}

/* From now on its bytes lie in storage, at first the ones it had. */
static int64_t own(struct tree_inode *inode, bool keep) {
    if (inode->written) {
        return 0;
    }
    const int64_t refusal = keep ? host_content(inode) : 0;
    if (refusal != 0) {
        return refusal;
    }
    const int32_t before = inode->descriptor;
    inode->descriptor = storage_take();
    inode->written = true;
    if (before >= 0) {
        inode->size = keep ? storage_copy(inode->descriptor, before) : 0;
        real_call3(SYS_close, before, 0, 0);
    }
    return 0;
}

int64_t content_open(uint32_t index, bool write) {
    struct tree_inode *inode = tree_at(index);
    const bool copies = write && inode->host != NULL && !inode->written;
    const int64_t refusal = copies ? own(inode, true) : host_content(inode);
    inode->contents += refusal == 0;
    return refusal;
}

void content_close(uint32_t index) {
    struct tree_inode *inode = tree_at(index);
    ASSERT(inode->contents > 0);
    inode->contents--;
    if (inode->contents == 0 && !inode->written && inode->descriptor >= 0) {
        real_call3(SYS_close, inode->descriptor, 0, 0);
        inode->descriptor = -1;
    }
}

int64_t content_read(uint32_t index, const struct file_call *call, int64_t position) {
    const struct tree_inode *inode = tree_at(index);
    uint64_t left = file_call_size(call);
    const uint64_t there = (uint64_t)position < inode->size ? inode->size - (uint64_t)position : 0;
    left = left < there ? left : there;
    int64_t done = 0;
    for (uint32_t i = 0; left > 0; i++) {
        const struct iovec *part = &call->parts[i];
        const uint64_t wanted = part->iov_len < left ? part->iov_len : left;
        image_prepare(part->iov_base, wanted);
        const long count = real_call6(SYS_pread64,
                                      inode->descriptor,
                                      (long)part->iov_base,
                                      (long)wanted,
                                      position + done,
                                      0,
                                      0);
        if (count < 0) {
            return done > 0 ? done : count;
        }
        done += count;
        left = (uint64_t)count < wanted ? 0 : left - wanted;
    }
    return done;
}

int64_t content_write(uint32_t index, const struct file_call *call, int64_t position) {
    struct tree_inode *inode = tree_at(index);
    uint64_t left = file_call_size(call);
    if (left == 0) {
        return 0;
    }
    if (position > CONTENT_SIZE_MAX || (int64_t)left > CONTENT_SIZE_MAX - position) {
        return -EFBIG;
    }
    int64_t done = own(inode, true);
    if (done >= 0) {
        durable_write(index, (uint64_t)position, left);
    }
    for (uint32_t i = 0; left > 0 && done >= 0; i++) {
        const struct iovec *part = &call->parts[i];
        const uint64_t size = part->iov_len < left ? part->iov_len : left;
        const int64_t refusal = storage_write(inode->descriptor,
                                              part->iov_base,
                                              size,
                                              (uint64_t)position + (uint64_t)done);
        if (refusal != 0) {
            storage_resize(inode->descriptor, inode->size);
            return refusal;
        }
        done += (int64_t)size;
        left -= size;
    }
    if (done > 0 && (uint64_t)(position + done) > inode->size) {
        inode->size = (uint64_t)(position + done);
    }
    tree_touch(index, 1u << TREE_CHANGED | 1u << TREE_STATUS_CHANGED);
    return done;
}

int64_t content_resize(uint32_t index, int64_t size) {
    struct tree_inode *inode = tree_at(index);
    if (size > CONTENT_SIZE_MAX) {
        return -EFBIG;
    }
    if ((uint64_t)size != inode->size || inode->written) {
        const int64_t refusal = own(inode, size != 0 || durable_watches());
        if (refusal != 0) {
            return refusal;
        }
        if ((uint64_t)size != inode->size) {
            durable_resize(index, (uint64_t)size);
        }
        storage_resize(inode->descriptor, (uint64_t)size);
        inode->size = (uint64_t)size;
    }
    tree_touch(index, 1u << TREE_CHANGED | 1u << TREE_STATUS_CHANGED);
    return 0;
}

int content_map(uint32_t index, uint64_t position, uint64_t size, bool write) {
    struct tree_inode *inode = tree_at(index);
    if (inode->descriptor < 0) {
        const int64_t refusal = own(inode, true); /* an empty file */
        ASSERT(refusal == 0);
    }
    if (write && position < inode->size) {
        const uint64_t there = inode->size - position;
        storage_reserve(inode->descriptor, position, size < there ? size : there);
    }
    inode->mapped = true;
    return inode->descriptor;
}
