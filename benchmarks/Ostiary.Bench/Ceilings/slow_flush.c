/* A disk whose flush takes FLUSH_MICROSECONDS longer than that of this machine. Preloaded into server and baseline alike. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void delay(void) {
    struct timespec left = {FLUSH_MICROSECONDS / 1000000, FLUSH_MICROSECONDS % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0) {
    }
}

int fdatasync(int file) {
    static int (*next)(int);
    if (!next)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    delay();
    return next(file);
}

int fsync(int file) {
    static int (*next)(int);
    if (!next)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    delay();
    return next(file);
}
