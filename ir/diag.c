/* SPDX-License-Identifier: Apache-2.0 */
#include <thimble/diag.h>

#include "ir/ctx.h"

void th_message_format(const struct th_message *msg, struct th_str *out)
{
    static const char *const severity[] = {"error", "warning", "note", "help"};
    const struct th_loc *l = &msg->loc;
    if (l->file && l->line > 0) {
        th_str_add_escaped(out, l->file);
        th_str_addf(out, ":%d", l->line);
        if (l->col > 0)
            th_str_addf(out, ":%d", l->col);
        th_str_addf(out, ": %s: ", severity[msg->severity]);
    } else {
        th_str_addf(out, "thimble: %s: ", severity[msg->severity]);
        if (l->file && l->file[0]) {
            th_str_add_escaped(out, l->file);
            th_str_add(out, ": ");
        }
    }
    if (l->node >= 0 || l->op) {
        th_str_add(out, "node");
        if (l->node >= 0)
            th_str_addf(out, " #%lld", (long long)l->node);
        if (l->name && l->name[0]) {
            th_str_add(out, " '");
            th_str_add_escaped(out, l->name);
            th_str_add(out, "'");
        }
        if (l->op) {
            th_str_add(out, " (");
            th_str_add_escaped(out, l->op);
            th_str_add(out, ")");
        }
        th_str_add(out, ": ");
    }
    if (l->offset >= 0)
        th_str_addf(out, "at byte %lld: ", (long long)l->offset);
    th_str_add(out, msg->text);
    if (msg->code)
        th_str_addf(out, " [TH%04d]", msg->code);
    th_str_addc(out, '\n');
}

void th_report(struct th_ctx *ctx, enum th_severity sev, const struct th_loc *loc, int code,
               const char *fmt, va_list ap)
{
    struct th_str text;
    th_str_init(&text);
    th_str_vaddf(&text, fmt, ap);
    struct th_message msg = {sev, code, loc ? *loc : TH_LOC_NONE, text.s};
    pthread_mutex_lock(&ctx->report_lock);
    if (sev == TH_SEV_ERROR)
        ctx->errors++;
    if (ctx->sink)
        ctx->sink(ctx->sink_user, &msg);
    pthread_mutex_unlock(&ctx->report_lock);
    th_str_release(&text);
}

#define FORWARD(sev, loc, code)                      \
    do {                                             \
        va_list ap;                                  \
        va_start(ap, fmt);                           \
        th_report(ctx, (sev), (loc), (code), fmt, ap); \
        va_end(ap);                                  \
    } while (0)

void th_error(struct th_ctx *ctx, const struct th_loc *loc, int code, const char *fmt, ...)
{
    FORWARD(TH_SEV_ERROR, loc, code);
}

void th_warning(struct th_ctx *ctx, const struct th_loc *loc, int code, const char *fmt, ...)
{
    FORWARD(TH_SEV_WARNING, loc, code);
}

void th_note(struct th_ctx *ctx, const struct th_loc *loc, const char *fmt, ...)
{
    FORWARD(TH_SEV_NOTE, loc, 0);
}

void th_help(struct th_ctx *ctx, int code, const char *fmt, ...)
{
    FORWARD(TH_SEV_HELP, NULL, code);
}

void th_ctx_set_sink(struct th_ctx *ctx, th_sink_fn *sink, void *user)
{
    ctx->sink = sink;
    ctx->sink_user = user;
}

unsigned th_error_count(const struct th_ctx *ctx)
{
    return ctx->errors;
}
