from rest_framework.renderers import JSONRenderer


class UserJSONRenderer(JSONRenderer):
    """`{"user": …}` around what is not an error."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if renderer_context["response"].status_code < 400:
            data = {"user": data}
        return super().render(data, accepted_media_type, renderer_context)
