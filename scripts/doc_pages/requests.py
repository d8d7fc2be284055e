"""The page of the life of a request, from its machines."""

from doc_pages.markdown import both, page, table

REQUEST_LIFE = (
    "請求は法令ごとに一つの表で進みます。表にない手続はできず、理由が文で示されます。"
    "「(2)」は、決定した人とは別の人が行う手続です。"
    "時計が止まるのは、GDPRでは本人確認と範囲の特定の間、個人情報保護法では保留の理由が"
    "法令データの `pausable` にあるときだけです。保留には理由と終了日が要り、その日を過ぎると"
    "時計は自動で動き出します。GDPRの1か月は保留で止まりません。"
    "両方の法令が適用される請求は両方の表を進み、早いほうの日までに回答します。\n\n"
    "A request goes by one table under each law. What is not in it is refused with a sentence. "
    '"(2)" marks what another person must do than the one who decided. A clock stands while '
    "identity or scope is asked for (GDPR), or while a request is on hold for a ground that the "
    "law data calls `pausable` (APPI). A hold has a reason and a last day, after which the clock "
    "runs again by itself; it never stops the month of the GDPR. Under both laws a request goes "
    "by both tables and is answered by the earlier day. Every stop is a row and an event.\n"
)


def request_life_page() -> str:
    """Both machines of requests and that of complaints, step by step."""
    from dsar.complaints.rules import TABLE  # noqa: PLC0415
    from dsar.machine import STATES, tables  # noqa: PLC0415
    from dsar.types import Event  # noqa: PLC0415

    def said(group: str, value: str) -> str:
        return " / ".join(both(f"dsar.{group}.{value}"))

    order = list(Event)
    parts = [REQUEST_LIFE]
    for law, steps in tables().items():
        states = list(STATES[law].values())
        rows = [
            (
                said(f"status.{law.value}", step.source.value),
                f"`{step.event.value}` {said('event', step.event.value)}",
                said(f"status.{law.value}", step.target.value) if step.moves else "-",
                said("party", step.party.value) + (" (2)" if step.two_persons else ""),
                ", ".join(said("clock", kind.value) for kind in step.clocks) or "-",
                f"`{step.letter.value}`" if step.letter else "-",
                step.said or "-",
            )
            for step in sorted(
                steps.values(),
                key=lambda step: (states.index(step.source), order.index(step.event)),
            )
        ]
        head = ("状態 / status", "手続 / step", "次の状態 / next", "行う人 / who", "時計 / clock")
        head = (*head, "通知 / letter", "law book")
        parts.append(f"## {' / '.join(both(f'consent.law.{law.value}'))}\n\n{table(head, rows)}")
    rows = [
        (
            said("complaint.status", source.value),
            f"`{event.value}` {said('complaint.event', event.value)}",
            said("complaint.status", step.target.value),
            said("party", step.party.value) + (" (2)" if step.other_person else ""),
            f"`{step.letter.value}`" if step.letter else "-",
        )
        for (source, event), step in TABLE.items()
    ]
    head = ("状態 / status", "手続 / step", "次の状態 / next", "行う人 / who", "通知 / letter")
    parts.append(f"## 苦情 / Complaints\n\n{table(head, rows)}")
    return page("請求の一生 / The life of a request", *parts)
