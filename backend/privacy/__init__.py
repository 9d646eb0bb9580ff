"""Privacy: whose mail stays out of the CRM.

In: what people said to leave out. Out: exclusions by which linking decides; `linking.exclusions` lets mail follow.
"""
