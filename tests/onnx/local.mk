# SPDX-License-Identifier: Apache-2.0
# ONNX's own test cases: a part of them in make check, all with make check-onnx; the table in docs/
# with make onnx-table.
dist_check_SCRIPTS += %D%/attention.test %D%/onnx.test
dist_check_SCRIPTS += %D%/deeploy.test %D%/forms.test %D%/hostile.test %D%/layout.test \
  %D%/sampling.test
dist_check_SCRIPTS += %D%/narrow.test %D%/resize.test
EXTRA_DIST += %D%/attention.py %D%/case.py %D%/deeploy.py %D%/forms.py %D%/hostile.py %D%/layout.py \
  %D%/make.py %D%/node.py %D%/pb.py %D%/pytorch.py %D%/pytorch_functions.py \
  %D%/pytorch_layers.py %D%/pytorch_row.py %D%/sampling.py
EXTRA_DIST += %D%/narrow.py %D%/resize.py
dist_check_SCRIPTS += %D%/transpose.test
EXTRA_DIST += %D%/transpose.py
node_py = $(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/onnx/node.py --thimble ./thimble
check-onnx: all
	$(node_py)
onnx-table: all
	$(node_py) --table $(srcdir)/docs/onnx.md
# Layers and functions of PyTorch as it exports them; needs Debian's python3-torch.
python_with_torch = /usr/bin/python3
pytorch_opsets = 9,11,13,16,17
pytorch_py = $(AM_TESTS_ENVIRONMENT) \
  $(python_with_torch) -B $(srcdir)/tests/onnx/pytorch.py --thimble ./thimble \
  --opsets $(pytorch_opsets)
check-pytorch: all
	$(pytorch_py)
pytorch-table: all
	$(pytorch_py) --table $(srcdir)/docs/pytorch.md
.PHONY: check-onnx onnx-table check-pytorch pytorch-table
