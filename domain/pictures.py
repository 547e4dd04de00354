"""Pictures that a practice uploads: what is taken, how they are kept, and the port that makes the one of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

MAX_PICTURE_BYTES = 8 * 1024 * 1024
FEWEST_PIXELS = 120  # on the shorter side: smaller ones look bad on any screen
MOST_PIXELS = 50_000_000  # a phone's camera makes 12 to 48 million
LONGEST_SIDE = 960  # of what is kept: three times what the page shows, for sharp screens


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as it is kept and served: our own JPEG, nothing of the upload but what can be seen."""

    content: bytes
    width: int
    height: int

    media_type: ClassVar[str] = "image/jpeg"


class Pictures(Protocol):
    def prepare(self, content: bytes) -> Picture:
        """The upload decoded, turned the right way up, made no larger than needed, and written anew.

        Takes JPEG, PNG and WebP, known by their content. Raises ValidationFailed on the field `file`.
        """
