#!/usr/bin/env bash
# Checks the Ansible collection with ansible-lint's profile for production. Roles are found by their full names, so the
# collection is installed in a temporary folder first.
set -euo pipefail
cd "$(dirname "$0")/../Deploy/ansible"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ANSIBLE_HOME=$work ANSIBLE_COLLECTIONS_PATH=$work/collections
ansible-galaxy collection install --offline . -p "$work/collections" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
# Debian 12 has ansible-core 2.14, which a newer ansible-lint takes for too old.
ansible-lint --offline --strict --nocolor --skip-list 'meta-runtime[unsupported-version]' "$@"
