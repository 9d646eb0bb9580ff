import assert from 'node:assert/strict';
import test from 'node:test';
import { BACKEND, homeEvent, mailEvent, startAddon } from './fake/apps-script.mjs';
import { kindOf } from './fake/card-service.mjs';
import { toJson } from './fake/card-json.mjs';
import { answerOf, cardSaying } from './views.mjs';

const MAIL = {
  'Message-ID': '<a1@nordwind.example>',
  From: '"Ruiz, Ana" <ana@nordwind.example>',
  To: 'Sam Field <sam@example.com>, "Doe, Jane" <jane@x.example>',
  Cc: '',
  Subject: 'Offer',
};
const said = (view) => ({ text: JSON.stringify({ v: 1, ...view }) });
const inVm = (value) => JSON.parse(JSON.stringify(value));

test('an opened mail is asked about once, with its headers as they are and the identity of the reader', () => {
  const addon = startAddon({ mail: MAIL, respond: () => answerOf(cardSaying('Ana')) });
  addon.call('onGmailMessage', mailEvent({ locale: 'es' }));
  assert.equal(addon.fetches.length, 1);
  const [{ url, options, body }] = addon.fetches;
  assert.equal(url, `${BACKEND}addon/v1/context`);
  assert.equal(options.headers.Authorization, 'Bearer identity-token');
  assert.deepEqual([options.method, options.contentType], ['post', 'application/json']);
  assert.deepEqual([options.muteHttpExceptions, options.followRedirects], [true, false]);
  assert.deepEqual(body, {
    locale: 'es',
    timezone: 'Europe/Madrid',
    platform: 'WEB',
    gmailMessageId: 'msg-f:17',
    threadId: 'thread-f:16',
    messageId: '<a1@nordwind.example>',
    from: '"Ruiz, Ana" <ana@nordwind.example>',
    to: 'Sam Field <sam@example.com>, "Doe, Jane" <jane@x.example>',
    cc: '',
    subject: 'Offer',
  });
  assert.deepEqual(addon.messageTokens, ['message-token']);
});

test('headers that cannot be read are left empty, each for itself', () => {
  const addon = startAddon({ mail: { From: 'ana@nordwind.example' }, respond: () => answerOf(cardSaying('Ana')) });
  const [card] = addon.call('onGmailMessage', mailEvent()).map(toJson);
  assert.equal(card.header.title, 'Ana');
  const { messageId, from, to, cc } = addon.fetches[0].body;
  assert.deepEqual([messageId, from, to, cc], ['', 'ana@nordwind.example', '', '']);
});

test('a message token that has expired leaves the headers empty, and the card comes all the same', () => {
  const addon = startAddon({ expired: true, respond: () => answerOf(cardSaying('Ana')) });
  const [card] = addon.call('onGmailMessage', mailEvent()).map(toJson);
  assert.equal(card.header.title, 'Ana');
  const { gmailMessageId, from, messageId } = addon.fetches[0].body;
  assert.deepEqual([gmailMessageId, from, messageId], ['msg-f:17', '', '']);
});

test('the homepage asks without a mail and reads none', () => {
  const addon = startAddon({ respond: () => answerOf(cardSaying('Today')) });
  const [card] = addon.call('onHomepage', homeEvent()).map(toJson);
  assert.equal(card.header.title, 'Today');
  assert.deepEqual(addon.fetches[0].body, { locale: 'en', timezone: 'Europe/Madrid', platform: 'WEB' });
  assert.deepEqual(addon.messageTokens, []);
});

test('the menu shows the homepage where Gmail has none, in the type of a universal action', () => {
  const addon = startAddon({ respond: () => answerOf(cardSaying('Today')) });
  const response = addon.call('onToday', mailEvent());
  assert.equal(kindOf(response), 'UniversalActionResponse');
  assert.equal(toJson(response).cards[0].header.title, 'Today');
});

test('the compose window tells the recipients and nothing of the text', () => {
  const addon = startAddon({ respond: () => said({ push: cardSaying('Write') }) });
  const event = homeEvent();
  const toRecipients = ['"Doe, Jane" <jane@x.example>', 'sam@example.com'];
  event.gmail = { toRecipients, ccRecipients: ['ida@example.com'] };
  const [card] = addon.call('onCompose', event).map(toJson);
  assert.equal(card.header.title, 'Write');
  assert.equal(addon.fetches[0].url, `${BACKEND}addon/v1/actions/compose`);
  assert.deepEqual(addon.fetches[0].body.inputs, {
    to: '"Doe, Jane" <jane@x.example>, sam@example.com, ida@example.com',
  });
  assert.deepEqual(addon.messageTokens, []);
});

