"""What a team writes first: FastAPI, pydantic, and a SQLModel session for each request."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import sqlmodel
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, create_engine, select

YES = 7  # of ten


class Apart(SQLModel, registry=registry()):
    """Tables that are none of the product's."""


class NaiveConsent(Apart, table=True):
    """Whether a person agreed to a purpose."""

    __tablename__ = "bench_naive_consent"
    subject: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    granted: bool


class Entity(BaseModel):
    """Subject or resource of a question."""

    type: str
    id: str


class Action(BaseModel):
    """The action of a question, with the purpose."""

    name: str
    properties: dict[str, str] = {}


class Question(BaseModel):
    """One evaluation."""

    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, str] = {}


class Person(BaseModel):
    """One evaluation of a batch."""

    resource: Entity


class Questions(BaseModel):
    """A batch of evaluations that differ in their persons."""

    subject: Entity
    action: Action
    context: dict[str, str] = {}
    evaluations: list[Person]


class Answer(BaseModel):
    """The decision, with a reason."""

    decision: bool
    context: dict[str, str]


class Answers(BaseModel):
    """The decisions of a batch."""

    evaluations: list[Answer]


def fill(path: Path, subjects: Sequence[str], purpose: str) -> None:
    """A database of these persons, seven of ten of whom agreed."""
    engine = create_engine(f"sqlite:///{path}")
    Apart.metadata.create_all(engine)
    rows = [(subject, purpose, n % 10 < YES) for n, subject in enumerate(subjects)]
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("INSERT INTO bench_naive_consent VALUES (?, ?, ?)", rows)
    engine.dispose()


def create_naive(path: Path) -> FastAPI:
    """The endpoint over that database: the bare look-up, neither explained nor recorded."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    app = FastAPI()

    def session_of() -> Iterator[sqlmodel.Session]:
        with sqlmodel.Session(engine) as session:
            yield session

    @app.post("/access/v1/evaluation")
    def evaluate(
        question: Question, session: Annotated[sqlmodel.Session, Depends(session_of)]
    ) -> Answer:
        purpose = question.action.properties.get("purpose", "")
        statement = select(NaiveConsent).where(
            NaiveConsent.subject == question.resource.id, NaiveConsent.purpose == purpose
        )
        found = session.exec(statement).first()
        granted = found is not None and found.granted
        return Answer(decision=granted, context={"reason": "granted" if granted else "denied"})

    return app
