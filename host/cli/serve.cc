// SPDX-License-Identifier: Apache-2.0
// `millrace serve`: other processes use a device of this one.
#include "host/cli/commands.h"
#include "host/link/address.h"

namespace millrace::cli {

Result<int> serve(const Options& options, const DeviceFactory& factory) {
  if (link::is_address(options.device))
    return input_error("serve is for machines simulated in this process; " + options.device +
                       " is outside it");
  const Result<DeviceRequest> request = device_request(options, factory, kDefaultConfig);
  if (!request) return request.error();
  if (const Status status = factory.serve(*request, options.listen); !status) return status.error();
  return 0;
}

}  // namespace millrace::cli
