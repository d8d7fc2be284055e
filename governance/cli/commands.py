"""The command tree; each module holds one subject and loads what it needs when it runs."""

import sys
from collections.abc import Sequence
from functools import cache
from typing import cast

import typer

from governance.cli import (
    access_reviews,
    accounts,
    alarms,
    answering,
    answers,
    approve,
    audit,
    backups,
    bench,
    breaches,
    catalogue,
    check,
    clients,
    collect,
    complaints,
    compromise,
    connectors,
    consents,
    data,
    datasets,
    elevations,
    executing,
    exporting,
    glass,
    guardians,
    handing,
    holds,
    importing,
    intake,
    judging,
    keys,
    keys_provider,
    law,
    letters,
    login,
    measures,
    notices,
    pausing,
    person,
    pii,
    policy,
    policy_compare,
    policy_versions,
    provisions,
    recipients,
    report,
    requests,
    restoring,
    retention,
    review,
    schedules,
    search,
    setup,
    shards,
    sign_on,
    signing,
    staffing,
    statements,
    training,
    webhooks,
    witness,
)
from governance.cli.frame import framed
from governance.cli.output import report as told
from governance.cli.output import say
from governance.cli.usage import ASKED_HELP, mistake
from governance.core.errors import GovernanceError

application_ = typer.Typer(
    name="sekisho",
    help=say("help"),
    epilog=say("options"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (
    setup,
    login,
    importing,
    data,
    check,
    retention,
    approve,
    accounts,
    bench,
    search,
    report,
    exporting,
):
    group.register(application_)
accounts.staff_app.add_typer(staffing.app)
accounts.staff_app.add_typer(sign_on.app)
accounts.client_app.add_typer(clients.app)
for tree in (review.app, signing.app, shards.app, statements.log):
    audit.app.add_typer(tree)
audit.app.add_typer(alarms.app, name="alarms", help=say("alarms.help"))
audit.app.add_typer(restoring.app, name="restore", help=say("restore.help"))
audit.app.add_typer(witness.app, name="witness", help=say("witness.help"))
application_.add_typer(audit.app, name="audit", help=say("audit.help"))
for part in (intake, judging, answers, answering, handing, executing, measures, complaints):
    requests.app.add_typer(part.app)
requests.app.add_typer(connectors.without)
requests.app.add_typer(letters.app, name="letters", help=say("letters.help"))
application_.add_typer(requests.app, name="dsar", help=say("dsar.help"))
application_.add_typer(connectors.app, name="connectors", help=say("connectors.help"))
keys.app.add_typer(keys_provider.app)
keys.app.add_typer(compromise.app)
application_.add_typer(backups.app, name="backup", help=say("backup.help"))
application_.add_typer(keys.app, name="keys", help=say("keys.help"))
application_.add_typer(catalogue.app, name="catalogue", help=say("catalogue.help"))
for part in (policy_versions, policy_compare):
    policy.app.add_typer(part.app)
application_.add_typer(policy.app, name="policy", help=say("policy.help"))
application_.add_typer(person.app, name="person", help=say("person.help"))
application_.add_typer(training.app, name="training", help=say("training.help"))
application_.add_typer(access_reviews.app, name="access-review", help=say("access.help"))
application_.add_typer(elevations.app, name="elevation", help=say("elevation.help"))
application_.add_typer(guardians.app, name="guardian", help=say("guardian.help"))
application_.add_typer(glass.app, name="break-glass", help=say("glass.help"))
application_.add_typer(breaches.app, name="breach", help=say("breach.help"))
application_.add_typer(pausing.app, name="pause", help=say("pause.help"))
application_.add_typer(recipients.app, name="recipients", help=say("recipients.help"))
application_.add_typer(provisions.app, name="provision", help=say("provision.help"))
application_.add_typer(pii.app, name="pii", help=say("pii.help"))
application_.add_typer(law.app, name="law", help=say("law.help"))
application_.add_typer(collect.app, name="collect", help=say("collect.help"))
application_.add_typer(notices.app, name="notice", help=say("notice.help"))
statements.consent.add_typer(consents.app)
application_.add_typer(webhooks.app, name="webhook", help=say("webhook.help"))
application_.add_typer(statements.consent, name="consent", help=say("statement.consent"))
retention.app.add_typer(statements.certificates)
retention.app.add_typer(schedules.looks)
retention.app.add_typer(schedules.app, name="schedule", help=say("schedule.help"))
application_.add_typer(holds.app, name="hold", help=say("hold.help"))
application_.add_typer(datasets.app, name="dataset", help=say("dataset.help"))


def application(arguments: Sequence[str]) -> int:
    """The exit code of one command; usage errors are 2."""
    try:
        result = _tree().main(args=list(arguments), prog_name="sekisho", standalone_mode=False)
    except typer.TyperException as error:
        return _not_run(error)
    except typer.Abort:
        return 1
    except GovernanceError as error:
        return told(error)
    return int(result) if isinstance(result, int) else 0


@cache
def _tree() -> typer.core.TyperGroup:
    """Every command with its options, read from their functions once."""
    return cast("typer.core.TyperGroup", framed(typer.main.get_group(application_)))


def _not_run(error: typer.TyperException) -> int:
    """A line that the parser refused: its help where nothing else was asked, else one sentence."""
    if type(error).__name__ == ASKED_HELP:
        sys.stderr.write(f"{error}\n")
        return 2
    return told(mistake(error))
