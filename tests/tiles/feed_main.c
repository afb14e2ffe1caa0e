/* SPDX-License-Identifier: Apache-2.0 */
/* The API of a model whose rows are pushed: codes, frames given up, memory that is free between
 * two pushes. Compiled with the emitted folder of a model named m. */
#include "m.h"

#include "../emitted.h"

static M_INPUT_0_TYPE frame[M_INPUT_0_ELEMENTS];
static M_OUTPUT_0_TYPE want[M_OUTPUT_0_ELEMENTS];
static uint64_t memory[M_ARENA_BYTES / 8 + 16];

static int push(struct m *ctx, size_t from, size_t n)
{
    return m_push_rows(ctx, frame + from * M_ROW_BYTES / sizeof frame[0], n);
}

static void whole_frame(struct m *ctx, size_t step)
{
    size_t done = 0;
    int status = M_MORE;
    for (; done < M_FRAME_ROWS; done += step) {
        const size_t left = M_FRAME_ROWS - done, n = step < left ? step : left;
        CHECK(status == M_MORE);
        status = push(ctx, done, n);
        if (status == M_MORE)
            scribble(ctx, (int)(done * 37 + 11));
    }
    CHECK(status == M_OK);
    CHECK(!memcmp(m_output(ctx, 0), want, sizeof want));
}

int main(void)
{
    struct m ctx;
    size_t i;
    for (i = 0; i < M_INPUT_0_ELEMENTS; i++)
        frame[i] = (M_INPUT_0_TYPE)(i * 2654435761u >> 13);
    CHECK(m_run(frame, want) == M_OK);
    CHECK(m_init(&ctx, memory, M_ARENA_BYTES) == M_OK);
    CHECK(m_input(&ctx, 0) == NULL);
    CHECK(m_push_rows(&ctx, NULL, 1) == M_ERR_NULL);
    CHECK(push(&ctx, 0, M_FRAME_ROWS + 1) == M_ERR_ROWS);
    whole_frame(&ctx, 1);
    whole_frame(&ctx, 3);
    CHECK(push(&ctx, 2, 2) == M_MORE);
    CHECK(push(&ctx, 0, M_FRAME_ROWS - 1) == M_ERR_ROWS);
    CHECK(ctx.rows == 2);
    CHECK(m_reset(&ctx) == M_OK);
    whole_frame(&ctx, 2);
    whole_frame(&ctx, M_FRAME_ROWS);
    return failures != 0;
}
