#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Proves the tests of a folder: builds each deliberately broken twin of its
# mutants/*.patch and demands that the test named in the patch fails on it.
#
# Usage: mutants.sh FOLDER BUILD-DIRECTORY [NAME...]
set -euo pipefail

folder=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$2"
build=$(cd "$2" && pwd)
shift 2

# The command of a patch's "Caught-by:" line, e.g. "step victim 30000".
caught_by()
{
	sed -n 's/^Caught-by: //p' "$folder/mutants/$1.patch"
}

make_twin()
{
	local tree=$build/mutants/$1

	rm -rf "$tree"
	mkdir -p "$tree/drivers/net" "$tree/include" "$tree/net"
	cp -r "$root/drivers/net/vni" "$tree/drivers/net/"
	cp -r "$root/net/mint" "$tree/net/"
	cp -r "$root/include/mint" "$tree/include/"
	patch -d "$tree" -p1 --fuzz=0 --no-backup-if-mismatch --silent \
		<"$folder/mutants/$1.patch" || {
		echo "mutant $1: patch does not apply any more" >&2
		exit 1
	}
}

# A lost wake-up shows when two processors meet at the right nanosecond, and how
# often they do depends on where the host has put them: such a test is repeated.
tries_of()
{
	[ "$1" = doorbell ] && echo 40 || echo 1
}

run_twin()
{
	local tree=$build/mutants/$1 status=0 tries
	local -a test

	read -ra test <<<"$(caught_by "$1")"
	make -C "$folder" --no-print-directory -s SRC="$tree" BUILD="$tree" \
		"$tree/${test[0]}" || {
		echo "mutant $1: does not build" >&2
		exit 1
	}
	for ((tries = $(tries_of "${test[0]}"); tries && !status; tries--)); do
		(cd "$tree" && TSAN_OPTIONS=halt_on_error=1 timeout 60 "./${test[0]}" \
			"${test[@]:1}") >"$tree/output" 2>&1 || status=$?
	done
	if [ "$status" = 0 ]; then
		echo "mutant $1: NOT caught by ${test[*]}" >&2
		exit 1
	fi
	echo "mutant $1: caught by ${test[*]}: status $status"
}

if [ $# = 0 ]; then
	for patch in "$folder"/mutants/*.patch; do
		set -- "$@" "$(basename "$patch" .patch)"
	done
fi
for name; do
	make_twin "$name"
	run_twin "$name"
done
echo "$# mutants, all caught"
