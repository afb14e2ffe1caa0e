/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins: one exported symbol that returns a const descriptor. In-tree frontends and backends
 * come through the same door.
 *
 *   static enum th_status init(struct th_reg *reg) { return th_reg_pass(reg, &my_pass, NULL); }
 *   static const struct th_plugin plugin = {
 *       TH_PLUGIN_HEADER, .name = "mine", .version = "1.0", .license = "MIT",
 *       .summary = "...", .init = init };
 *   TH_PLUGIN_ENTRY(mine) { return &plugin; }
 *
 * The word in TH_PLUGIN_ENTRY is the module's file name without extension, '-' as '_'.
 * Everything registered is const, begins with its own struct_size and lives as long as the
 * plugin, which is never unloaded.
 */
#ifndef THIMBLE_PLUGIN_H
#define THIMBLE_PLUGIN_H

#include <thimble/backend.h>
#include <thimble/frontend.h>
#include <thimble/import.h>
#include <thimble/match.h>
#include <thimble/op.h>
#include <thimble/pass.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TH_PLUGIN_MAGIC 0x504d4854u /* "THMP" */
#define TH_ABI_MAJOR 0              /* while 0, the minor must match exactly */
#define TH_ABI_MINOR 1

struct th_reg;       /* staging registry: committed as a whole or not at all */

struct th_plugin {
    uint32_t magic;
    uint16_t abi_major, abi_minor;
    uint32_t struct_size;
    const char *name, *version, *license, *summary;
    enum th_status (*init)(struct th_reg *reg);   /* only registers */
};
#define TH_PLUGIN_HEADER                                                        \
    .magic = TH_PLUGIN_MAGIC, .abi_major = TH_ABI_MAJOR, .abi_minor = TH_ABI_MINOR, \
    .struct_size = sizeof(struct th_plugin)

typedef const struct th_plugin *th_plugin_entry_fn(void);
#define TH_PLUGIN_ENTRY(module)                                                      \
    __attribute__((visibility("default"))) const struct th_plugin *                  \
        module##_LTX_th_plugin_entry(void);                                          \
    __attribute__((visibility("default"))) const struct th_plugin *                  \
        module##_LTX_th_plugin_entry(void)

/*
 * Staging, from init. Records and rows are borrowed and must be const data of the plugin. Each
 * reports and returns TH_ERR_PLUGIN when a record is incomplete or of another size, or when its
 * name exists already; init then returns that, and nothing of the plugin stays.
 */
TH_API enum th_status th_reg_op(struct th_reg *r, const struct th_op *op);
TH_API enum th_status th_reg_pass(struct th_reg *r, const struct th_pass *pass,
                                  const struct th_anchor *where);   /* NULL: only by --passes */
TH_API enum th_status th_reg_frontend(struct th_reg *r, const struct th_frontend *f);
TH_API enum th_status th_reg_backend(struct th_reg *r, const struct th_backend *b);
/* Rows for a backend that exists or is registered by the same plugin; with their sources. */
TH_API enum th_status th_reg_kernel_rows(struct th_reg *r, const char *backend,
                                         const struct th_kernel *rows, size_t n, size_t row_size,
                                         const struct th_source *sources, size_t n_sources);
#define th_reg_kernels(r, backend, rows, n, sources, n_sources) \
    th_reg_kernel_rows((r), (backend), (rows), (n), sizeof *(rows), (sources), (n_sources))
/* Measured figures of a backend's kernels; they must live as long as the process. */
TH_API enum th_status th_reg_kernel_sizes(struct th_reg *r, const struct th_kernel_sizes *sizes);
TH_API enum th_status th_reg_importer_rows(struct th_reg *r, const struct th_importer *rows,
                                           size_t n, size_t row_size);
#define th_reg_importers(r, rows, n) th_reg_importer_rows((r), (rows), (n), sizeof *(rows))
/* Rewrites that a named pass (canonicalize, fuse) applies after its own. */
TH_API enum th_status th_reg_rewrite_rows(struct th_reg *r, const char *pass,
                                          const struct th_rewrite *rows, size_t n,
                                          size_t row_size);
#define th_reg_rewrites(r, pass, rows, n) \
    th_reg_rewrite_rows((r), (pass), (rows), (n), sizeof *(rows))
/* A numeric contract that ops may name. */
struct th_contract {
    uint32_t struct_size;
    const char *name, *summary;
    bool single_rounding;
};
TH_API enum th_status th_reg_contract(struct th_reg *r, const struct th_contract *c);

/* ---- loading (the driver's side) ------------------------------------------------------------- */
/* Registers a plugin's descriptor directly (preloaded modules, tests); `origin` names it in
 * messages. Reports. */
TH_API enum th_status th_plugin_register(struct th_ctx *ctx, const struct th_plugin *p,
                                         const char *origin);
/* Loads one file given by the user: any failure is reported and returned. */
TH_API enum th_status th_plugin_load(struct th_ctx *ctx, const char *path);
/* Loads preloaded modules, THIMBLE_PLUGIN_PATH, then the installed folder. Of plugins with one name
 * the first found is loaded. A module that fails is a warning, remembered for th_plugin_info. */
TH_API enum th_status th_plugin_load_all(struct th_ctx *ctx);
struct th_plugin_info {
    const char *name, *version, *license, *summary;
    const char *origin;      /* path, or "preloaded" */
    const char *failure;     /* NULL: loaded */
};
/* What was loaded and what failed, in the order of loading. */
TH_API uint32_t th_plugin_count(const struct th_ctx *ctx);
TH_API const struct th_plugin_info *th_plugin_at(const struct th_ctx *ctx, uint32_t i);

#ifdef __cplusplus
}
#endif
#endif
