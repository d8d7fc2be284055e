"""The only door to Presidio: its engine and API over our recognisers and the Sudachi words.

Importing this module loads Presidio; the rest of Sekisho imports `governance.pii.types`. Nothing is
downloaded: no spaCy model is named, Presidio's own recognisers (and with them tldextract) stay out.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from governance.pii.document import Document
from governance.pii.learned.recogniser import ENTITIES, NAME, finder, read_together
from governance.pii.learned.shipped import tagger
from governance.pii.learned.tagger import Tagger
from governance.pii.recognisers.registry import Recogniser, recognisers
from governance.pii.relations import related
from governance.pii.resolve import resolve
from governance.pii.sudachi import chunks
from governance.pii.types import SHIPPED_MODEL, Entity, Reason, Span

LANGUAGES: Final = ("ja", "en")
LEAST_SCORE: Final = 0.0  # every finding; saves Presidio a look at each recogniser's threshold
# Score of a name by the rules that needs no word of the tagger: in notes an honorific suffices
ALONE: Final = 0.85
ALONE_IN_PROSE: Final = 0.9
CHUNK: Final = 4_000  # code points analysed together; keeps Presidio's pairwise steps small


_NO_WORDS: Any = ()  # Presidio declares a spaCy Doc here; our words live in the document


class Artifacts(NlpArtifacts):
    """What Presidio hands to every recogniser: our document."""

    def __init__(self, document: Document) -> None:
        super().__init__(
            entities=[],
            tokens=_NO_WORDS,
            tokens_indices=[],
            lemmas=[],
            nlp_engine=None,
            language=document.lang,
        )
        self.document = document


class SudachiEngine(NlpEngine):
    """Presidio's NLP engine; words are made only when a recogniser asks for them."""

    def load(self) -> None:
        """Nothing to load before the first text."""

    def is_loaded(self) -> bool:
        """Always ready."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """A document of this text."""
        return Artifacts(Document(text, language))

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002 (Presidio's signature)
        n_process: int = 1,  # noqa: ARG002 (Presidio's signature)
        **_options: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Documents of these texts, one by one."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002
        """No stop words: context is read from the text itself."""
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        """No punctuation list, for the same reason."""
        return False

    def get_supported_entities(self) -> list[str]:
        """The words alone give no entity."""
        return []

    def get_supported_languages(self) -> list[str]:
        """Japanese and English."""
        return list(LANGUAGES)


class SekishoRecogniser(EntityRecognizer):
    """One of our recognisers as Presidio knows it, with the reason in the decision trace."""

    def __init__(
        self, name: str, find: Recogniser, entities: frozenset[Entity], language: str
    ) -> None:
        self._find = find
        self.title = f"sekisho_{name}"
        super().__init__(
            supported_entities=sorted(entity.value for entity in entities),
            name=self.title,
            supported_language=language,
        )

    def load(self) -> None:
        """Nothing to load before the first text."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings in Presidio's form; role and kind travel in the metadata."""
        document = (
            nlp_artifacts.document
            if isinstance(nlp_artifacts, Artifacts)
            else Document(text, self.supported_language)
        )
        return [_result(span, self) for span in self._find(document) if span.entity in entities]


class Finding(RecognizerResult):
    """A result of ours; what the tagger sees stays beside a rule's finding around it.

    Presidio drops the less sure of two results of a kind when it lies within the other, and with
    it the tagger's better bounds.
    """

    def contained_in(self, other: RecognizerResult) -> bool:
        """Whether it lies within a result of the same layer."""
        layers = {found.recognition_metadata["span"].reason is Reason.LEARNED
                  for found in (self, other)}  # fmt: skip
        return len(layers) == 1 and bool(super().contained_in(other))

    def __hash__(self) -> int:
        """Of its place; Presidio's own writes the result out as text first."""
        return hash((self.start, self.end))


def _result(span: Span, recogniser: SekishoRecogniser) -> RecognizerResult:
    return Finding(
        entity_type=span.entity.value,
        start=span.start,
        end=span.end,
        score=span.score,
        analysis_explanation=AnalysisExplanation(
            recognizer=recogniser.title,
            original_score=span.score,
            textual_explanation=span.reason.value,
        ),
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: recogniser.title,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recogniser.id,
            "span": span,
        },
    )


