"""Print, as SQL, the database of a Django that has been running for some years.

Salts, times and token ids are fixed, so that it prints the same each time. Expects an empty
user table.
"""

import sqlite3
from datetime import datetime, timedelta, timezone

from django.contrib.auth.hashers import (
    BCryptSHA256PasswordHasher,
    PBKDF2PasswordHasher,
    PBKDF2SHA1PasswordHasher,
)
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from api.models import Note

JOINED = datetime(2021, 3, 1, 8, 30, tzinfo=timezone.utc)
# 2100: a test may run that long after this was printed.
END = 4102444800


def pbkdf2(password, iterations=None):
    return PBKDF2PasswordHasher().encode(password, "oldSaltOf22Characters0", iterations)


def bcrypt(password):
    hasher = BCryptSHA256PasswordHasher()
    hasher.rounds = 4
    return hasher.encode(password, b"$2b$04$abcdefghijklmnopqrstuu")


# username, email, stored password, further columns. The emails were written into the table by
# some script: create_user would have lowered the domains.
USERS = [
    ("root", "Root@EXAMPLE.com", pbkdf2("root-pass-123"), {"is_staff": True, "is_superuser": True}),
    ("mira", "mira@Example.COM", pbkdf2("mira-pass-123"), {"first_name": "Mira", "last_name": "Moll"}),
    # Django 3.2's number of rounds, and that of a settings.py that had its own.
    ("otto", "", pbkdf2("otto-pass-123", 260_000), {}),
    ("olga", "", pbkdf2("olga-pass-123", 15_000), {"last_login": JOINED + timedelta(days=400)}),
    ("paul", "paul@example.com", pbkdf2("paul-pass-123", 15_000), {"is_active": False}),
    # The same mailbox as mira's.
    ("mira2", "mira@example.com", pbkdf2("mira2-pass-123", 15_000), {}),
    ("björn", "björn@example.com", bcrypt("grüße-123"), {}),
    # No password: it came from elsewhere. And one of a kind that we do not verify.
    ("guest", "guest@example.com", "!UnusableUnusableUnusableUnusableUnusable", {}),
    (
        "older",
        "older@example.com",
        PBKDF2SHA1PasswordHasher().encode("older-pass-123", "oldSaltOf22Characters0", 15_000),
        {},
    ),
]

TABLES = (
    "auth_user",
    "api_note",
    "token_blacklist_outstandingtoken",
    "token_blacklist_blacklistedtoken",
)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        if User.objects.exists():
            raise CommandError("the user table is not empty")
        for day, (username, email, password, more) in enumerate(USERS):
            joined = JOINED + timedelta(days=day, microseconds=day * 123_457)
            User.objects.create(
                username=username, email=email, password=password, date_joined=joined, **more
            )
        mira = User.objects.get(username="mira")
        Note.objects.create(title="Groceries", content="milk, bread", author=mira)
        Note.objects.update(created_at=JOINED + timedelta(days=30))
        for name, token in self.tokens(mira).items():
            self.stdout.write(f"-- {name}: {token}")
        # A number that is not the highest id: what was given out once is never given out again.
        User.objects.create(username="gone", password="!").delete()
        self.dump()

    def tokens(self, user):
        """What mira's browser still holds, and what she has logged out."""
        access = self.fixed(AccessToken(), user, "a")
        refresh = self.fixed(RefreshToken(), user, "b")
        logged_out = self.fixed(RefreshToken(), user, "c")
        times = {
            "created_at": JOINED + timedelta(days=31),
            "expires_at": datetime.fromtimestamp(END, timezone.utc),
        }
        for token in (refresh, logged_out):
            OutstandingToken.objects.create(
                user=user, jti=token["jti"], token=str(token), **times
            )
        BlacklistedToken.objects.create(
            token=OutstandingToken.objects.get(jti=logged_out["jti"])
        )
        BlacklistedToken.objects.update(blacklisted_at=JOINED + timedelta(days=32))
        return {"access": access, "refresh": refresh, "logged out": logged_out}

    def fixed(self, token, user, letter):
        token["user_id"] = str(user.pk)
        token["jti"] = letter * 32
        token["iat"] = int(JOINED.timestamp())
        token["exp"] = END
        return token

    def dump(self):
        connection.close()
        # The tables come in the order of their names, and not of their references.
        self.stdout.write("PRAGMA foreign_keys = OFF;")
        with sqlite3.connect(connection.settings_dict["NAME"]) as database:
            for line in database.iterdump():
                if any(f'"{table}"' in line.split("(")[0] for table in TABLES):
                    self.stdout.write(line)
            for table in TABLES:
                (last,) = database.execute(
                    "SELECT seq FROM sqlite_sequence WHERE name = ?", [table]
                ).fetchone() or (0,)
                self.stdout.write(
                    f"UPDATE sqlite_sequence SET seq = {last} WHERE name = '{table}';"
                )
