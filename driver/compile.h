/* SPDX-License-Identifier: Apache-2.0 */
/* From a model file to a planned program, and from there to a folder. */
#ifndef TH_DRIVER_COMPILE_H
#define TH_DRIVER_COMPILE_H

#include "driver/options.h"
#include "report/report.h"

struct th_compiled {
    struct th_ctx *ctx;
    const struct th_options *options;
    struct th_program *program;         /* owned */
    const struct th_target *target;
    const struct th_backend *backend;
    const char *name;                   /* prefix of emitted names */
    struct th_str passes;               /* that ran, canonical text */
    struct th_str remarks;              /* lines */
    struct th_str option_text;          /* canonical, for headers */
};
/* Each stage reports. Whatever they return, th_compiled_release frees. In this order: */
void th_compiled_init(struct th_ctx *ctx, const struct th_options *o, struct th_compiled *c);
/* Target and backend. */
enum th_status th_compile_target(struct th_compiled *c);
/* The model with the outputs that the command line asks for. */
enum th_status th_read_cut(struct th_ctx *ctx, const struct th_options *o,
                           struct th_program **out);
/* The model; the name. */
enum th_status th_compile_read(struct th_compiled *c);
/* All passes, up to the plan unless --stop-after ends earlier. */
enum th_status th_compile_passes(struct th_compiled *c);
/* Arena and flash of the same model for the same target under other options. */
enum th_status th_compile_again(const struct th_compiled *c, const struct th_options *o,
                                int64_t *arena, int64_t *flash);
/* What --feed frames streams, as a program on whole windows: owned by the caller. */
enum th_status th_compile_windows(const struct th_compiled *c, struct th_program **whole);
/* Numbers of the program as it is now; NULL (reported) when memory is exhausted. Valid until
 * release. */
const struct th_report *th_compile_report(const struct th_compiled *c);
/* The target's largest memory for constants and code in bytes, and its name; 0 and NULL where it has
 * none, or where the user places the weights. */
uint64_t th_compile_flash(const struct th_compiled *c, const char **where);
/* Whether the target's code memory holds a planned program. Reports. */
enum th_status th_compile_check(const struct th_compiled *c);
/* With the reports. */
enum th_status th_compile_emit(const struct th_compiled *c, const char *folder);
void th_compiled_release(struct th_compiled *c);

#endif
