// SPDX-License-Identifier: Apache-2.0
// The timeline of a run in the trace event format of Chrome and Perfetto (ui.perfetto.dev): one
// track a unit, one slice an instruction from its start to its completion, 1 cycle as 1 us.
#pragma once

#include <span>
#include <string>

#include "host/driver/activity.h"

namespace millrace::cli {

std::string to_timeline(std::span<const Activity> activities);

}  // namespace millrace::cli
