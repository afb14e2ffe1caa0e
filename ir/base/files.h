/* SPDX-License-Identifier: Apache-2.0 */
/* Files: mapped reading with a size cap, and folders that appear whole or not at all. */
#ifndef IR_BASE_FILES_H
#define IR_BASE_FILES_H

#include <thimble/ir.h>

/* Maps a regular file read-only (at most `limit` bytes). Reports. */
TH_API enum th_status th_file_map(struct th_ctx *ctx, const char *path, size_t limit,
                                  struct th_blob **out);
/* Writes a whole file through a temporary sibling that is renamed. Reports. */
TH_API enum th_status th_file_write(struct th_ctx *ctx, const char *path, const void *data,
                                    size_t len);
/* The part after the last '/'. */
TH_API const char *th_base_name(const char *path);
/* SHA-256 as 64 hex digits and a NUL. */
void th_sha256_hex(const void *data, size_t len, char out[65]);

/* A folder in the making: files go to a temporary sibling; commit renames it to `path`. */
struct th_folder;
/* mark: the name of a file that lists what was added. An existing folder that holds anything else,
 * products of a compiler apart, is refused; mark outlives the folder. Reports. */
enum th_status th_folder_begin(struct th_ctx *ctx, const char *path, const char *mark,
                               struct th_folder **out);
/* name may contain one level of folder ("kernels/x.h"); it never comes from a model. */
enum th_status th_folder_add(struct th_folder *f, const char *name, const void *data, size_t len);
/* Replaces path by what was added; frees f whatever happens. */
enum th_status th_folder_commit(struct th_folder *f);
void th_folder_abandon(struct th_folder *f);

#endif
