# SPDX-License-Identifier: Apache-2.0
# Every model of the test set in the evaluator, on the host and on emulated targets; not part of
# `make check`.
EXTRA_DIST += %D%/models.py %D%/pieces.py %D%/promises.py %D%/ties.py %D%/ties.json
MODEL_TARGETS = x86-64-v3 cortex-m4 cortex-m55 rv32imac
# refused because their shapes depend on data, or their types contradict each other
MODEL_REFUSED = litert_add_quantized,litert_add_shared_tensors,litert_tile_with_bool_input,$(MODEL_TRAINING)
# ONNX graphs with nodes of training
MODEL_TRAINING = deeploy_cct2_train_lp,deeploy_transformer_train
models_py = $(AM_TESTS_ENVIRONMENT) \
  $(srcdir)/tests/models/models.py --thimble ./thimble --refused $(MODEL_REFUSED)
check-models: all
	$(models_py) reference $(MODEL_TARGETS)
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/models/ties.py --thimble ./thimble
models-table: all
	$(models_py) --formats tflite --table $(srcdir)/docs/models.md $(MODEL_TARGETS)
# ONNX and OpenVINO models on targets with floats in hardware.
IMPORT_TARGETS = cortex-m7 rv32imafc
import_models_py = $(models_py) --formats xml,onnx --made import-models-table
check-import-models: all
	$(import_models_py) $(IMPORT_TARGETS)
import-models-table: all
	$(import_models_py) --table $(srcdir)/docs/models-import.md $(IMPORT_TARGETS)
.PHONY: check-import-models import-models-table
# What the search for groups promises against what is planned.
check-promises: all
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/models/promises.py --thimble ./thimble
# In pieces, in four forms. check-pieces: what takes no long emulation, and no longer than it may.
PIECES_TARGETS = planned x86-64-v3 cortex-m4
PIECES_SECONDS = 200
pieces_py = $(AM_TESTS_ENVIRONMENT) \
  $(srcdir)/tests/models/pieces.py --thimble ./thimble --refused $(MODEL_REFUSED) --cases 1
check-pieces: all
	$(pieces_py) --most-macs 3000000 --seconds $(PIECES_SECONDS) $(PIECES_TARGETS)
pieces-table: all
	$(pieces_py) --table $(srcdir)/docs/pieces.md $(PIECES_TARGETS)
.PHONY: check-models models-table check-promises check-pieces pieces-table
# Long fuzzing, the table of models and the benchmarks; results go to docs/.
EXTRA_DIST += tests/campaign.sh
campaign: all
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/campaign.sh '$(abs_srcdir)' '$(abs_builddir)'
.PHONY: campaign
