"""From the Authorization header to a user, in the two ways of the notes."""

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken

from .models import is_over


class BearerAuthentication(JWTAuthentication):
    """SimpleJWT's, which also refuses the tokens of sessions that were ended."""

    def get_user(self, validated_token):
        user = super().get_user(validated_token)
        if is_over(validated_token, user):
            message = {
                "token_class": "AccessToken",
                "token_type": "access",
                "message": "Token is blacklisted",
            }
            detail = "Given token not valid for any token type"
            raise InvalidToken({"detail": detail, "messages": [message]})
        return user


class TokenAuthentication(BearerAuthentication):
    """Note 001's: `Token` or `Bearer`."""

    def get_raw_token(self, header):
        parts = header.split()
        if not parts or parts[0] not in (b"Token", b"Bearer"):
            return None
        if len(parts) != 2:
            raise AuthenticationFailed(
                "Authorization header must contain two space-delimited values",
                code="bad_authorization_header",
            )
        return parts[1]