class SekishoEngine(AnalyzerEngine):
    """Presidio's engine without the steps that our recognisers have done already."""

    def get_supported_entities(self, language: str | None = None) -> list[str]:
        """Entities of a language, computed once; Presidio asks for every text."""
        found = self._entities.get(language)
        if found is None:
            found = self._entities[language] = super().get_supported_entities(language=language)
        return found

    @cached_property
    def _entities(self) -> dict[str | None, list[str]]:
        return {}

    def _enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The results as they are: context has been read by the recognisers."""
        del text, nlp_artifacts, recognizers, context
        return raw_results


def build_engine(own_numbers: Iterable[str] = (), learned: Tagger | None = None) -> SekishoEngine:
    """A Presidio engine that knows our recognisers and none of its own."""
    ours = recognisers(own_numbers)
    if learned is not None:
        ours[NAME] = (finder(learned), ENTITIES)
    registry = RecognizerRegistry(
        recognizers=[
            SekishoRecogniser(name, find, entities, language)
            for language in LANGUAGES
            for name, (find, entities) in ours.items()
        ],
        supported_languages=list(LANGUAGES),
    )
    return SekishoEngine(
        registry=registry,
        nlp_engine=SudachiEngine(),
        supported_languages=list(LANGUAGES),
    )


class _Piece(NamedTuple):
    """A piece of one of several texts: which, where it begins there, the piece."""

    number: int
    offset: int
    document: Document


class Analyzer:
    """Personal data of texts; one object serves all threads of a process."""

    def __init__(self, *, own_numbers: Iterable[str] = (), model: str = SHIPPED_MODEL) -> None:
        self._tagger = tagger(model)
        self.engine = build_engine(own_numbers, self._tagger)

    def analyze(self, text: str, lang: str = "ja") -> tuple[Span, ...]:
        """Findings without overlap, in order; offsets are code points of the text given."""
        return self.analyze_all([(text, lang)])[0]

    def analyze_all(self, texts: Iterable[tuple[str, str]]) -> list[tuple[Span, ...]]:
        """The same for several texts, each with its language; short ones are read together."""
        found: list[list[Span]] = []
        waiting: list[_Piece] = []
        size = 0
        for number, (text, lang) in enumerate(texts):
            found.append([])
            for offset, piece in chunks(text, limit=CHUNK):
                if size + len(piece) > CHUNK:
                    self._read(waiting, found)
                    waiting, size = [], 0
                waiting.append(_Piece(number, offset, Document(piece, lang)))
                size += len(piece)
        self._read(waiting, found)
        return [tuple(spans) for spans in found]

    def _read(self, pieces: Sequence[_Piece], found: Sequence[list[Span]]) -> None:
        if self._tagger is not None:
            read_together(self._tagger, [piece.document for piece in pieces])
        for number, offset, document in pieces:
            spans = map(_span, self._results(document))
            kept = resolve(spans, len(document.text), alone=self._alone(document))
            kept = related(document.text, kept)
            found[number].extend(span.shifted(offset) if offset else span for span in kept)

    def _alone(self, document: Document) -> float:
        if self._tagger is None:
            return 0.0
        return ALONE_IN_PROSE if document.is_prose else ALONE

    def explain(self, text: str, lang: str = "ja") -> tuple[RecognizerResult, ...]:
        """Presidio's own results with its decision trace, before overlaps are resolved."""
        return tuple(self._results(Document(text, lang)))

    def _results(self, document: Document) -> list[RecognizerResult]:
        if not document.text:
            return []
        results: list[RecognizerResult] = self.engine.analyze(
            text=document.text,
            language=document.lang,
            score_threshold=LEAST_SCORE,
            return_decision_process=True,
            nlp_artifacts=Artifacts(document),
        )
        return results


def _span(result: RecognizerResult) -> Span:
    """The span that a recogniser of ours put into the metadata."""
    span: Span = result.recognition_metadata["span"]
    return span
