/* A disk that a test commands: preloaded into the program under test, it lets writes
 * and syncs of files under one folder fail as told, keeps a budget of bytes as a small
 * file system does, and records what reaches the disk and when. It stands between the
 * program and the C library and knows nothing of the program.
 *
 * DISK_FOLDER  files whose path begins so are on this disk
 * DISK_STATE   a file of struct state, shared with the test
 * DISK_RECORD  where to record (none: nothing is recorded)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct state {
    int64_t budget;        /* bytes that files may grow by; negative: no bound */
    int64_t write_errno;   /* every write fails so; 0: none does */
    int64_t sync_errno;    /* the next sync fails so, once */
    int64_t failed_syncs;
    int64_t later_syncs;   /* syncs after one that failed */
    int64_t later_writes;  /* writes after a sync that failed */
};

/* A sync covers what was noted before its ASK, and has done so at its SYNC. */
enum { WRITE = 1, SYNC = 2, TRUNCATE = 3, RENAME = 4, UNLINK = 5, ASK = 6 };

static struct state *state;
static const char *folder;
static size_t folder_length;
static int record = -1;
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    folder = getenv("DISK_FOLDER");
    if (!folder) return;
    folder_length = strlen(folder);
    const char *path = getenv("DISK_STATE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *map = mmap(0, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) state = map;
        close(fd);
    }
    path = getenv("DISK_RECORD");
    if (path) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The file's name in the folder; NULL: not on this disk. */
static const char *name_of_path(const char *path) {
    if (!folder || strncmp(path, folder, folder_length) || path[folder_length] != '/') return NULL;
    return path + folder_length + 1;
}

static const char *name_of(int fd, char *buffer, size_t size) {
    if (!folder) return NULL;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, buffer, size - 1);
    if (length <= 0) return NULL;
    buffer[length] = 0;
    if (!strcmp(buffer, folder)) return "";
    return name_of_path(buffer);
}

static void put(const void *bytes, size_t count) {
    syscall(SYS_write, record, bytes, count);
}

/* kind, length of the name, offset, length of the data, name, data; little-endian. */
static void note(uint32_t kind, const char *name, uint64_t offset, const void *data, uint64_t length) {
    if (record < 0) return;
    uint32_t name_length = (uint32_t)strlen(name);
    pthread_mutex_lock(&one);
    put(&kind, 4);
    put(&name_length, 4);
    put(&offset, 8);
    put(&length, 8);
    put(name, name_length);
    if (data && length) put(data, length);
    pthread_mutex_unlock(&one);
}

/* How much of a write may go through; -1 with errno: none of it. */
static ssize_t allowed(int fd, off_t offset, size_t count) {
    if (!state) return (ssize_t)count;
    if (state->failed_syncs) __atomic_add_fetch(&state->later_writes, 1, __ATOMIC_SEQ_CST);
    if (state->write_errno) {
        errno = (int)state->write_errno;
        return -1;
    }
    if (state->budget < 0) return (ssize_t)count;
    struct stat at;
    if (syscall(SYS_fstat, fd, &at)) return (ssize_t)count;
    int64_t grows = (int64_t)(offset + (off_t)count) - (int64_t)at.st_size;
    if (grows <= 0) return (ssize_t)count;
    if (grows > (int64_t)count) grows = (int64_t)count;
    if (grows > state->budget) {
        errno = ENOSPC;
        return -1;
    }
    __atomic_sub_fetch(&state->budget, grows, __ATOMIC_SEQ_CST);
    return (ssize_t)count;
}

static void give_back(int64_t bytes) {
    if (state && state->budget >= 0 && bytes > 0)
        __atomic_add_fetch(&state->budget, bytes, __ATOMIC_SEQ_CST);
}

static ssize_t write_at(int fd, const void *data, size_t count, off_t offset, int at_end) {
    char buffer[4096];
    const char *name = name_of(fd, buffer, sizeof buffer);
    if (name) {
        if (at_end) {
            struct stat at;
            off_t here = lseek(fd, 0, SEEK_CUR);
            int append = fcntl(fd, F_GETFL) & O_APPEND;
            offset = append && !syscall(SYS_fstat, fd, &at) ? at.st_size : here;
        }
        if (allowed(fd, offset, count) < 0) return -1;
    }
    ssize_t done = at_end ? syscall(SYS_write, fd, data, count)
                          : syscall(SYS_pwrite64, fd, data, count, offset);
    if (name && done > 0) note(WRITE, name, (uint64_t)offset, data, (uint64_t)done);
    return done;
}

ssize_t write(int fd, const void *data, size_t count) { return write_at(fd, data, count, 0, 1); }
ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    return write_at(fd, data, count, offset, 0);
}
ssize_t pwrite64(int fd, const void *data, size_t count, off_t offset) {
    return write_at(fd, data, count, offset, 0);
}

static int sync_one(int fd, long call) {
    char buffer[4096];
    const char *name = name_of(fd, buffer, sizeof buffer);
    if (name && state) {
        if (state->failed_syncs) __atomic_add_fetch(&state->later_syncs, 1, __ATOMIC_SEQ_CST);
        int64_t fails = __atomic_exchange_n(&state->sync_errno, 0, __ATOMIC_SEQ_CST);
        if (fails) {
            __atomic_add_fetch(&state->failed_syncs, 1, __ATOMIC_SEQ_CST);
            errno = (int)fails;
            return -1;
        }
    }
    if (name) note(ASK, name, 0, NULL, 0);
    int outcome = (int)syscall(call, fd);
    if (name && !outcome) note(SYNC, name, 0, NULL, 0);
    return outcome;
}

int fsync(int fd) { return sync_one(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_one(fd, SYS_fdatasync); }

static int truncate_one(int fd, off_t length) {
    char buffer[4096];
    const char *name = name_of(fd, buffer, sizeof buffer);
    struct stat at;
    int known = name && !syscall(SYS_fstat, fd, &at);
    if (known && state && state->write_errno) {
        errno = (int)state->write_errno;
        return -1;
    }
    int outcome = (int)syscall(SYS_ftruncate, fd, length);
    if (known && !outcome) {
        give_back((int64_t)at.st_size - (int64_t)length);
        note(TRUNCATE, name, (uint64_t)length, NULL, 0);
    }
    return outcome;
}

int ftruncate(int fd, off_t length) { return truncate_one(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_one(fd, length); }

int unlink(const char *path) {
    const char *name = name_of_path(path);
    struct stat at;
    int known = name && !stat(path, &at);
    int outcome = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (known && !outcome) {
        give_back((int64_t)at.st_size);
        note(UNLINK, name, 0, NULL, 0);
    }
    return outcome;
}

int rename(const char *from, const char *to) {
    int outcome = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    const char *name = name_of_path(from);
    const char *new = name_of_path(to);
    if (name && new && !outcome) note(RENAME, name, 0, new, strlen(new));
    return outcome;
}
