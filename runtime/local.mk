# SPDX-License-Identifier: Apache-2.0
include runtime/bench/local.mk
