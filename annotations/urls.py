"""The API left of the dataset version."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from annotations.views import (
    archives,
    crops,
    datasets,
    exports,
    frames,
    imports,
    media,
    projects,
    selections,
    uploads,
    videos,
)

router = SimpleRouter()
router.register("projects", projects.ProjectViewSet)
router.register("members", projects.MemberViewSet)
router.register("cameras", projects.CameraViewSet)
router.register("plate-formats", projects.PlateFormatViewSet)
router.register("videos", videos.VideoViewSet)
router.register("selections", selections.SelectionViewSet)
router.register("frames", frames.FrameViewSet)
router.register("boxes", frames.BoxViewSet)
router.register("crops", crops.CropViewSet)
router.register("transcriptions", crops.TranscriptionViewSet)
router.register("imports", imports.ImportViewSet)
router.register("datasets", datasets.DatasetViewSet)
router.register("exports", exports.ExportViewSet)

urlpatterns = [
    path("projects/restore/", archives.RestoreView.as_view()),
    *router.urls,
    path("uploads/", uploads.UploadViewSet.as_view({"get": "list", "post": "create"})),
    path("uploads/<int:pk>/", uploads.upload),
    path("session/", projects.SessionView.as_view()),
    path("session/keys/", projects.KeymapView.as_view()),
    path("media/frame-packs/<str:frames>/", media.frame_pack),
    path("media/exports/<int:pk>/", exports.download),
    path("media/<str:kind>/<int:pk>/", media.media),
]
