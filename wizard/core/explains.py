"""Which cause explains which, as the content tells it: what is a symptom where its reason is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

ANY = "*"


class Explains:
    """For each symptom the causes that explain it: ids, all causes of a layer (`server.*`), or all others (`*`)."""

    def __init__(self, written: Mapping[str, Iterable[str]] | None = None) -> None:
        self._by = {symptom: frozenset(causes) for symptom, causes in (written or {}).items()}

    def holds(self, cause: str, symptom: str) -> bool:
        """Whether `cause` explains `symptom`; no cause explains itself."""
        by = self._by.get(symptom)
        if not by or cause == symptom:
            return False
        return cause in by or ANY in by or f"{cause.partition('.')[0]}.*" in by

    def roots(self, causes: Collection[str]) -> Collection[str]:
        """Those that no other of them explains one-sidedly; all of them where nothing would be left."""
        if len(causes) < 2 or not any(cause in self._by for cause in causes):
            return causes
        left = [one for one in causes if not any(self._beats(other, one) for other in causes)]
        return left or causes

    def _beats(self, cause: str, symptom: str) -> bool:
        return self.holds(cause, symptom) and not self.holds(symptom, cause)
