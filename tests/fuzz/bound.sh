# SPDX-License-Identifier: Apache-2.0
# What docs/campaign.md states: reading a file takes at most so many times its size, and so many
# megabytes more.
BOUND=100+128
