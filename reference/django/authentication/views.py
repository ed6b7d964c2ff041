from django.contrib.auth.models import User
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from .backends import TokenAuthentication
from .models import Profile, Refresh
from .renderers import UserJSONRenderer
from .serializers import (
    AccountRowSerializer,
    ChangeSerializer,
    LoginSerializer,
    OwnAccountSerializer,
    PasswordSerializer,
    RegistrationSerializer,
    UserSerializer,
    user_of,
)


def refuse(exception, context):
    """What is said of fields goes into `errors`, with a 422. All else is as everywhere."""
    response = exception_handler(exception, context)
    if isinstance(exception, ValidationError):
        response.data = {"errors": response.data}
        response.status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    return response


class UserView(APIView):
    """Note 001's API: its envelope and its refusals."""

    authentication_classes = [TokenAuthentication]
    renderer_classes = [UserJSONRenderer]

    def get_exception_handler(self):
        return refuse


class RegistrationAPIView(UserView):
    permission_classes = [AllowAny]

    def post(self, request):
        serializer = RegistrationSerializer(data=user_of(request.data))
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class LoginAPIView(UserView):
    # As SimpleJWT's token views: who logs in may have an old token in the hand.
    authentication_classes = []
    permission_classes = [AllowAny]

    def post(self, request):
        serializer = LoginSerializer(data=user_of(request.data))
        serializer.is_valid(raise_exception=True)
        return Response(UserSerializer(serializer.validated_data["user"]).data)


class UserRetrieveUpdateAPIView(UserView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response(UserSerializer(request.user).data)

    def put(self, request):
        serializer = ChangeSerializer(request.user, data=user_of(request.data), partial=True)
        serializer.is_valid(raise_exception=True)
        return Response(UserSerializer(serializer.save()).data)

    patch = put


class OwnAccount(generics.RetrieveUpdateAPIView):
    serializer_class = OwnAccountSerializer
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self):
        return self.request.user


class OwnPassword(generics.GenericAPIView):
    serializer_class = PasswordSerializer

    def post(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = request.user
        user.set_password(serializer.validated_data["new_password"])
        user.save()
        Profile.of(user).end_sessions()
        refresh = Refresh.for_user(User.objects.get(pk=user.pk))
        return Response({"refresh": str(refresh), "access": str(refresh.access_token)})


class OwnSessions(APIView):
    def delete(self, request):
        Profile.of(request.user).end_sessions()
        return Response(status=status.HTTP_204_NO_CONTENT)


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class AccountList(generics.ListAPIView):
    queryset = User.objects.order_by("id")
    serializer_class = AccountRowSerializer
    permission_classes = [IsAdminUser]
    pagination_class = Pages
