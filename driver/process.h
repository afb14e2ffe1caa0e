/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes without a shell: compilers and emulators. */
#ifndef TH_DRIVER_PROCESS_H
#define TH_DRIVER_PROCESS_H

#include <thimble/thimble.h>

struct th_process {
    const char *const *argv;   /* NULL-terminated; argv[0] is looked up in PATH */
    const char *folder;        /* where it runs */
    const char *out, *err;     /* files that get its output, may be the same path */
    unsigned seconds;          /* it is killed after that many */
};

/* Runs it to its end. *code is the exit code, or -1 when a signal ended it. Reports and returns
 * TH_ERR_TOOL when the program is missing, TH_ERR_IO when it cannot be run or takes too long. */
enum th_status th_process_run(struct th_ctx *ctx, const struct th_process *p, int *code);

/* A whole file in the context's arena, NUL-terminated. Reports. */
enum th_status th_read_small_file(struct th_ctx *ctx, const char *path, size_t max, char **text,
                                  size_t *bytes);
/* A new private folder below TMPDIR. Reports. */
enum th_status th_work_folder(struct th_ctx *ctx, const char **path);
/* Removes a folder made by th_work_folder, with all it holds. */
void th_work_folder_remove(const char *path);

#endif
