// Copies the front-end packages' built files from node_modules into the folder that the web app serves.
// Runs after `npm ci`; the folder is ignored by git, so nobody's copy of a library is ever in the history.

import { copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const TARGET = join(ROOT, "backend", "web", "static", "vendor");
const FILES = [
  "bootstrap/dist/css/bootstrap.min.css",
  "bootstrap/dist/js/bootstrap.bundle.min.js",
  "htmx.org/dist/htmx.min.js",
  "sortablejs/Sortable.min.js",
  "chart.js/dist/chart.umd.min.js",
];

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
for (const file of FILES) {
  const source = join(ROOT, "node_modules", file);
  const target = join(TARGET, basename(file));
  copyFileSync(source, target);
  console.log(`vendor/${basename(file)} (${Math.round(statSync(target).size / 1024)} kB)`);
}
