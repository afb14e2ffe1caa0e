/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "driver/process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CODE_TOOL = 5101, CODE_PROCESS = 5104 };

/* In the child: never returns. What failed goes through the pipe, which success closes. */
static void become(const struct th_process *p, int report)
{
    int null = open("/dev/null", O_RDONLY), out = -1, err = -1, saved;

    /* A group of its own can be killed as a whole, and must not outlive us. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(p->folder) == 0) {
        out = open(p->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        err = strcmp(p->out, p->err) ? open(p->err, O_WRONLY | O_CREAT | O_TRUNC, 0600) : out;
    }
    /* Compilers behind ccache: an object that it gives back lacks the call graph beside it. */
    setenv("CCACHE_DISABLE", "1", 1);
    if (null >= 0 && out >= 0 && err >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 &&
        dup2(err, 2) >= 0)
        execvp(p->argv[0], (char *const *)(uintptr_t)p->argv);
    saved = errno;
    if (write(report, &saved, sizeof saved) != (ssize_t)sizeof saved)
        _exit(126);
    _exit(127);
}

static void nap(void)
{
    struct timespec t = { 0, 10 * 1000 * 1000 };

    nanosleep(&t, NULL);
}

/* Waits until the child ends or the time is over; true when it ended. */
static bool wait_child(pid_t child, unsigned seconds, int *state)
{
    struct timespec start, now;
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    bool ended = false;

    clock_gettime(CLOCK_MONOTONIC, &start);
    now = start;
    while (!ended && now.tv_sec - start.tv_sec <= (time_t)seconds) {
        if (fd >= 0)
            poll(&poll_fd, 1, 1000);
        else
            nap();
        ended = waitpid(child, state, WNOHANG) == child;
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    if (fd >= 0)
        close(fd);
    return ended;
}

static enum th_status cannot_start(struct th_ctx *ctx, const char *program, int error)
{
    if (error == ENOENT || error == EACCES) {
        th_error(ctx, NULL, CODE_TOOL, "cannot run '%s': %s", program, strerror(error));
        th_help(ctx, CODE_TOOL, "install it, or choose another compiler or target");
        return TH_ERR_TOOL;
    }
    th_error(ctx, NULL, CODE_PROCESS, "cannot start '%s': %s", program, strerror(error));
    return TH_ERR_IO;
}

enum th_status th_process_run(struct th_ctx *ctx, const struct th_process *p, int *code)
{
    int report[2], error = 0, state = 0;
    pid_t child;
    ssize_t got;

    if (pipe2(report, O_CLOEXEC) != 0)
        return cannot_start(ctx, p->argv[0], errno);
    child = fork();
    if (child == 0)
        become(p, report[1]);
    if (child < 0)
        error = errno;
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        return cannot_start(ctx, p->argv[0], error);
    }
    do
        got = read(report[0], &error, sizeof error);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == (ssize_t)sizeof error) {
        waitpid(child, &state, 0);
        return cannot_start(ctx, p->argv[0], error);
    }
    if (!wait_child(child, p->seconds, &state)) {
        kill(-child, SIGKILL);
        waitpid(child, &state, 0);
        th_error(ctx, NULL, CODE_PROCESS, "'%s' did not end within %u seconds", p->argv[0],
                 p->seconds);
        return TH_ERR_IO;
    }
    *code = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    return TH_OK;
}

enum th_status th_read_small_file(struct th_ctx *ctx, const char *path, size_t max, char **text,
                                  size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    enum th_status status = TH_OK;
    long size;

    *bytes = 0;
    if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0) {
        th_error(ctx, NULL, CODE_PROCESS, "cannot read '%s': %s", path, strerror(errno));
        if (f)
            fclose(f);
        return TH_ERR_IO;
    }
    if ((size_t)size > max) {
        th_error(ctx, NULL, CODE_PROCESS, "'%s' has %ld bytes, more than %zu", path, size, max);
        fclose(f);
        return TH_ERR_IO;
    }
    *text = th_arena_alloc(th_ctx_arena(ctx), (size_t)size + 1);
    if (*text) {
        *bytes = fread(*text, 1, (size_t)size, f);
        (*text)[*bytes] = 0;
    } else {
        th_error(ctx, NULL, 0, "memory exhausted while reading '%s'", path);
        status = TH_ERR_INTERNAL;
    }
    fclose(f);
    return status;
}

enum th_status th_work_folder(struct th_ctx *ctx, const char **path)
{
    const char *base = getenv("TMPDIR");
    char *name = th_arena_printf(th_ctx_arena(ctx), "%s/thimble-XXXXXX",
                                 base && *base ? base : "/tmp");

    if (!name || !mkdtemp(name)) {
        th_error(ctx, NULL, CODE_PROCESS, "cannot make a folder below '%s': %s",
                 base && *base ? base : "/tmp", strerror(errno));
        return TH_ERR_IO;
    }
    *path = name;
    return TH_OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void th_work_folder_remove(const char *path)
{
    if (path)
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
