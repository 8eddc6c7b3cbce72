// What Linux and glibc have beyond POSIX, and show only to those who ask for it before anything else is included.
#ifndef SEEHEAR_CLINUX_H
#define SEEHEAR_CLINUX_H

#include <errno.h>
#include <net/if.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

static const short seehear_spawn_setsid = 0x80;

// Turns the loopback of this process's network on, and gives up the rights that this took. Returns 0, or what failed as
// errno.
static inline int seehear_loopback_up(void) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0) return errno;
    int code = ioctl(descriptor, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
    close(descriptor);
    prctl(47 /* PR_CAP_AMBIENT */, 4 /* PR_CAP_AMBIENT_CLEAR_ALL */, 0, 0, 0);
    return code;
}

#endif
