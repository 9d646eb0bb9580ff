// Keyboard shortcuts. Anything with data-keys="g t" (or "c", "?") is clicked by its keys; the help dialog lists them.
// j and k walk over [data-row]; / and Ctrl-K go to the search box. Single keys can be switched off (WCAG 2.1.4).
(() => {
  const KEY = "enlace-shortcuts";
  const SEQUENCE_MS = 1_200;
  let pending = "";
  let timer = 0;

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return focusSearch(event);
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !areOn()) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "/") return focusSearch(event);
    if (event.key === "j" || event.key === "k") return walk(event.key === "j" ? 1 : -1);
    press(event);
  });

  function press(event) {
    const keys = pending ? `${pending} ${event.key}` : event.key;
    const all = [...document.querySelectorAll("[data-keys]")];
    const target = all.find((element) => element.dataset.keys === keys);
    clearTimeout(timer);
    pending = "";
    if (target) {
      event.preventDefault();
      target.click();
      target.focus();
    } else if (all.some((element) => element.dataset.keys.startsWith(`${keys} `))) {
      pending = keys;
      timer = setTimeout(() => (pending = ""), SEQUENCE_MS);
    }
  }

  function focusSearch(event) {
    const box = document.querySelector("[data-search]");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  }

  function walk(step) {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    next?.querySelector("a, summary, button")?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  function isTyping(element) {
    return element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
  }

  function areOn() {
    try {
      return localStorage.getItem(KEY) !== "off";
    } catch {
      return true; // storage may be forbidden; shortcuts then stay as shipped
    }
  }

  function fillHelp() {
    const list = document.querySelector("[data-shortcut-list]");
    for (const element of document.querySelectorAll("[data-keys]")) {
      const row = document.createElement("div");
      const keys = element.dataset.keys.split(" ").map((key) => Object.assign(document.createElement("kbd"), { textContent: key }));
      row.append(document.createElement("dt"), Object.assign(document.createElement("dd"), { textContent: element.dataset.keysLabel }));
      row.firstChild.append(...keys);
      list?.append(row);
    }
    const toggle = document.querySelector("[data-shortcut-switch]");
    if (!toggle) return;
    toggle.checked = areOn();
    toggle.addEventListener("change", () => localStorage.setItem(KEY, toggle.checked ? "on" : "off"));
  }

  fillHelp();
})();
