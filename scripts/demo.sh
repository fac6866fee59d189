#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demonstration (docs/overview/demo.md) with the build in $BUILD (build): demo.sh [OPTION]... [IMAGE]..., as demo_digits --help
# tells.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=${BUILD:-build}/demo_digits
[ -x "$demo" ] || { echo "demo: $demo is not there; make build" >&2; exit 2; }
exec "$demo" "$@"
