"""Every page of the officers, for the application to take in."""

from typing import Final

from governance.console.access_pages import router as access
from governance.console.account_pages import router as account
from governance.console.answer_pages import router as answers
from governance.console.approval_pages import router as approvals
from governance.console.backup_pages import router as backups
from governance.console.breach_notice_pages import router as breach_notices
from governance.console.breach_pages import router as breaches
from governance.console.breach_paper_pages import router as breach_papers
from governance.console.case_pages import router as cases
from governance.console.choice_pages import router as choices
from governance.console.client_pages import router as clients
from governance.console.complaint_pages import router as complaints
from governance.console.connector_pages import router as connectors
from governance.console.dataset_pages import router as datasets
from governance.console.decision_pages import router as decisions
from governance.console.duplicate_pages import router as duplicates
from governance.console.elevation_pages import router as elevations
from governance.console.execution_pages import router as executions
from governance.console.figure_pages import router as figures
from governance.console.first_week_pages import router as first_week
from governance.console.glass_pages import router as glass
from governance.console.guardian_pages import router as guardians
from governance.console.hold_letter_pages import router as hold_letters
from governance.console.hold_pages import router as holds
from governance.console.import_pages import router as imports
from governance.console.key_pages import router as keys
from governance.console.law_pages import router as law
from governance.console.letter_pages import router as letters
from governance.console.letter_text_pages import router as letter_texts
from governance.console.lists.pages import router as lists
from governance.console.log_pages import router as log
from governance.console.message_pages import router as messages
from governance.console.notice_pages import router as notices
from governance.console.pages import router as console
from governance.console.pause_pages import router as pause
from governance.console.person_file_pages import router as person_files
from governance.console.person_pages import router as person
from governance.console.person_search_pages import router as persons
from governance.console.plan_pages import router as plans
from governance.console.point_pages import router as points
from governance.console.policy_change_pages import router as policy_changes
from governance.console.policy_pages import router as policies
from governance.console.provision_pages import router as provisions
from governance.console.quality_pages import router as quality
from governance.console.queue_pages import router as queue
from governance.console.recipient_pages import router as recipients
from governance.console.report_pages import router as reports
from governance.console.request_pages import router as requests
from governance.console.retention_pages import router as retention
from governance.console.review_pages import router as reviews
from governance.console.run_pages import router as runs
from governance.console.scan_pages import router as scans
from governance.console.schedule_pages import router as schedules
from governance.console.seek_pages import router as seek
from governance.console.settings_pages import router as settings
from governance.console.simulation_pages import router as simulations
from governance.console.source_pages import router as sources
from governance.console.staff_pages import router as staff
from governance.console.step_pages import router as steps
from governance.console.told_choices import router as told_choices
from governance.console.training_pages import router as training

ROUTERS: Final = (
    lists,
    queue,
    *(
        console,
        seek,
        persons,
        person_files,
        approvals,
        guardians,  # before the pages of one person, whose number could be any word
        person,
        pause,
        account,
        requests,
        cases,
        sources,
        reviews,
        messages,
        answers,
        executions,
        letters,
        letter_texts,
        steps,
        complaints,
        breaches,
        breach_notices,
        breach_papers,
        figures,
        choices,
        told_choices,
        glass,
        policies,
        policy_changes,
        law,
    ),
    *(retention, schedules, simulations, plans, runs),
    holds,
    hold_letters,
    imports,
    duplicates,
    quality,
    keys,
    settings,
    training,
    first_week,
    access,
    staff,
    clients,
    elevations,
    *(
        notices,
        points,
        recipients,
        connectors,
        provisions,
        scans,
        log,
        decisions,
        reports,
        backups,
        datasets,
    ),
)
