# SPDX-License-Identifier: Apache-2.0
# Quantization from the command: data, accuracy, what is emitted.
dist_check_SCRIPTS += %D%/data.test %D%/recurrent.test %D%/shared.test %D%/vibration.test
EXTRA_DIST += %D%/data.py %D%/first.py %D%/recurrent.py %D%/windows.py
