/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

/* y = t[x], by stored bytes: signed types too. */
static void thk_table_u8__c99(const uint8_t *x, const uint8_t *t, uint8_t *y, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        y[i] = t[x[i]];
}
