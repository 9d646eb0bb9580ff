import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressOf, deploymentFor, scriptFor } from '../../deploy/addon/push.mjs';
import { MANIFEST } from './fake/apps-script.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PUSH = path.join(ROOT, 'deploy', 'addon', 'push.mjs');
const OURS = 'https://sales.nordwind.example/crm/';

test('the script is written for the address of the installation, in every place that names one', () => {
  const files = scriptFor(OURS);
  for (const [name, text] of files) assert.doesNotMatch(text, /crm\.example\.com/, name);
  const manifest = JSON.parse(files.get('appsscript.json'));
  assert.deepEqual(manifest.urlFetchWhitelist, [OURS]);
  assert.equal(manifest.addOns.common.logoUrl, `${OURS}assets/addon-logo.png`);
  assert.ok(manifest.addOns.common.openLinkUrlPrefixes.includes(OURS));
  assert.match(files.get('Installation.gs'), /BACKEND_URL = 'https:\/\/sales\.nordwind\.example\/crm\/'/);
  assert.deepEqual(manifest.oauthScopes, MANIFEST.oauthScopes);
});

test('the HTTP add-on has a door for each trigger, and the same scopes but for fetching', () => {
  const { oauthScopes, addOns } = JSON.parse(deploymentFor(OURS));
  assert.deepEqual(
    [
      addOns.common.homepageTrigger.runFunction,
      addOns.common.universalActions[0].runFunction,
      addOns.gmail.contextualTriggers[0].onTriggerFunction,
      addOns.gmail.composeTrigger.actions[0].runFunction,
    ],
    ['home', 'today', 'mail', 'compose'].map((door) => `${OURS}addon/http/${door}`),
  );
  const fetches = 'https://www.googleapis.com/auth/script.external_request';
  assert.deepEqual([...oauthScopes, fetches].sort(), [...MANIFEST.oauthScopes].sort());
  assert.equal(addOns.httpOptions.granularOauthPermissionSupport, 'OPT_IN');
  assert.equal(addOns.httpOptions.authorizationHeader, 'SYSTEM_ID_TOKEN');
});

test('an address that Gmail would not open is refused in one sentence', () => {
  assert.equal(addressOf('https://crm.example.org'), 'https://crm.example.org/');
  for (const wrong of ['http://crm.example.org', 'crm.example.org', 'https://', 'https://x.example/?a=1', '']) {
    assert.throws(() => addressOf(wrong), /is not an https address/);
  }
});

test('a dry run prints what would be pushed and pushes nothing', () => {
  const asked = [PUSH, '--url', 'https://crm.example.org', '--dry-run'];
  const said = execFileSync(process.execPath, asked, { encoding: 'utf8' });
  assert.match(said, /Would push 7 files:/);
  assert.match(said, /BACKEND_URL = 'https:\/\/crm\.example\.org\/'/);
  const clasp = JSON.parse(readFileSync(path.join(ROOT, 'build/addon/script/.clasp.json'), 'utf8'));
  assert.deepEqual(clasp, { scriptId: '', rootDir: '.' });
});

test('wrong use is told without a trace of the code', () => {
  for (const wrong of [['--url', 'ftp://x'], ['--url', 'https://x.example'], ['--nonsense']]) {
    const { status, stderr } = spawnSync(process.execPath, [PUSH, ...wrong], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.doesNotMatch(stderr, /at .*:\d+/);
  }
});
