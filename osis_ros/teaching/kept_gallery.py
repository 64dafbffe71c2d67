"""A gallery in use and its folder, kept alike while names are taught and forgotten."""

import threading
from pathlib import Path

from osis_ros.inference.bundle import Bundle
from osis_ros.teaching.gallery import Gallery
from osis_ros.teaching.gallery_folder import forget_name, read_gallery, read_name, write_name
from osis_ros.teaching.lesson import Lesson
from osis_ros.teaching.names import checked_name


class KeptGallery:
    """Any thread may read `gallery`, teach and forget. What cannot be written to the folder is not used either."""

    def __init__(self, folder: Path, bundle: Bundle) -> None:
        """
        Args:
            folder: it need not exist yet.
            bundle: the model that finds the instances.
        Raises:
            GalleryError: the folder cannot be read, or is of another model.
        """
        self.folder, self._bundle = folder, bundle
        self.gallery: Gallery = read_gallery(folder, bundle)
        self._changes = threading.Lock()

    def checked(self, name: str) -> str:
        """The name as it would be taught. Raises TeachError: it cannot be a name."""
        return checked_name(name, self.gallery.class_names, self.gallery.names)

    def teach(self, name: str, learnt: Lesson, *, force: bool = False) -> None:
        """Add views to a name, in the folder and in use.

        Raises:
            TeachError, GalleryError: it cannot be taught or written; nothing has changed then.
        """
        with self._changes:
            name = self.checked(name)
            changed = self._on_disk(name).with_views(name, learnt.views, learnt.others, force=force)
            write_name(self.folder, changed, name)
            self.gallery = changed

    def forget(self, name: str) -> None:
        """Take a name out of the folder and out of use.

        Raises:
            TeachError, GalleryError: there is no such name, or its files cannot be deleted.
        """
        with self._changes:
            name = checked_name(name, self.gallery.class_names)
            changed = self._on_disk(name).without(name)
            forget_name(self.folder, name)
            self.gallery = changed

    def _on_disk(self, name: str) -> Gallery:
        """The gallery with this name as its folder has it now, since `osis teach` may have written to it."""
        return self.gallery.with_taught(name, read_name(self.folder, name, self._bundle))
