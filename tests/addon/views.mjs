/** View models as the backend sends them; every widget once. */

export const SAVE = { type: 'action', name: 'save-note', parameters: { record: 'p1', mail: 'm1' }, required: ['text'] };
export const OPEN = { type: 'link', url: 'https://crm.example.com/contacts/1' };

export const EVERYTHING = {
  name: 'everything',
  header: { title: 'Ana Ruiz', subtitle: 'Buyer', imageUrl: 'https://crm.example.com/a.png', imageAlt: 'A face' },
  sections: [
    {
      header: 'Facts',
      collapsible: true,
      shown: 2,
      widgets: [
        { type: 'paragraph', text: 'Plain &amp; simple' },
        {
          type: 'line',
          text: 'Text',
          icon: 'EMAIL',
          top: 'Top',
          bottom: 'Bottom',
          wrap: true,
          button: { text: 'Why?', style: 'outlined', onClick: SAVE },
          onClick: OPEN,
        },
        { type: 'buttons', buttons: [{ text: 'Quiet', style: 'borderless', onClick: OPEN }] },
        {
          type: 'select',
          name: 'stage',
          label: 'Stage',
          choices: [{ text: 'A', value: '1' }, { text: 'B', value: '2', selected: true }],
          onChange: SAVE,
        },
        { type: 'input', name: 'text', label: 'Note', hint: 'Hint', value: 'one\ntwo', multiline: true },
        { type: 'date', name: 'due', label: 'Due', value: '2026-12-15' },
        { type: 'divider' },
        { type: 'image', url: 'https://crm.example.com/a.png', alt: 'A chart' },
        { type: 'columns', left: [{ type: 'paragraph', text: 'L' }], right: [{ type: 'paragraph', text: 'R' }] },
      ],
    },
  ],
  menu: [{ text: 'Open', onClick: OPEN }],
  footer: {
    primary: { text: 'Save', style: 'filled', onClick: SAVE },
    secondary: { text: 'Cancel', style: 'outlined', onClick: SAVE },
  },
};

/** @param {string} text */
export const cardSaying = (text) => ({
  name: 'contact',
  header: { title: text },
  sections: [{ widgets: [{ type: 'line', text }] }],
});

/** @param {...object} cards */
export const answerOf = (...cards) => ({ text: JSON.stringify({ v: 1, cards }) });
