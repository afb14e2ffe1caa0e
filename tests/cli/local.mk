# SPDX-License-Identifier: Apache-2.0
# The command as people call it: messages, exit codes, files.
dist_check_SCRIPTS += %D%/compile.test %D%/footprint.test %D%/report.test %D%/run.test %D%/usage.test %D%/verify.test
EXTRA_DIST += %D%/cli.sh %D%/footprint.py %D%/report_sums.py
dist_check_SCRIPTS += %D%/messages.test %D%/sizes.test
