#!/usr/bin/env node
/**
 * Writes the Gmail add-on for the address of one installation, and pushes it with clasp. `--help` says how.
 *
 * What is in `addon/` and `deploy/deployment.json` names crm.example.com; the copies in `build/addon/` name the address that
 * was given, and are all that leaves this machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const BUILD = path.join(ROOT, 'build', 'addon');
const EXAMPLE = 'https://crm.example.com/';
const CLASP = '@google/clasp@3.4.1';
const HELP = `Writes the Gmail add-on for your installation and pushes it.

  node deploy/addon/push.mjs --url https://crm.example.com --script-id ID     Apps Script: write and push with clasp
  node deploy/addon/push.mjs --url https://crm.example.com --dry-run          only write, and print what would be pushed
  node deploy/addon/push.mjs --url https://crm.example.com --http             HTTP add-on: write deployment.json for gcloud

--script-id   the script's id, from its address in script.google.com, or from its project settings
See docs/install-addon.md for every step before and after.
`;

/**
 * @param {string} given an address as people type it
 * @returns {string} the same as https, with a slash at the end
 */
export function addressOf(given) {
  const address = URL.canParse(given) ? new URL(given) : null;
  if (!address || address.protocol !== 'https:' || address.search || address.hash || address.username) {
    throw new Error(`“${given}” is not an https address such as https://crm.example.com; Gmail opens no other.`);
  }
  return address.href.endsWith('/') ? address.href : `${address.href}/`;
}

/** @returns {Map<string, string>} the script's files for this address, by name */
export function scriptFor(address) {
  const names = readdirSync(path.join(ROOT, 'addon')).filter((name) => /\.gs$|^appsscript\.json$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(path.join(ROOT, 'addon', name), 'utf8')].map(here(address))));
}

/** @returns {string} what describes the HTTP add-on at this address */
export function deploymentFor(address) {
  return here(address)(readFileSync(path.join(ROOT, 'deploy', 'deployment.json'), 'utf8'));
}

const here = (address) => (text) => text.replaceAll(EXAMPLE, address);

function main() {
  const options = {
    url: { type: 'string' },
    'script-id': { type: 'string' },
    http: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    help: { type: 'boolean' },
  };
  const { values } = parseArgs({ options });
  if (values.help || !values.url) return process.stdout.write(HELP);
  const address = addressOf(values.url);
  if (values.http) return writeDeployment(address);
  if (!values['script-id'] && !values['dry-run']) throw new Error('Name the script: --script-id ID, or --dry-run.');
  const folder = writeScript(address, values['script-id'] ?? '');
  if (values['dry-run']) return printAll(folder);
  execFileSync('npx', ['--yes', CLASP, 'push', '--force'], { cwd: folder, stdio: 'inherit' });
  process.stdout.write(`\nPushed for ${address}. Deploy it: Deploy → Test deployments, or New deployment → Add-on.\n`);
}

function writeScript(address, scriptId) {
  const folder = path.join(BUILD, 'script');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of scriptFor(address)) writeFileSync(path.join(folder, name), text);
  writeFileSync(path.join(folder, '.clasp.json'), `${JSON.stringify({ scriptId, rootDir: '.' })}\n`);
  return folder;
}

function writeDeployment(address) {
  mkdirSync(BUILD, { recursive: true });
  const file = path.join(BUILD, 'deployment.json');
  writeFileSync(file, deploymentFor(address));
  const shown = path.relative(ROOT, file);
  process.stdout.write(
    `Wrote ${shown}. Next:\n` +
      `  gcloud workspace-add-ons deployments create enlace --deployment-file=${shown}   (later: replace)\n` +
      '  gcloud workspace-add-ons get-authorization\n' +
      '  gcloud workspace-add-ons deployments install enlace\n',
  );
}

function printAll(folder) {
  const names = readdirSync(folder).filter((name) => name !== '.clasp.json');
  process.stdout.write(`Would push ${names.length} files:\n${names.map((name) => `  ${name}\n`).join('')}`);
  for (const name of ['appsscript.json', 'Installation.gs']) {
    process.stdout.write(`\n--- ${name}\n${readFileSync(path.join(folder, name), 'utf8')}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  }
}
