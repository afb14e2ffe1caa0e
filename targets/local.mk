# SPDX-License-Identifier: Apache-2.0
nobase_dist_pkgdata_DATA += \
  %D%/arduino-nano-33-ble.xml \
  %D%/c99.xml \
  %D%/corstone-300.xml \
  %D%/cortex-m0plus.xml \
  %D%/cortex-m3.xml \
  %D%/cortex-m33.xml \
  %D%/cortex-m4.xml \
  %D%/cortex-m55.xml \
  %D%/cortex-m7.xml \
  %D%/cortex-m85.xml \
  %D%/esp32-c3.xml \
  %D%/gd32vf103.xml \
  %D%/linux-x86-64.xml \
  %D%/nrf52840-dk.xml \
  %D%/nucleo-h743zi.xml \
  %D%/nucleo-l4r5zi.xml \
  %D%/rp2040-pico.xml \
  %D%/rv32gcv.xml \
  %D%/rv32imac.xml \
  %D%/rv32imafc.xml \
  %D%/rv32imc.xml \
  %D%/rv32imc_zve32x.xml \
  %D%/rv64gc.xml \
  %D%/rv64gcv.xml \
  %D%/stm32f746g-disco.xml \
  %D%/targets.rng \
  %D%/x86-64-v2.xml \
  %D%/x86-64-v3.xml \
  %D%/x86-64-v4.xml
