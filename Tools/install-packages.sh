#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing; says what and why; silent otherwise.
#
#   install-packages.sh REASON PACKAGE...
#   install-packages.sh --optional REASON PACKAGE...    goes on without them where they cannot be had
set -euo pipefail

optional=false
if [ "$1" = --optional ]; then
    optional=true
    shift
fi
reason=$1
shift

missing=()
for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

give_up() {
    echo "Could not install ${missing[*]} ($reason): $1" >&2
    $optional && exit 0
    exit 1
}

command -v apt-get >/dev/null || give_up "only apt is known here; install them by other means"
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || give_up "not root, and there is no sudo"
    as_root=(sudo)
fi
echo "Installing ${missing[*]}: $reason"
"${as_root[@]}" apt-get update -qq || give_up "apt-get update failed"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null || give_up "apt-get install failed"
