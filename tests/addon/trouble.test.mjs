import assert from 'node:assert/strict';
import test from 'node:test';
import { BACKEND, mailEvent, startAddon } from './fake/apps-script.mjs';
import { kindOf } from './fake/card-service.mjs';
import { toJson } from './fake/card-json.mjs';
import { answerOf, cardSaying } from './views.mjs';

const html = '<!doctype html><title>502 Bad Gateway</title>';
const fails = (message) => () => {
  throw new Error(message);
};
const CASES = [
  ['backend down', fails('Address unavailable: https://crm.example.com'), 'Enlace cannot be reached'],
  ['name not found', fails('DNS error: https://crm.example.com'), 'Enlace cannot be reached'],
  ['backend slow', fails('Timeout: https://crm.example.com/addon/v1/context'), 'This took too long'],
  ['gateway slow', () => ({ status: 504, text: html }), 'This took too long'],
  ['HTML with 200', () => ({ status: 200, text: html }), 'An answer that makes no sense'],
  ['half an answer', () => ({ status: 200, text: '{"v":1,"cards":[' }), 'An answer that makes no sense'],
  ['no answer', () => ({ status: 200, text: '' }), 'An answer that makes no sense'],
  ['a later version', () => ({ status: 200, text: '{"v":2,"cards":[]}' }), 'An answer that makes no sense'],
  ['no card', () => ({ status: 200, text: '{"v":1,"cards":[]}' }), 'An answer that makes no sense'],
  ['JSON of somebody else', () => ({ status: 200, text: '[1]' }), 'An answer that makes no sense'],
  ['null', () => ({ status: 200, text: 'null' }), 'An answer that makes no sense'],
  ['moved elsewhere', () => ({ status: 302, text: '' }), 'An answer that makes no sense'],
  ['401', () => ({ status: 401, text: '{"title":"Unauthorized"}' }), 'Not connected'],
  ['403', () => ({ status: 403, text: '{"title":"Forbidden"}' }), 'No permission'],
  ['404', () => ({ status: 404, text: html }), 'Not there any more'],
  ['429', () => ({ status: 429, text: '{"title":"Too many"}' }), 'One moment'],
  ['500', () => ({ status: 500, text: html }), 'Something went wrong'],
  ['502', () => ({ status: 502, text: html }), 'Something went wrong'],
];

const clicksOf = (card) => card.sections[0].widgets[1].buttonList.buttons.map((button) => button.onClick);

for (const [name, respond, title] of CASES) {
  test(`${name}: a trigger answers with a card that has a way out`, () => {
    const cards = startAddon({ respond }).call('onGmailMessage', mailEvent()).map(toJson);
    assert.equal(cards.length, 1);
    assert.equal(cards[0].header.title, title);
    const [again, opens] = clicksOf(cards[0]);
    assert.equal(again.action.function, 'onAction');
    assert.deepEqual(again.action.parameters, [{ key: 'action', value: 'refresh' }]);
    assert.equal(opens.openLink.url, BACKEND);
  });

  test(`${name}: an action answers in its own type and keeps the card beneath`, () => {
    const response = startAddon({ respond }).call('onAction', mailEvent({ parameters: { action: 'save-note' } }));
    assert.equal(kindOf(response), 'ActionResponse');
    assert.equal(toJson(response).navigations[0].pushCard.header.title, title);
  });

  test(`${name}: a universal action answers in its own type`, () => {
    const response = startAddon({ respond }).call('onToday', mailEvent());
    assert.equal(kindOf(response), 'UniversalActionResponse');
    assert.equal(toJson(response).cards[0].header.title, title);
  });
}

test('without an identity nothing is asked', () => {
  const addon = startAddon({ token: null });
  const [card] = addon.call('onGmailMessage', mailEvent()).map(toJson);
  assert.equal(card.header.title, 'Not connected');
  assert.equal(addon.fetches.length, 0);
});

test('what the backend says of an error wins over what we know', () => {
  const respond = () => ({ status: 403, ...answerOf(cardSaying('Ask Ida for the role')) });
  const [card] = startAddon({ respond }).call('onGmailMessage', mailEvent()).map(toJson);
  assert.equal(card.header.title, 'Ask Ida for the role');
  const pushed = toJson(startAddon({ respond }).call('onAction', mailEvent({ parameters: { action: 'x' } })));
  assert.equal(pushed.navigations[0].pushCard.header.title, 'Ask Ida for the role');
});

test('a Spanish reader reads Spanish, and anybody else English', () => {
  const titleFor = (locale) => {
    const addon = startAddon({ respond: () => ({ status: 403 }) });
    return toJson(addon.call('onGmailMessage', mailEvent({ locale }))[0]).header.title;
  };
  assert.equal(titleFor('es'), 'Sin permiso');
  assert.equal(titleFor('es-MX'), 'Sin permiso');
  assert.equal(titleFor('ES'), 'Sin permiso');
  assert.equal(titleFor('en-GB'), 'No permission');
  assert.equal(titleFor('fr'), 'No permission');
  assert.equal(titleFor('__proto__'), 'No permission');
});

test('both languages know the same troubles, each with a title and a text of its own', () => {
  const words = JSON.parse(startAddon().evaluate('JSON.stringify(WORDS)'));
  assert.deepEqual(Object.keys(words.es.troubles), Object.keys(words.en.troubles));
  for (const [name, { title, text }] of Object.entries(words.en.troubles)) {
    assert.ok(title && text);
    assert.notEqual(words.es.troubles[name].title, title);
    assert.notEqual(words.es.troubles[name].text, text);
  }
});

test('nothing of a mail, a name or a token is logged', () => {
  const line = { type: 'line', text: 'Ana Ruiz', icon: 'Ana Ruiz' };
  const addon = startAddon({
    mail: { From: 'Ana Ruiz <ana@nordwind.example>' },
    respond: () => answerOf({ name: 'contact', header: { title: 'Ana Ruiz' }, sections: [{ widgets: [line] }] }),
  });
  addon.call('onGmailMessage', mailEvent());
  assert.ok(addon.logs.length > 0);
  assert.doesNotMatch(JSON.stringify(addon.logs), /Ana|nordwind|token/);
});
