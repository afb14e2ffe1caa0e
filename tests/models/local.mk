# SPDX-License-Identifier: Apache-2.0
# The evaluator against real models with reference outputs.
noinst_PROGRAMS += %D%/eval_models
%C%_eval_models_SOURCES = %D%/eval_models.c driver/compare.c driver/npy.c \
  driver/process.c
%C%_eval_models_LDADD = libthimble.la $(LTDL_LIBS) $(JSON_LIBS) -lm
dist_check_SCRIPTS += %D%/eval.test
