/* SPDX-License-Identifier: Apache-2.0 */
/* How far an input must lie above the output that grows into it. */
#include "plan/plan.h"

int64_t th_plan_distance(uint32_t n, const int64_t *written, const int64_t *oldest)
{
    int64_t distance = 0, wanted = INT64_MAX;
    /* From the back: what any later step still reads must lie above what is written by now. The
     * step's own reads are done before its writes. */
    for (uint32_t i = n; i-- > 0;) {
        if (wanted != INT64_MAX && written[i] - wanted > distance)
            distance = written[i] - wanted;
        if (oldest[i] < wanted)
            wanted = oldest[i];
    }
    return distance;
}
