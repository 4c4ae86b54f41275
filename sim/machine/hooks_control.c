#include "sim/machine/hooks_control.h"

#include <errno.h>
#include <string.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"

/* Adds the files behind the numbers of one SCM_RIGHTS. */
static int64_t add_files(const unsigned char *numbers, size_t count, uint32_t *rights) {
    struct rights *table = &hook_kernel()->rights;
    if (count == 0) {
        return 0;
    }
    if (*rights == 0) {
        *rights = rights_create(table, hook_node());
        if (*rights == 0) {
            return -ETOOMANYREFS;
        }
    }
    if (count > RIGHTS_FILES_MAX - rights_at(table, *rights)->count) {
        return -EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        int number;
        memcpy(&number, numbers + i * sizeof number, sizeof number);
        const uint32_t file = descriptor_file(hook_descriptors(), number);
        if (file == 0) {
            return -EBADF;
        }
        rights_add(table, *rights, file);
    }
    return 0;
}

static int64_t read_one(const struct cmsghdr *head,
                        const unsigned char *data,
                        uint32_t *rights,
                        const void *site) {
    if (head->cmsg_level != SOL_SOCKET) {
        return 0;
    }
    switch (head->cmsg_type) {
    case SCM_RIGHTS:
        return add_files(data, (head->cmsg_len - sizeof *head) / sizeof(int), rights);
    case SCM_CREDENTIALS:
        hook_escape(site, "sendmsg() with SCM_CREDENTIALS");
    default:
        return -EINVAL;
    }
}

int64_t hooks_control_read(uint32_t index,
                           const struct msghdr *header,
                           uint32_t *rights,
                           const void *site) {
    const unsigned char *bytes = header->msg_control;
    const size_t size = header->msg_controllen;
    struct cmsghdr head;
    if (size == 0) {
        return 0;
    }
    if (socket_at(&hook_kernel()->endpoints.sockets, index)->domain != AF_UNIX) {
        hook_escape(site, "sendmsg() with control data for an internet socket");
    }
    for (size_t at = 0; at < size && size - at >= sizeof head; at += CMSG_ALIGN(head.cmsg_len)) {
        memcpy(&head, bytes + at, sizeof head);
        if (head.cmsg_len < sizeof head || head.cmsg_len > size - at) {
            return -EINVAL;
        }
        const int64_t refusal = read_one(&head, bytes + at + sizeof head, rights, site);
        if (refusal != 0) {
            return refusal;
        }
    }
    return 0;
}

void hooks_control_write(struct msghdr *header, uint32_t rights, bool close_on_exec) {
    struct rights *table = &hook_kernel()->rights;
    const size_t size = header->msg_control == NULL ? 0 : header->msg_controllen;
    header->msg_controllen = 0;
    if (rights == 0) {
        return;
    }
    const struct rights_bundle *bundle = rights_at(table, rights);
    const size_t room = size < sizeof(struct cmsghdr) ? 0 : (size - sizeof(struct cmsghdr)) / 4;
    unsigned char *data = (unsigned char *)header->msg_control + sizeof(struct cmsghdr);
    uint32_t taken = 0;  /* from the bundle */
    uint32_t stored = 0; /* as numbers */
    while (taken < bundle->count && taken < room && stored == taken) {
        const int64_t number = descriptor_install(hook_descriptors(),
                                                  bundle->files[taken++],
                                                  0,
                                                  hooks_environment_files_max(),
                                                  close_on_exec);
        if (number >= 0) {
            const int told = (int)number;
            memcpy(data + stored * sizeof told, &told, sizeof told);
            stored++;
        }
    }
    if (stored > 0) {
        const struct cmsghdr head = {.cmsg_len = CMSG_LEN(stored * sizeof(int)),
                                     .cmsg_level = SOL_SOCKET,
                                     .cmsg_type = SCM_RIGHTS};
        const size_t space = CMSG_SPACE(stored * sizeof(int));
        memcpy(header->msg_control, &head, sizeof head);
        header->msg_controllen = space < size ? space : size;
    }
    header->msg_flags |= stored < bundle->count ? MSG_CTRUNC : 0;
    while (taken < bundle->count) {
        file_drop(hook_kernel()->files, bundle->files[taken++]);
    }
    rights_give(table, rights);
}
