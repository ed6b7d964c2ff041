#!/usr/bin/env bash
# The Django app of the source notes, on a fresh database with the contract's users.
#   start.sh [PROFILE [PORT]]     PROFILE: default | rotate | rotate_blacklist; PORT: 8000
# Needs Python 3.10 or newer; on the first run, and when requirements.txt has changed, it makes
# a virtual environment in target/django (VENV names another place). Runs in the foreground;
# Ctrl-C stops it. DB_PATH names the database file, KEEP_DB=1 keeps what is in it.
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

venv=${VENV:-$PWD/../../target/django}
# The copy is the last thing that is made: without it, the environment is not complete.
if ! cmp -s requirements.txt "$venv/requirements.txt"; then
  python=$(for candidate in python3 python3.{14,13,12,11,10}; do
    "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' \
      2>/dev/null && echo "$candidate" && break
  done) || {
    echo "Python 3.10 or newer with its module venv, for Django, is not on this machine;" \
      "on Debian, \`apt-get install python3-venv\` brings it." >&2
    exit 3
  }
  echo "Getting Django's packages with pip …"
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$venv"
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
exec "$venv/bin/python" -m gunicorn backend.wsgi --bind "127.0.0.1:$port" --log-level warning \
  --workers 1 --threads 2
