/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <json-c/json.h>

#include "driver/verbs.h"

enum th_status th_print_json(struct th_ctx *ctx, struct json_object *o)
{
    const char *text = o ? json_object_to_json_string_ext(
                               o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)
                         : NULL;
    if (text)
        printf("%s\n", text);
    else
        th_error(ctx, NULL, 0, "memory exhausted while printing");
    json_object_put(o);
    return text ? TH_OK : TH_ERR_INTERNAL;
}
