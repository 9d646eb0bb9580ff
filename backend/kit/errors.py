"""The error that a person reads.

UserError            one clear sentence with the remedy; the command line exits with 2, HTTP answers 400
└── NotFoundError    the thing asked for is not there, or is not yours: HTTP answers 404
└── ForbiddenError   you may not do that: HTTP answers 403
└── ConflictError    somebody else changed it meanwhile, or it exists already: HTTP answers 409
"""

from __future__ import annotations

from collections.abc import Callable


class UserError(Exception):
    """Something that the person can mend: the message says what happened, what was kept and what to do.

    `sentence` is English with places such as `%(name)s` for `facts`, so that the doors can show it in the reader's
    language; a sentence without facts is taken as it is.
    """

    def __init__(self, sentence: str, /, **facts: object) -> None:
        super().__init__(sentence % facts if facts else sentence)
        self.sentence, self.facts = sentence, facts

    def told(self, translate: Callable[[str], str]) -> str:
        """Return the sentence in another language; a fact may be such an error itself."""
        facts = {
            name: fact.told(translate) if isinstance(fact, UserError) else fact for name, fact in self.facts.items()
        }
        sentence = translate(self.sentence)
        return sentence % facts if facts else sentence


class NotFoundError(UserError):
    """The thing is not there, or not visible to the one who asked; the two are told in the same words."""


class ForbiddenError(UserError):
    """The one who asks has not the right to it."""


class ConflictError(UserError):
    """The thing was changed or made by somebody else meanwhile."""
