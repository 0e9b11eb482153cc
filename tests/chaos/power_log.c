/* Preloaded into a store server: logs what a power cut at this moment would leave on the disk.
 *
 * A line is appended for each of these, in the order in which they happened; N numbers what was set aside in $POWER_KEEP.
 *
 *   s INODE SIZE       fsync or fdatasync ended well; SIZE is what the file had before the call, so that bytes which were
 *                      written while it ran do not count
 *   d PATH             a directory was synchronised: names in it up to here are safe
 *   c INODE PATH       a file was made, or emptied
 *   r N OLD NEW        a file was renamed; what stood at NEW before was linked to $POWER_KEEP/N (or there was nothing)
 *   u N PATH           a file was unlinked, after it was linked to $POWER_KEEP/N
 *
 * The line is written before the call returns: what the server acknowledges after it is in the log. One write each, to a
 * file opened for appending: lines of threads and of forked children do not mix.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int log_file = -1;
static const char *folder, *keep;
static atomic_int kept;

__attribute__((constructor)) static void begin(void) {
    if (!getenv("POWER_FOLDER") || !getenv("POWER_KEEP") || !getenv("POWER_LOG")) abort();
    /* Copies: a server writes its title over its environment. */
    folder = strdup(getenv("POWER_FOLDER"));
    keep = strdup(getenv("POWER_KEEP"));
    log_file = open(getenv("POWER_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) abort();
}

static void note(const char *format, ...) {
    char line[3 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    int before = errno;
    if (write(log_file, line, length) != length) abort();
    errno = before;
}

/* The absolute path, or NULL where it lies outside the folder. */
static const char *inside(const char *path, char *buffer) {
    if (path[0] == '/') snprintf(buffer, PATH_MAX, "%s", path);
    else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return NULL;
        if (snprintf(buffer, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) abort();
    }
    return strncmp(buffer, folder, strlen(folder)) ? NULL : buffer;
}

static int set_aside(const char *path) {
    char name[PATH_MAX];
    int number = ++kept * 1000000 + getpid() % 1000000, before = errno;
    snprintf(name, sizeof name, "%s/%d", keep, number);
    if (link(path, name) && errno != ENOENT) abort();
    errno = before;
    return number;
}

static int synchronise(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    int is_known = !fstat(file, &before);
    int result = real(file);
    if (result || !is_known) return result;
    if (S_ISDIR(before.st_mode)) {
        char link_name[64], path[PATH_MAX];
        snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link_name, path, sizeof path - 1);
        if (length < 0) abort();
        path[length] = 0;
        note("d %s\n", path);
    } else note("s %lu %ld\n", (unsigned long)before.st_ino, (long)before.st_size);
    return result;
}

int fsync(int file) { return synchronise("fsync", file); }
int fdatasync(int file) { return synchronise("fdatasync", file); }

static void made(const char *path, int is_new) {
    char buffer[PATH_MAX];
    struct stat found;
    const char *name = inside(path, buffer);
    if (is_new && name && !stat(name, &found) && S_ISREG(found.st_mode)) note("c %lu %s\n", (unsigned long)found.st_ino, name);
}

#define OPEN(NAME)                                                                  \
    int NAME(const char *path, int flags, ...) {                                    \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #NAME);              \
        va_list arguments;                                                          \
        va_start(arguments, flags);                                                 \
        mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;              \
        va_end(arguments);                                                          \
        int is_new = (flags & O_TRUNC) || ((flags & O_CREAT) && access(path, F_OK)); \
        int file = real(path, flags, mode);                                         \
        if (file >= 0 && log_file >= 0) made(path, is_new);                         \
        return file;                                                                \
    }
OPEN(open)
OPEN(open64)

#define FOPEN(NAME)                                                          \
    FILE *NAME(const char *path, const char *mode) {                         \
        FILE *(*real)(const char *, const char *) = dlsym(RTLD_NEXT, #NAME); \
        int is_new = mode[0] == 'w' || (mode[0] == 'a' && access(path, F_OK)); \
        FILE *file = real(path, mode);                                       \
        if (file && log_file >= 0) made(path, is_new);                       \
        return file;                                                         \
    }
FOPEN(fopen)
FOPEN(fopen64)

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    char first[PATH_MAX], second[PATH_MAX];
    const char *old = inside(from, first), *new = inside(to, second);
    if (!old || !new) return real(from, to);
    int number = set_aside(new);
    int result = real(from, to);
    if (!result) note("r %d %s %s\n", number, old, new);
    return result;
}

int unlink(const char *path) {
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    char buffer[PATH_MAX];
    const char *name = inside(path, buffer);
    if (!name) return real(path);
    int number = set_aside(name);
    int result = real(path);
    if (!result) note("u %d %s\n", number, name);
    return result;
}
