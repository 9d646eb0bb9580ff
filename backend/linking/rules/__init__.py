"""The linking rules, pure: `decide` one mail, `new_people` whom it makes contacts.

The order is that of the receipts: left out, address, company or domain, conversation, deal.
"""

from backend.linking.rules.decide import decide
from backend.linking.rules.people import new_people

__all__ = ["decide", "new_people"]
