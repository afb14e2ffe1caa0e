/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers. */
#include "import.h"

const struct onx_row onx_rows_rnn[] = {
    {NULL, NULL, NULL},
};
