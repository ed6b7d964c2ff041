from django.urls import path

from . import views

urlpatterns = [
    path("users", views.RegistrationAPIView.as_view()),
    path("users/login", views.LoginAPIView.as_view()),
    path("user", views.UserRetrieveUpdateAPIView.as_view()),
    path("account/", views.OwnAccount.as_view()),
    path("account/password/", views.OwnPassword.as_view()),
    path("account/sessions/", views.OwnSessions.as_view()),
    path("accounts/", views.AccountList.as_view()),
]
