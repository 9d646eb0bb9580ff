"""Privacy: what mail comes in, and who sees how much of it.

In: what people chose (import policies, exclusions, private conversations, grants). Out: `rules.sight` and
`store.sight`, by which every door shows mail; `rules.admission`, by which sync takes mail in. `linking.exclusions` lets
stored mail follow an exclusion, `sync.policy` a changed policy.
"""
