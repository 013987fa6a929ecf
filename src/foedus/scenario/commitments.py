"""The kinds of commitment: what they are called, and which of them are against the one they are made to."""

from __future__ import annotations

from enum import StrEnum


class CommitmentKind(StrEnum):
    """What a commitment may be called without more being said; the pacts are those of ATOP (Leeds and others 2002)."""

    DEFENCE_PACT = "defence_pact"
    OFFENCE_PACT = "offence_pact"
    NEUTRALITY_PACT = "neutrality_pact"
    NONAGGRESSION_PACT = "nonaggression_pact"
    CONSULTATION_PACT = "consultation_pact"
    EXTENDED_DETERRENCE = "extended_deterrence"
    ASSURANCE = "assurance"
    THREAT = "threat"
    RED_LINE = "red_line"

    @property
    def hostile(self) -> bool:
        """Whether it is made against its addressee, so that it does not make the two allies."""
        return self in (CommitmentKind.THREAT, CommitmentKind.RED_LINE)


KINDS: dict[str, CommitmentKind] = {str(kind): kind for kind in CommitmentKind}
