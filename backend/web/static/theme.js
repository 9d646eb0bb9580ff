// Chooses light or dark before the first paint; loaded in the head without `defer` so that nothing flashes.
(() => {
  const KEY = "enlace-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  function read() {
    try {
      return localStorage.getItem(KEY) || "auto";
    } catch {
      return "auto"; // storage may be forbidden; the system's choice is a good one
    }
  }

  function paint() {
    const theme = read();
    const isDark = theme === "dark" || (theme === "auto" && system.matches);
    document.documentElement.dataset.bsTheme = isDark ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
    }
  }

  paint();
  system.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", paint);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.theme);
    } finally {
      paint();
    }
  });
})();
