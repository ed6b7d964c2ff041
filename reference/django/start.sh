#!/usr/bin/env bash
# The Django app of the source notes, on a fresh database with the contract's users.
#   start.sh [PROFILE [PORT]]     PROFILE: default | rotate | rotate_blacklist; PORT: 8000
# Needs Python 3.12 or newer; makes its virtual environment in ./venv on the first run
# (VENV names another place). Runs in the foreground; Ctrl-C stops it. DB_PATH names the
# database file, KEEP_DB=1 keeps what is in it.
set -euo pipefail
cd "$(dirname "$0")"
profile=${1:-default}
port=${2:-8000}

case $profile in
  default)          rotate=0 black=0 ;;
  rotate)           rotate=1 black=0 ;;
  rotate_blacklist) rotate=1 black=1 ;;
  *) echo "unknown profile $profile: default, rotate or rotate_blacklist" >&2; exit 2 ;;
esac

venv=${VENV:-$PWD/venv}
if [ ! -x "$venv/bin/gunicorn" ]; then
  python=$(for candidate in python3 python3.14 python3.13 python3.12; do
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null \
      && echo "$candidate" && break
  done) || { echo "no Python 3.12 or newer found" >&2; exit 3; }
  "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet -r requirements.txt
fi

export ROTATE_REFRESH_TOKENS=$rotate BLACKLIST_AFTER_ROTATION=$black
export DB_PATH=${DB_PATH:-${TMPDIR:-/tmp}/reference-$profile-$port.sqlite3}
# The hashes that our steps store too, so that a user table can move.
export PASSWORD_HASHER=${PASSWORD_HASHER:-bcrypt_sha256}
export PYTHONDONTWRITEBYTECODE=1
if [ "${KEEP_DB:-0}" != 1 ]; then
  rm -f "$DB_PATH" "$DB_PATH"-{wal,shm,journal}
  "$venv/bin/python" manage.py migrate -v 0
  "$venv/bin/python" manage.py seed_fixtures
fi
exec "$venv/bin/gunicorn" backend.wsgi --bind "127.0.0.1:$port" --log-level warning \
  --workers 1 --threads 2
