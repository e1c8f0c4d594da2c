#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs tests/litmus/*.litmus against the Linux kernel memory model, if herd7
# is installed. LKMM= names the directory that holds linux-kernel.cfg.
set -euo pipefail

cd "$(dirname "$0")/../litmus"
if ! command -v herd7 >/dev/null; then
	echo "litmus: SKIPPED, herd7 is not installed"
	exit 0
fi
lkmm=${LKMM:-/usr/share/herdtools7/herd/linux-kernel}
failed=0
for test in *.litmus; do
	result=$(cd "$lkmm" && herd7 -conf linux-kernel.cfg "$OLDPWD/$test" |
		 awk '/^Observation/ { print $3 }')
	echo "$test: $result"
	[ "$result" = Never ] || failed=1
done
exit $failed
