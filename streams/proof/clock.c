/* Preloaded into processes whose clock a trial sets: one of them, named by its pid in a shared file, reads another time
   of day than the machine has. The monotonic clock stays true, as it does when an administrator sets a clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000LL

static volatile struct { int64_t pid, ahead; } *set;

__attribute__((constructor)) static void open_file(void) {
    const char *path = getenv("SLUICEGATE_PROOF_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *set, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) set = at;
    if (file >= 0) close(file);
}

static int64_t ahead(void) {
    return set && set->pid == getpid() ? set->ahead : 0;
}

static struct timespec shifted(const struct timespec *moment, int64_t by) {
    int64_t all = moment->tv_sec * BILLION + moment->tv_nsec + by;
    return (struct timespec){.tv_sec = all / BILLION, .tv_nsec = all % BILLION};
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
    int failed = (int)syscall(SYS_clock_gettime, clock, moment);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *moment = shifted(moment, ahead());
    return failed;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *moment = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *moment) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (moment) *moment = now.tv_sec;
    return now.tv_sec;
}

/* The kernel knows nothing of the other clock: what waits until a time of day must be told the true one. A deadline of
   the monotonic clock is seconds since the machine started, far from those since 1970. */
static const struct timespec *known(const struct timespec *deadline, struct timespec *room) {
    if (deadline->tv_sec < BILLION) return deadline;
    *room = shifted(deadline, -ahead());
    return room;
}

static void *next(const char *name, const char *version) {
    void *found = dlvsym(RTLD_NEXT, name, version);
    return found ? found : dlsym(RTLD_NEXT, name);
}

int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict t) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec room;
    if (!real) real = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))next("pthread_cond_timedwait", "GLIBC_2.3.2");
    return real(c, m, known(t, &room));
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict t) {
    static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
    struct timespec room;
    if (!real) real = (int (*)(cnd_t *, mtx_t *, const struct timespec *))next("cnd_timedwait", "GLIBC_2.28");
    return real(c, m, known(t, &room));
}
