# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += %D%/memory.md %D%/targets.md %D%/tflite.md
