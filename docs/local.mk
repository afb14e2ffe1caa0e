# SPDX-License-Identifier: Apache-2.0
# Written from the records.
operators-table: all
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/docs/operators.py ./thimble $(srcdir)
.PHONY: operators-table
EXTRA_DIST += %D%/architecture.md %D%/benchmarks.md %D%/campaign.md %D%/command.md \
  %D%/kernels.md %D%/memory.md %D%/memory-fronts.md %D%/models.md %D%/models-import.md \
  %D%/onnx.md %D%/onnx-frontend.md %D%/openvino.md %D%/operators.md %D%/operators.py \
  %D%/passes.md %D%/pieces.md %D%/pytorch.md %D%/quantization.md %D%/targets.md %D%/tflite.md \
  %D%/tile-cost.md %D%/writing-a-backend.md %D%/writing-a-frontend.md \
  %D%/writing-a-pass.md %D%/writing-an-operator.md