test('a template is written at the cursor, and a subject in place of the present one', () => {
  const insert = { html: '<p>Hi Ana</p>', subject: '[D-17] Offer' };
  const addon = startAddon({ respond: () => said({ insert }) });
  const response = addon.call('onAction', mailEvent({ parameters: { action: 'insert-template', template: '1' } }));
  assert.equal(kindOf(response), 'UpdateDraftActionResponse');
  assert.deepEqual(inVm(toJson(response)), {
    updateBody: {
      insertContents: [{ content: '<p>Hi Ana</p>', contentType: 'MUTABLE_HTML' }],
      type: 'IN_PLACE_INSERT',
    },
    updateSubject: { subject: '[D-17] Offer' },
  });
});

test('a click posts the name, the ids and what was typed, and reads no headers', () => {
  const addon = startAddon({ respond: () => said({ notification: 'Saved' }) });
  const event = mailEvent({
    parameters: { action: 'save-task', record: 'p1', mail: 'm1' },
    formInputs: {
      title: { stringInputs: { value: ['Call "Ana", please'] } },
      due: { dateInput: { msSinceEpoch: '1797292800000' } },
      empty: { stringInputs: { value: [] } },
    },
  });
  addon.call('onAction', event);
  assert.equal(addon.fetches[0].url, `${BACKEND}addon/v1/actions/save-task`);
  assert.deepEqual(addon.fetches[0].body, {
    locale: 'en',
    timezone: 'Europe/Madrid',
    platform: 'WEB',
    gmailMessageId: 'msg-f:17',
    threadId: 'thread-f:16',
    parameters: { record: 'p1', mail: 'm1' },
    inputs: { title: 'Call "Ana", please', due: '2026-12-15', empty: '' },
  });
  assert.deepEqual(addon.messageTokens, []);
});

test('an outcome goes back, updates, pushes, toasts and says that things have changed', () => {
  const respond = (view) => {
    const addon = startAddon({ respond: () => said(view) });
    const response = addon.call('onAction', mailEvent({ parameters: { action: 'x' } }));
    assert.equal(kindOf(response), 'ActionResponse');
    return toJson(response);
  };
  const card = cardSaying('Ana');
  const sections = [{ widgets: [{ decoratedText: { text: 'Ana' } }] }];
  const painted = { name: 'contact', header: { title: 'Ana' }, sections };
  assert.deepEqual(inVm(respond({ pop: 'one', update: card, notification: 'Saved', stateChanged: true })), {
    navigations: [{ pop: true }, { updateCard: painted }],
    notification: { text: 'Saved' },
    stateChanged: true,
  });
  const pushed = { navigations: [{ popToRoot: true }, { pushCard: painted }] };
  assert.deepEqual(inVm(respond({ pop: 'root', push: card })), pushed);
  assert.deepEqual(inVm(respond({ openLink: { type: 'link', url: BACKEND } })), { link: { url: BACKEND } });
});

test('trying again asks for the card of this mail anew and puts it in place', () => {
  const addon = startAddon({ mail: MAIL, respond: () => answerOf(cardSaying('Ana')) });
  const response = toJson(addon.call('onAction', mailEvent({ parameters: { action: 'refresh' } })));
  assert.equal(addon.fetches[0].url, `${BACKEND}addon/v1/context`);
  assert.equal(addon.fetches[0].body.from, MAIL.From);
  assert.equal(response.navigations[0].updateCard.header.title, 'Ana');
});

test('trying again with no mail open asks for the homepage', () => {
  const addon = startAddon({ respond: () => answerOf(cardSaying('Today')) });
  const event = homeEvent();
  event.commonEventObject.parameters = { action: 'refresh' };
  addon.call('onAction', event);
  assert.equal('gmailMessageId' in addon.fetches[0].body, false);
});

test('no event, however odd, makes a door throw', () => {
  const odd = [undefined, null, {}, { commonEventObject: {} }, { gmail: {} }, { commonEventObject: { parameters: {} } },
    mailEvent({ parameters: { action: 'x' }, formInputs: { due: { dateInput: { msSinceEpoch: 'soon' } } } })];
  for (const event of odd) {
    const addon = startAddon({ respond: () => ({ status: 500 }) });
    for (const door of ['onHomepage', 'onGmailMessage', 'onCompose', 'onAction', 'onToday']) addon.call(door, event);
  }
});
