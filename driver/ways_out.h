/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_DRIVER_WAYS_OUT_H
#define TH_DRIVER_WAYS_OUT_H

#include "driver/compile.h"

/* The model did not fit into the target's RAM: compiles it again with options that could help, and
 * names those with which it fits, and the bytes. */
void th_say_ways_out(const struct th_compiled *c);
/* The same for code and constants in so many bytes of flash. */
void th_say_flash_way_out(const struct th_compiled *c, int64_t flash);

#endif
