# SPDX-License-Identifier: Apache-2.0
bin_PROGRAMS += thimble
# Building and running emitted folders; tests use it too.
image_sources = \
  %D%/affine.c %D%/affine.h \
  %D%/compare.c %D%/compare.h \
  %D%/elf_sizes.c %D%/elf_sizes.h \
  %D%/image.c %D%/image.h \
  %D%/image_glue.c %D%/image_glue.h \
  %D%/image_memory.c %D%/image_memory.h \
  %D%/image_run.c \
  %D%/link_map.c %D%/link_map.h \
  %D%/listing.c %D%/listing.h \
  %D%/riscv_frame.c %D%/riscv_frame.h \
  %D%/npy.c %D%/npy.h \
  %D%/process.c %D%/process.h \
  %D%/stack_bound.c %D%/stack_bound.h \
  %D%/verify.c %D%/verify.h \
  %D%/verify_cases.c \
  %D%/verify_print.c
thimble_SOURCES = \
  %D%/analyze.c \
  %D%/compile.c %D%/compile.h \
  %D%/ways_out.c %D%/ways_out.h \
  %D%/compile_verb.c \
  %D%/dataset.c %D%/dataset.h \
  %D%/entry.c %D%/entry.h \
  %D%/frames_cases.c %D%/frames_cases.h \
  %D%/images.c \
  %D%/main.c \
  %D%/npz.c \
  %D%/ops.c \
  %D%/options.c %D%/options.def %D%/options.h \
  %D%/passes.c \
  %D%/plugins.c \
  %D%/print_json.c \
  %D%/run.c \
  %D%/target_sizes.c %D%/target_sizes.h \
  %D%/targets.c \
  %D%/verbs.def %D%/verbs.h \
  %D%/verify_layers.c %D%/verify_layers.h \
  %D%/verify_verb.c \
  $(image_sources)
thimble_LDADD = libthimble.la $(LTDL_LIBS) $(JSON_LIBS) $(PNG_LIBS) $(JPEG_LIBS) $(ZIP_LIBS) -lm
if !SHARED
# Without shared libraries the modules are part of the program.
thimble_LDFLAGS = $(AM_LDFLAGS) $(PRELOAD_MODULES:%=-dlpreopen %)
EXTRA_thimble_DEPENDENCIES = $(PRELOAD_MODULES)
endif
