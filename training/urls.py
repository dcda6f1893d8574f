"""The API right of the dataset version."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from training import media, views, views_cameras, views_review, views_suggestions

router = SimpleRouter()
router.register("training-runs", views.TrainingRunViewSet)
router.register("training-schedules", views.TrainingScheduleViewSet)
router.register("models", views.TrainedModelViewSet)
router.register("promotions", views.PromotionViewSet)
router.register("evaluations", views.EvaluationViewSet)
router.register("inference-runs", views.InferenceRunViewSet)
router.register("camera-runs", views_cameras.CameraRunViewSet)
router.register("reads", views_review.ReadViewSet)
router.register("suggestions", views_suggestions.SuggestionViewSet)
router.register(
    "box-suggestions", views_suggestions.BoxSuggestionViewSet, basename="box-suggestion"
)
router.register("passages", views_review.PassageViewSet)
router.register("checked-spans", views_review.CheckedSpanViewSet)

urlpatterns = [
    *router.urls,
    path("cameras/<int:pk>/reads/", views_cameras.CameraReadViewSet.as_view({"get": "list"})),
    path("training-options/", views.TrainingOptionsView.as_view()),
    path("stats/", views.StatsView.as_view()),
    path("stats/videos/", views.VideoStatsView.as_view()),
    path("stats/labelling/", views.LabellingStatsView.as_view()),
    path("media/read-crops/<int:pk>/", media.read_crop),
    path("media/models/<int:pk>/", media.model),
    path("media/models/<int:pk>/onnx/", media.onnx),
]
