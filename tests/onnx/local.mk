# SPDX-License-Identifier: Apache-2.0
# ONNX's own test cases: a part of them in make check, all with make check-onnx; the table in docs/
# with make onnx-table.
dist_check_SCRIPTS += %D%/attention.test %D%/onnx.test
dist_check_SCRIPTS += %D%/deeploy.test %D%/forms.test %D%/hostile.test %D%/layout.test
EXTRA_DIST += %D%/attention.py %D%/case.py %D%/deeploy.py %D%/forms.py %D%/hostile.py %D%/layout.py \
  %D%/make.py %D%/node.py %D%/pb.py
node_py = $(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/onnx/node.py --thimble ./thimble
check-onnx: all
	$(node_py)
onnx-table: all
	$(node_py) --table $(srcdir)/docs/onnx.md
.PHONY: check-onnx onnx-table
