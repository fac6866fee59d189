// SPDX-License-Identifier: Apache-2.0
// conformance_wrong: the suite on devices that are wrong on purpose.
#include <algorithm>

#include "tests/conformance/suite.h"
#include "tests/conformance/wrong_devices.h"

int main(int argc, char** argv) {
  using namespace millrace;
  DeviceFactory factory;
  for (const conformance::WrongDevice& w : conformance::wrong_devices())
    factory.kinds.push_back({w.name, w.chapter, {w.config}, false, w.time});
  factory.open = [](const DeviceRequest& request) -> Result<std::unique_ptr<Device>> {
    const auto list = conformance::wrong_devices();
    const auto found =
        std::ranges::find_if(list, [&](const auto& w) { return w.name == request.device; });
    return found->make(*request.config);
  };
  return conformance::conformance_main(argc, argv, factory);
}
