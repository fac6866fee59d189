# SPDX-License-Identifier: Apache-2.0
# Bitstream for the Arty A7-100T with Vivado, untested: vivado -mode batch -source fpga/boards/arty-a7/build.tcl, in the root of
# the repository, after `make fpga BOARD=arty-a7`, which writes the list of sources and parameters.
set out build/fpga/arty-a7
source $out/sources.tcl
synth_design -top top -part $part -generic $generics
opt_design
place_design
phys_opt_design
route_design
report_timing_summary -file $out/timing.txt
report_utilization -file $out/utilization.txt
if {[get_property SLACK [get_timing_paths]] < 0} {
  error "arty-a7 misses its clock; see $out/timing.txt"
}
write_bitstream -force $out/arty-a7.bit
