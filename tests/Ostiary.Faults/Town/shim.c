/* Sits between a process and its disk and clock, and does what a control file says, for files below one directory.
   The control file is mapped: int32 mode (0 none, 1 no space, 2 i/o error, 3 short write, 4 fail flush, 5 read-only), int32 every, int32 delay of a flush in ms,
   int32 unused, int64 seconds that the clock is off. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct control { int32_t mode, every, delay, unused; int64_t clock; };

static volatile struct control *control;
static const char *below;
static size_t below_length;
static int32_t calls;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void start(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  const char *file = getenv("SHIM_CONTROL");
  below = getenv("SHIM_BELOW");
  if (!file || !below) return;
  below_length = strlen(below);
  int fd = open(file, O_RDONLY);
  if (fd < 0) return;
  void *page = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (page != MAP_FAILED) control = page;
}

static int ours(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length >= (ssize_t)below_length && strncmp(path, below, below_length) == 0;
}

static int strikes(int fd) {
  if (!control || control->mode == 0 || !ours(fd)) return 0;
  int32_t every = control->every < 1 ? 1 : control->every;
  return __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % every == 0 ? control->mode : 0;
}

static ssize_t refuse(int mode) { errno = mode == 1 ? ENOSPC : mode == 5 ? EROFS : EIO; return -1; }

ssize_t write(int fd, const void *data, size_t size) {
  int mode = strikes(fd);
  if (mode == 1 || mode == 2 || mode == 5) return refuse(mode);
  if (mode == 3 && size > 1) size /= 2;
  return real_write(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  int mode = strikes(fd);
  if (mode == 1 || mode == 2 || mode == 5) return refuse(mode);
  if (mode == 3 && size > 1) size /= 2;
  return real_pwrite(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

static int flush(int fd, int (*real)(int)) {
  if (control && control->delay > 0 && ours(fd)) usleep((useconds_t)control->delay * 1000);
  int mode = strikes(fd);
  if (mode == 4 || mode == 2) return (int)refuse(2);
  return real(fd);
}

int fsync(int fd) { return flush(fd, real_fsync); }
int fdatasync(int fd) { return flush(fd, real_fdatasync); }

int ftruncate64(int fd, off64_t size) {
  int mode = strikes(fd);
  if (mode == 1 || mode == 2 || mode == 5) return (int)refuse(mode);
  return real_ftruncate(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int clock_gettime(clockid_t id, struct timespec *time) {
  if (!real_clock_gettime) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  int answer = real_clock_gettime(id, time);
  if (answer == 0 && control && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) time->tv_sec += control->clock;
  return answer;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int answer = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return answer;
}
