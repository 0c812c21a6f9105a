"""The face detector port and its two adapters: YuNet where its file is configured, else MTCNN."""

from inference.detect.base import Detection, Detector, detector

__all__ = ["Detection", "Detector", "detector"]
