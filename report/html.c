/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

enum th_status th_report_html(const struct th_report *r, struct th_str *out)
{
    (void)r;
    th_str_add(out, "<!DOCTYPE html>\n");
    return TH_OK;
}
