# SPDX-License-Identifier: Apache-2.0
# Signal operators: a family added from outside, as a module of its own.
signal_kernels = \
  signal/thk_signal_bits.h \
  signal/thk_signal_delay_s16__c99.c \
  signal/thk_signal_energy_s16__c99.c \
  signal/thk_signal_fft.inc.h \
  signal/thk_signal_fft_auto_scale_s16__c99.c \
  signal/thk_signal_fft_f32.h \
  signal/thk_signal_fft_s16.h \
  signal/thk_signal_fft_s32.h \
  signal/thk_signal_filter_bank_log_u32__c99.c \
  signal/thk_signal_filter_bank_spectral_subtraction_u32__c99.c \
  signal/thk_signal_filter_bank_square_root_u64__c99.c \
  signal/thk_signal_filter_bank_u32__c99.c \
  signal/thk_signal_framer_s16__c99.c \
  signal/thk_signal_irfft_f32__c99.c \
  signal/thk_signal_irfft_s16__c99.c \
  signal/thk_signal_irfft_s32__c99.c \
  signal/thk_signal_overlap_add_f32__c99.c \
  signal/thk_signal_overlap_add_s16__c99.c \
  signal/thk_signal_pcan_u32__c99.c \
  signal/thk_signal_rfft_f32__c99.c \
  signal/thk_signal_rfft_s16__c99.c \
  signal/thk_signal_rfft_s32__c99.c \
  signal/thk_signal_stacker_s16__c99.c \
  signal/thk_signal_window_s16__c99.c

plugin_LTLIBRARIES += %D%/signal.la
PRELOAD_MODULES += %D%/signal.la
nodist_%C%_signal_la_SOURCES = %D%/sources.c
%C%_signal_la_SOURCES = \
  %D%/common.c \
  %D%/delay.c \
  %D%/energy.c \
  %D%/fft.c \
  %D%/fft.h \
  %D%/fft_auto_scale.c \
  %D%/filter_bank.c \
  %D%/filter_bank_log.c \
  %D%/filter_bank_spectral_subtraction.c \
  %D%/filter_bank_square_root.c \
  %D%/framer.c \
  %D%/irfft.c \
  %D%/overlap_add.c \
  %D%/pcan.c \
  %D%/rfft.c \
  %D%/signal.c \
  %D%/signal.h \
  %D%/stacker.c \
  %D%/window.c
%C%_signal_la_LDFLAGS = $(module_ldflags)
%C%_signal_la_LIBADD = libthimble.la -lm
CLEANFILES += %D%/sources.c
EXTRA_DIST += $(signal_kernels:%=plugins/%)
%D%/sources.c: backends/embed.awk $(signal_kernels:%=plugins/%)
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(AWK) -f $(top_srcdir)/backends/embed.awk -v root=$(top_srcdir)/plugins \
	  -v header=plugins/signal/signal.h -v table=signal_sources $(signal_kernels) >$@.tmp && \
	  mv $@.tmp $@
