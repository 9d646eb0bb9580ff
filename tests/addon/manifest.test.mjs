import assert from 'node:assert/strict';
import test from 'node:test';
import { BACKEND, MANIFEST, mailEvent, startAddon } from './fake/apps-script.mjs';
import { answerOf, cardSaying } from './views.mjs';

const { common, gmail } = MANIFEST.addOns;
const FUNCTIONS = [
  common.homepageTrigger.runFunction,
  ...common.universalActions.map((action) => action.runFunction).filter(Boolean),
  ...gmail.contextualTriggers.map((trigger) => trigger.onTriggerFunction),
  ...gmail.composeTrigger.selectActions.map((action) => action.runFunction),
];

test('every function that the manifest or a card names exists, and none of them is private', () => {
  const addon = startAddon();
  for (const name of [...FUNCTIONS, 'onAction']) {
    assert.ok(addon.isFunction(name), name);
    assert.doesNotMatch(name, /_$/);
  }
});

test('the scopes are exactly those that are used', () => {
  const addon = startAddon({ respond: () => answerOf(cardSaying('Ana')) });
  addon.call('onGmailMessage', mailEvent());
  const used = new Set(addon.scopes);
  if (gmail) used.add('https://www.googleapis.com/auth/gmail.addons.execute');
  if (gmail.composeTrigger) used.add('https://www.googleapis.com/auth/gmail.addons.current.action.compose');
  if (common.useLocaleFromApp) used.add('https://www.googleapis.com/auth/script.locale');
  assert.deepEqual([...used].sort(), [...MANIFEST.oauthScopes].sort());
});

test('no scope lets us read mail that is not open', () => {
  for (const scope of MANIFEST.oauthScopes) assert.doesNotMatch(scope, /readonly|mail\.google\.com|gmail\.modify/);
});

test('the installation stands in one address, in the script and in the manifest', () => {
  assert.equal(startAddon().evaluate('BACKEND_URL'), BACKEND);
  assert.deepEqual(MANIFEST.urlFetchWhitelist, [BACKEND]);
  assert.ok(common.openLinkUrlPrefixes.includes(BACKEND));
  assert.ok(common.logoUrl.startsWith(BACKEND));
  for (const { openLink } of common.universalActions) if (openLink) assert.equal(openLink, BACKEND);
});

test('a mail of any kind opens the card', () => {
  assert.deepEqual(gmail.contextualTriggers.map((trigger) => trigger.unconditional), [{}]);
  assert.equal(MANIFEST.runtimeVersion, 'V8');
});
