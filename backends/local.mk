# SPDX-License-Identifier: Apache-2.0
# Shared emission is part of the library; each backend is a module of its own.
