"""Sync: a mailbox's mail into the store, with nothing lost and nothing unexplained.

In: a gateway to one mailbox and its sync state. Out: stored and linked mail. Every Gmail id that was ever seen is a
copy in the store, pending, or skipped for a reason; the cursor and the queue move in one transaction.

A drain (one run for one mailbox, under a lease) repeats three moves until nothing is left: read a page of history, read
a page of the full listing where one is under way, fetch a batch from the queue. History runs beside a listing, so that
new mail does not wait for an import.

What comes in is privacy's to say: `admission` judges each mail before a word of it is stored, `settling` brings stored
mail into line when rules change, `effects` shows beforehand what that would do, `undoing` takes an import back.

Every call is paid for from a bucket of quota that all processes share (`buckets`, `limiter`, `limited`). Due work has
two lanes: new mail of every mailbox, and slow work (imports, audits), which takes turns. Push notices (`hints`, `api`,
`puller`) only make a mailbox due sooner; its own drain renews its registration for them (`watches`).
"""
