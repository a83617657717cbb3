#!/usr/bin/env bash
# ensure.sh COMMAND PACKAGE...: make sure that a command is there, with the system's package manager where it is not.
# Needs root or sudo only where something is missing. Exits 1 where it cannot be had, and says so.
set -euo pipefail

command=$1
shift

if command -v "$command" >/dev/null; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "setsquare: '$command' is missing; please install it" >&2
  exit 1
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setsquare: '$command' is missing; please install: $*" >&2
    exit 1
  fi
  as_root=(sudo)
fi

export DEBIAN_FRONTEND=noninteractive
install() { "${as_root[@]}" apt-get install --yes --quiet --no-install-recommends "$@"; }
install "$@" || { "${as_root[@]}" apt-get update --quiet && install "$@"; }
