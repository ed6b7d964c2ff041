from collections.abc import Mapping

from django.contrib.auth import password_validation
from django.contrib.auth.models import User, UserManager
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.validators import UniqueValidator
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer, TokenRefreshSerializer

from .models import Profile, Refresh, by_email, is_over


class NormalizedEmail(serializers.EmailField):
    """The domain in lower case, before anybody asks whether the address is taken."""

    def to_internal_value(self, data):
        return UserManager.normalize_email(super().to_internal_value(data))


def unique_email(**options):
    taken = "A user with that email already exists."
    validators = [UniqueValidator(User.objects.exclude(email=""), message=taken)]
    return NormalizedEmail(
        label="Email address", max_length=254, validators=validators, **options
    )


class ProfileField(serializers.CharField):
    """A text that may be missing. null and "" both clear it, and null is what is kept."""

    def __init__(self, **options):
        super().__init__(required=False, allow_null=True, allow_blank=True, **options)

    def to_internal_value(self, data):
        return super().to_internal_value(data) or None

    def run_validation(self, data=serializers.empty):
        return super().run_validation(data) or None


class UserSerializer(serializers.ModelSerializer):
    """Note 001's user, as it goes in and comes out."""

    email = unique_email()
    password = serializers.CharField(min_length=8, max_length=128, write_only=True)
    bio = ProfileField(max_length=1000)
    image = ProfileField(max_length=500)

    class Meta:
        model = User
        fields = ("email", "username", "password", "bio", "image")

    def to_representation(self, user):
        profile = Profile.of(user)
        return {
            "email": user.email,
            "username": user.username,
            "bio": profile.bio,
            "image": profile.image,
            "token": profile.token,
        }


class RegistrationSerializer(UserSerializer):
    class Meta(UserSerializer.Meta):
        fields = ("email", "username", "password")

    def create(self, validated_data):
        return User.objects.create_user(**validated_data)


class ChangeSerializer(UserSerializer):
    def update(self, user, validated_data):
        profile = Profile.of(user)
        for name, value in validated_data.items():
            if name == "password":
                user.set_password(value)
            else:
                setattr(profile if name in ("bio", "image") else user, name, value)
        user.save()
        profile.save()
        if "password" in validated_data:
            profile.end_sessions()
        return user


class LoginSerializer(serializers.Serializer):
    """By mail address. Whatever is wrong, the answer is one, and one hash was computed."""

    email = serializers.CharField()
    password = serializers.CharField()

    def validate(self, attrs):
        user = by_email(UserManager.normalize_email(attrs["email"]))
        if user is None:
            User().set_password(attrs["password"])
        if user is None or not user.check_password(attrs["password"]) or not user.is_active:
            raise serializers.ValidationError("A user with this email and password was not found.")
        return {"user": user}


def user_of(data):
    """What is in the envelope; the refusals are those of a nested serializer."""

    def no_dictionary(value):
        return f"Invalid data. Expected a dictionary, but got {type(value).__name__}."

    if data is None:
        raise serializers.ValidationError({"non_field_errors": ["No data provided"]})
    if not isinstance(data, Mapping):
        raise serializers.ValidationError({"non_field_errors": [no_dictionary(data)]})
    if "user" not in data:
        raise serializers.ValidationError({"user": ["This field is required."]})
    user = data["user"]
    if user is None:
        raise serializers.ValidationError({"user": ["This field may not be null."]})
    if not isinstance(user, Mapping):
        raise serializers.ValidationError({"user": [no_dictionary(user)]})
    return user


class OwnAccountSerializer(serializers.ModelSerializer):
    email = unique_email(required=False, allow_blank=True)

    class Meta:
        model = User
        fields = ("id", "username", "email", "first_name", "last_name")
        read_only_fields = ("username",)


class AccountRowSerializer(serializers.ModelSerializer):
    """What staff sees of a user."""

    class Meta:
        model = User
        fields = ("id", "username", "email", "is_active", "is_staff", "last_login")


class PasswordSerializer(serializers.Serializer):
    old_password = serializers.CharField()
    new_password = serializers.CharField(max_length=128)

    def validate_old_password(self, value):
        if not self.context["request"].user.check_password(value):
            raise serializers.ValidationError(
                "Your old password was entered incorrectly. Please enter it again."
            )
        return value

    def validate_new_password(self, value):
        try:
            password_validation.validate_password(value, self.context["request"].user)
        except DjangoValidationError as refused:
            raise serializers.ValidationError(refused.messages) from refused
        return value


class PairSerializer(TokenObtainPairSerializer):
    token_class = Refresh


class StampedRefreshSerializer(TokenRefreshSerializer):
    def validate(self, attrs):
        refresh = self.token_class(attrs["refresh"])
        user = User.objects.filter(pk=refresh.payload.get("user_id")).first()
        if user is not None and not user.is_active:
            raise AuthenticationFailed(
                self.error_messages["no_active_account"], "no_active_account"
            )
        if user is not None and is_over(refresh, user):
            raise InvalidToken("Token is blacklisted")
        return super().validate(attrs)
