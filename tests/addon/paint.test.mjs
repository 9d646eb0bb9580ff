import assert from 'node:assert/strict';
import test from 'node:test';
import { mailEvent, startAddon } from './fake/apps-script.mjs';
import { toJson } from './fake/card-json.mjs';
import { EVERYTHING, OPEN, answerOf, cardSaying } from './views.mjs';

const click = {
  action: {
    function: 'onAction',
    parameters: [
      { key: 'record', value: 'p1' },
      { key: 'mail', value: 'm1' },
      { key: 'action', value: 'save-note' },
    ],
    requiredWidgets: ['text'],
  },
};

function open(view) {
  const addon = startAddon({ respond: () => answerOf(view) });
  return addon.call('onGmailMessage', mailEvent()).map(toJson);
}

test('every widget is painted as Google spells it', () => {
  const [card] = open(EVERYTHING);
  const link = { openLink: { url: OPEN.url } };
  const outlined = (text) => ({ text, type: 'OUTLINED', onClick: click });
  assert.deepEqual(card.header, {
    title: 'Ana Ruiz',
    subtitle: 'Buyer',
    imageUrl: 'https://crm.example.com/a.png',
    imageType: 'CIRCLE',
    imageAltText: 'A face',
  });
  const [{ widgets, ...section }] = card.sections;
  assert.deepEqual(section, { header: 'Facts', collapsible: true, uncollapsibleWidgetsCount: 2 });
  assert.deepEqual(widgets, [
    { textParagraph: { text: 'Plain &amp; simple' } },
    {
      decoratedText: {
        text: 'Text',
        startIcon: { knownIcon: 'EMAIL' },
        topLabel: 'Top',
        bottomLabel: 'Bottom',
        wrapText: true,
        button: outlined('Why?'),
        onClick: link,
      },
    },
    { buttonList: { buttons: [{ text: 'Quiet', type: 'BORDERLESS', onClick: link }] } },
    {
      selectionInput: {
        type: 'DROPDOWN',
        name: 'stage',
        label: 'Stage',
        items: [{ text: 'A', value: '1' }, { text: 'B', value: '2', selected: true }],
        onChangeAction: click.action,
      },
    },
    { textInput: { name: 'text', label: 'Note', hintText: 'Hint', value: 'one\ntwo', type: 'MULTIPLE_LINE' } },
    { dateTimePicker: { type: 'DATE_ONLY', name: 'due', label: 'Due', valueMsEpoch: '1797292800000' } },
    { divider: {} },
    { image: { imageUrl: 'https://crm.example.com/a.png', altText: 'A chart' } },
    {
      columns: {
        columnItems: [{ widgets: [{ textParagraph: { text: 'L' } }] }, { widgets: [{ textParagraph: { text: 'R' } }] }],
      },
    },
  ]);
  assert.deepEqual(card.cardActions, [{ actionLabel: 'Open', onClick: link }]);
  assert.deepEqual(card.fixedFooter.secondaryButton, outlined('Cancel'));
  assert.equal(card.fixedFooter.primaryButton.type, 'FILLED');
  assert.equal(Math.round(card.fixedFooter.primaryButton.color.green * 255), 0x76);
});

test('what is not in the view is not in the card', () => {
  assert.deepEqual([...open(cardSaying('Ana'))], [
    { name: 'contact', header: { title: 'Ana' }, sections: [{ widgets: [{ decoratedText: { text: 'Ana' } }] }] },
  ]);
});

const HOSTILE = [
  '"Doe, Jane" <jane@x.example>',
  "O'Neil & \"Sons\", Ltd; <script>alert(1)</script>",
  'مرحبا \u202eevil\u202c שלום',
  '👩‍💻🏳️‍🌈'.repeat(100),
  'N'.repeat(2000),
  '%s ${x} {0} %(name)s',
  '\\u003cb\\u003e "quoted", \u2028 line',
  '__proto__',
];
for (const name of HOSTILE) {
  test(`a name is passed on as it is: ${JSON.stringify(name).slice(0, 40)}`, () => {
    const [card] = open(cardSaying(name));
    assert.equal(card.header.title, name);
    assert.equal(card.sections[0].widgets[0].decoratedText.text, name);
  });
}

test('an answer that cannot be painted becomes a card that says so', () => {
  const broken = [
    { ...EVERYTHING, sections: [{ widgets: [{ type: 'hologram' }] }] },
    { ...EVERYTHING, sections: undefined },
    { ...EVERYTHING, header: {} },
    cardSaying(' '),
    cardSaying(7),
    { ...EVERYTHING, sections: [{ widgets: [{ type: 'line', text: 'x', icon: 'NO_SUCH_ICON' }] }] },
    null,
  ];
  for (const view of broken) assert.equal(open(view)[0].name, 'trouble');
});
