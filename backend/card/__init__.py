"""Card: what Gmail's side panel shows beside a mail, and what its buttons do.

In: `facts`, what is known of the open mail and its people, gathered for one reader. Out: `shapes`, the view model
(translated, shortened, escaped) that two renderers paint: the Apps Script of `addon/` from its wire form, and
`workspace_json` as Google's own card JSON, which `preview` draws as HTML beside a mail of the demo.
"""
