# SPDX-License-Identifier: Apache-2.0
# Each frontend is a module of its own: include its local.mk here.
include %D%/openvino/local.mk
include %D%/onnx/local.mk
include %D%/tflite/local.mk
include %D%/xml/local.mk
