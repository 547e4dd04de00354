#!/bin/sh
# What the tests need beside Python: a browser, the linter of compose files, axe, which checks pages in the browser, and
# Stripe's CLI, which tries the payment simulator. Installed where that is allowed. Where Chromium comes without its
# windows, too, nearly all pages are opened in that: it is half the work, and nothing is missed without it. axe-core and
# the CLI are pinned, with their hashes, by tests/walk/package-lock.json and tests/triggers/package-lock.json.
set -eu
allowed() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

get() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

headless=chromium-headless-shell
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v docker-compose >/dev/null 2>&1 || missing="$missing docker-compose"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
if [ -n "$missing" ]; then
    if ! allowed; then
        echo "make test needs$missing; on Debian: sudo apt-get install$missing" >&2
        exit 2
    fi
    echo "  installing$missing"
    apt-get update -qq >/dev/null
    get $missing
fi
if ! command -v $headless >/dev/null 2>&1 && allowed; then
    [ -n "$missing" ] || apt-get update -qq >/dev/null 2>&1 || true
    get chromium $headless 2>/dev/null || true
fi
cd "$(dirname "$0")"
bring() { # what, the folder whose lock pins it, the file that is there once it is installed
    if [ ! -f "$2/node_modules/$3" ] || [ "$2/package-lock.json" -nt "$2/node_modules/.package-lock.json" ]; then
        echo "  installing $1"
        (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
    fi
}
bring axe-core walk axe-core/axe.min.js
bring "Stripe's CLI" triggers .package-lock.json
