/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions of RISC-V take off the stack pointer. Large frames, and those with vector
 * registers (multiples of vlenb), come in registers: constants are followed from one instruction
 * to the next. */
#ifndef TH_DRIVER_RISCV_FRAME_H
#define TH_DRIVER_RISCV_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define TH_RISCV_REGISTERS 32

struct th_riscv_frame {
    int64_t vlenb;               /* bytes of a vector register; 0: not known */
    bool known[TH_RISCV_REGISTERS];
    int64_t value[TH_RISCV_REGISTERS];
};

/* Where control may come from elsewhere, or has been. */
void th_riscv_forget(struct th_riscv_frame *r);
/* Bytes that the instruction takes, as objdump prints it; -1: not a constant. *aligning grows by
 * what aligning the frame may lose. */
int64_t th_riscv_takes(struct th_riscv_frame *r, const char *op, const char *args,
                       int64_t *aligning);

#endif
