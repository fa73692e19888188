/* Makes every sync to disk slower, and counts them.

   Loaded before the C library. BENCH_SYNC_SLEEP is microseconds for each sync,
   BENCH_SYNC_COUNT a file of eight bytes in which all processes count theirs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t *counted;
static useconds_t wait;

__attribute__((constructor)) static void begin(void) {
    const char *microseconds = getenv("BENCH_SYNC_SLEEP");
    const char *file = getenv("BENCH_SYNC_COUNT");
    wait = microseconds ? (useconds_t)atoi(microseconds) : 0;
    int open_file = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (open_file < 0)
        return;
    void *page = mmap(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, open_file, 0);
    close(open_file);
    if (page != MAP_FAILED)
        counted = page;
}

static int slowly(const char *name, int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (counted)
        __atomic_add_fetch(counted, 1, __ATOMIC_RELAXED);
    if (wait)
        usleep(wait);
    return real(descriptor);
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }

int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
