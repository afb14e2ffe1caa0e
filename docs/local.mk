# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/architecture.md %D%/benchmarks.md %D%/campaign.md %D%/command.md %D%/kernels.md %D%/memory.md %D%/models.md %D%/onnx.md %D%/passes.md %D%/targets.md %D%/tflite.md \
  %D%/writing-a-backend.md %D%/writing-a-frontend.md %D%/writing-a-pass.md %D%/writing-an-operator.md
