#!/usr/bin/env bash
# The demo: check, fix and prove a copy of demo/infrastructure. The repository itself is never changed.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/setsquare-demo.XXXXXX")
cp -R "$repository/demo/infrastructure" "$repository/demo/setsquare.yaml" "$folder"
cd "$folder"

# Exit status 1 says that there are findings, which is what a demo is for; anything above is an error.
run() {
  printf '\n\033[1m$ %s\033[0m\n' "$*"
  "$@" || { status=$?; [[ $status -eq 1 ]] || exit "$status"; }
}

echo "A copy of the sample is in $folder"
run setsquare check .
run setsquare fix .
run setsquare fix --write .
run setsquare check --prove .

cat <<EOF

The findings that are left ask for a decision: a replacement, a design, a value that only you know.

To see the same in an editor, restore the sample and open it in Neovim (0.11 or later):

  cp -R "$repository/demo/infrastructure/." "$folder/infrastructure"
  cd "$folder"
  nvim -u "$repository/editors/neovim/setsquare.lua" infrastructure/main.tf

The findings are marked as you open the file; gra (or :lua vim.lsp.buf.code_action()) on one of them offers the fix.
EOF
