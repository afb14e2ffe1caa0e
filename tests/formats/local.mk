# SPDX-License-Identifier: Apache-2.0
# One network in several formats.
dist_check_SCRIPTS += %D%/formats.test
EXTRA_DIST += %D%/export.py %D%/formats.py %D%/graph.py
