"""Presidio as it comes, for the bench to measure against; nothing else uses it."""

from collections.abc import Callable
from importlib.util import find_spec

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine

LANGUAGE = "ja"
MODEL = "ja_ginza"


def stock() -> tuple[str, Callable[[str], object]]:
    """Its name and a call that analyses one text: with ja-ginza where installed, else patterns."""
    ginza = find_spec(MODEL) is not None
    words = SpacyNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": MODEL}])
    loaded = {LANGUAGE: spacy.load(MODEL) if ginza else spacy.blank(LANGUAGE)}
    words.nlp = loaded  # type: ignore[assignment]  # declared as None, filled by load()
    registry = RecognizerRegistry(supported_languages=[LANGUAGE])
    registry.load_predefined_recognizers(languages=[LANGUAGE])
    registry.remove_recognizer("EmailRecognizer")  # it asks the network for a list of suffixes
    engine = AnalyzerEngine(registry=registry, nlp_engine=words, supported_languages=[LANGUAGE])
    name = "presidio + ja-ginza" if ginza else "presidio, spacy.blank"
    return name, lambda text: engine.analyze(text=text, language=LANGUAGE)
