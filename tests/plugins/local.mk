# SPDX-License-Identifier: Apache-2.0
# The examples are built out of tree against what was installed.
EXAMPLE_FILES = \
  plugins/examples/arduino/Makefile plugins/examples/arduino/arduino-host.xml \
  plugins/examples/arduino/arduino.c \
  plugins/examples/mlp_text/Makefile plugins/examples/mlp_text/mlp_text.c \
  plugins/examples/mlp_text/xor.mlp \
  plugins/examples/snake/Makefile plugins/examples/snake/snake.c \
  plugins/examples/snake/snake.json \
  plugins/examples/strip_softmax/Makefile plugins/examples/strip_softmax/strip_softmax.c
dist_check_SCRIPTS += %D%/broken.test %D%/signal.test
EXTRA_DIST += $(EXAMPLE_FILES) %D%/docs.sh %D%/examples.sh %D%/signal.py
installcheck-local:
	$(SHELL) $(srcdir)/tests/plugins/examples.sh '$(DESTDIR)$(bindir)' '$(DESTDIR)$(libdir)' \
	  '$(abs_srcdir)'
	$(SHELL) $(srcdir)/tests/plugins/docs.sh '$(DESTDIR)$(bindir)' '$(DESTDIR)$(libdir)' \
	  '$(abs_srcdir)'
