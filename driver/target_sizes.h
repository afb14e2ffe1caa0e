/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_DRIVER_TARGET_SIZES_H
#define TH_DRIVER_TARGET_SIZES_H

#include "driver/options.h"

/* The target with the sizes of --sram, --flash and --region in place of its own. Reports. */
enum th_status th_target_with_sizes(const struct th_options *o, const struct th_target *t,
                                    const struct th_target **out);

#endif
