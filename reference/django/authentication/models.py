"""What note 001 keeps of a user beyond Django's own table."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    bio = models.TextField(null=True)
    image = models.TextField(null=True)
    # None until the user ends what is open for the first time. Tokens carry it from then on,
    # and those that carry another one, or none, are over.
    stamp = models.CharField(max_length=32, null=True)

    @classmethod
    def of(cls, user):
        return cls.objects.get_or_create(user=user)[0]

    @property
    def token(self):
        return str(LongToken.for_user(self.user))

    def end_sessions(self):
        self.stamp = uuid.uuid4().hex
        self.save()


class Stamped:
    @classmethod
    def for_user(cls, user):
        token = super().for_user(user)
        if stamp := Profile.of(user).stamp:
            token["stamp"] = stamp
        return token


class Refresh(Stamped, RefreshToken):
    """One half of a pair; its access token copies the stamp."""


class LongToken(Stamped, AccessToken):
    """The one token of note 001's API."""

    lifetime = timedelta(days=60)


def is_over(token, user):
    return token.get("stamp") != Profile.of(user).stamp


def by_email(email):
    """The user of a mail address; who has none cannot be meant."""
    return User.objects.filter(email=email).exclude(email="").first()
