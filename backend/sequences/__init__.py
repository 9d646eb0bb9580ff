"""Sequences: what reps write again and again. So far its templates, which the card puts into a draft.

In: a template's Liquid (`rules`) and the fields of a contact, its company, a deal and the sender. Out: text, and which
fields had nothing to say.
"""
