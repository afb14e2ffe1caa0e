/* SPDX-License-Identifier: Apache-2.0 */
/* Signal operators of TensorFlow Lite for Microcontrollers: audio frontends as part of a model. */
#include "plugins/signal/signal.h"

static const struct signal_op *const ops[] = {
    &signal_window,
    &signal_fft_auto_scale,
    &signal_rfft,
    &signal_irfft,
    &signal_energy,
    &signal_filter_bank,
    &signal_filter_bank_square_root,
    &signal_filter_bank_spectral_subtraction,
    &signal_pcan,
    &signal_filter_bank_log,
    &signal_framer,
    &signal_overlap_add,
    &signal_delay,
    &signal_stacker,
};

static enum th_status init(struct th_reg *reg)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(ops); i++) {
        TH_TRY(th_reg_op(reg, ops[i]->op));
        TH_TRY(th_reg_importers(reg, ops[i]->importer, 1));
        TH_TRY(th_reg_kernels(reg, "c99", ops[i]->rows, ops[i]->n_rows, signal_sources.files,
                              signal_sources.n));
    }
    return TH_OK;
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "signal",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "signal operators: windows, transforms, filter banks, frames",
    .init = init,
};
TH_PLUGIN_ENTRY(signal)
{
    return &plugin;
}
