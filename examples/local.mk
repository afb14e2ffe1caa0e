# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
  %D%/vibration/.gitignore \
  %D%/vibration/README.md \
  %D%/vibration/case0_in.npy \
  %D%/vibration/case0_out.npy \
  %D%/vibration/case1_in.npy \
  %D%/vibration/case1_out.npy \
  %D%/vibration/case2_in.npy \
  %D%/vibration/case2_out.npy \
  %D%/vibration/case3_in.npy \
  %D%/vibration/case3_out.npy \
  %D%/vibration/case4_in.npy \
  %D%/vibration/case4_out.npy \
  %D%/vibration/case5_in.npy \
  %D%/vibration/case5_out.npy \
  %D%/vibration/case6_in.npy \
  %D%/vibration/case6_out.npy \
  %D%/vibration/case7_in.npy \
  %D%/vibration/case7_out.npy \
  %D%/vibration/case8_in.npy \
  %D%/vibration/case8_out.npy \
  %D%/vibration/case9_in.npy \
  %D%/vibration/case9_out.npy \
  %D%/vibration/case_float_in.npy \
  %D%/vibration/case_float_out.npy \
  %D%/vibration/cases.txt \
  %D%/vibration/check_reference.py \
  %D%/vibration/export.py \
  %D%/vibration/generate.py \
  %D%/vibration/network.py \
  %D%/vibration/reference.py \
  %D%/vibration/tflite_file.py \
  %D%/vibration/train.py \
  %D%/vibration/vibration.tflite \
  %D%/vibration/vibration_float.tflite
