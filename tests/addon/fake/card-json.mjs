/**
 * Reads back what the strict CardService was told, as the card JSON that Google makes of it
 * (https://developers.google.com/workspace/add-ons/reference/rpc/google.apps.card.v1). A call that has no place in the
 * JSON is an error, so that nothing the script says goes unseen.
 */
import { callsOf, kindOf } from './card-service.mjs';

const set = (key, read = plain) => (json, [value]) => void (json[key] = read(value));
const add = (key, read = toJson) => (json, [value]) => void (json[key] = [...(json[key] ?? []), read(value)]);
const under = (key, inner) => (json, [value]) => void (json[key] = { [inner]: toJson(value) });
const flag = (key) => (json, [value]) => void (value && (json[key] = true));
const fixed = (key, value) => (json) => void (json[key] = [...(json[key] ?? []), value]);
const nothing = () => {};

const clicks = {
  setOnClickAction: under('onClick', 'action'),
  setOpenLink: under('onClick', 'openLink'),
};

/** Class → method → how it shows in the JSON. */
const WRITERS = {
  CardBuilder: {
    setName: set('name'),
    setHeader: set('header', toJson),
    addSection: add('sections'),
    addCardAction: add('cardActions'),
    setFixedFooter: set('fixedFooter', toJson),
    build: nothing,
  },
  CardHeader: {
    setTitle: set('title'),
    setSubtitle: set('subtitle'),
    setImageUrl: set('imageUrl'),
    setImageStyle: set('imageType', member),
    setImageAltText: set('imageAltText'),
  },
  CardSection: {
    setHeader: set('header'),
    setCollapsible: flag('collapsible'),
    setNumUncollapsibleWidgets: set('uncollapsibleWidgetsCount'),
    addWidget: add('widgets', widgetJson),
  },
  FixedFooter: { setPrimaryButton: set('primaryButton', toJson), setSecondaryButton: set('secondaryButton', toJson) },
  CardAction: { setText: set('actionLabel'), ...clicks },
  TextParagraph: { setText: set('text') },
  DecoratedText: {
    setText: set('text'),
    setTopLabel: set('topLabel'),
    setBottomLabel: set('bottomLabel'),
    setStartIcon: set('startIcon', toJson),
    setWrapText: flag('wrapText'),
    setButton: set('button', toJson),
    ...clicks,
  },
  IconImage: { setIcon: set('knownIcon', member) },
  ButtonSet: { addButton: add('buttons') },
  TextButton: {
    setText: set('text'),
    setTextButtonStyle: set('type', member),
    setBackgroundColor: set('color', colour),
    ...clicks,
  },
  SelectionInput: {
    setType: set('type', member),
    setFieldName: set('name'),
    setTitle: set('label'),
    addItem: (json, [text, value, selected]) =>
      add('items', plain)(json, [selected ? { text, value, selected } : { text, value }]),
    setOnChangeAction: set('onChangeAction', toJson),
  },
  TextInput: {
    setFieldName: set('name'),
    setTitle: set('label'),
    setHint: set('hintText'),
    setValue: set('value'),
    setMultiline: set('type', (multiline) => (multiline ? 'MULTIPLE_LINE' : 'SINGLE_LINE')),
  },
  DatePicker: {
    setFieldName: set('name'),
    setTitle: set('label'),
    setValueInMsSinceEpoch: set('valueMsEpoch', String),
  },
  Divider: {},
  Image: { setImageUrl: set('imageUrl'), setAltText: set('altText') },
  Columns: { addColumn: add('columnItems') },
  Column: { addWidget: add('widgets', widgetJson) },
  OpenLink: { setUrl: set('url') },
  Action: {
    setFunctionName: set('function'),
    setParameters: set('parameters', parameters),
    addRequiredWidget: add('requiredWidgets', plain),
  },
  Navigation: {
    popCard: fixed('steps', { pop: true }),
    popToRoot: fixed('steps', { popToRoot: true }),
    updateCard: add('steps', (card) => ({ updateCard: toJson(card) })),
    pushCard: add('steps', (card) => ({ pushCard: toJson(card) })),
  },
  Notification: { setText: set('text') },
  ActionResponseBuilder: {
    setNavigation: set('navigations', (navigation) => toJson(navigation).steps),
    setNotification: set('notification', toJson),
    setOpenLink: set('link', toJson),
    setStateChanged: flag('stateChanged'),
    build: nothing,
  },
  UpdateDraftActionResponseBuilder: {
    setUpdateDraftBodyAction: set('updateBody', toJson),
    setUpdateDraftSubjectAction: set('updateSubject', toJson),
    build: nothing,
  },
  UpdateDraftBodyAction: {
    addUpdateContent: (json, [content, type]) =>
      void (json.insertContents = [...(json.insertContents ?? []), { content, contentType: member(type) }]),
    setUpdateType: set('type', member),
  },
  UpdateDraftSubjectAction: { addUpdateSubject: set('subject') },
  UniversalActionResponseBuilder: { displayAddOnCards: set('cards', (cards) => cards.map(toJson)), build: nothing },
};
/** What a builder built is read as the builder. */
const BUILT = {
  Card: 'CardBuilder',
  ActionResponse: 'ActionResponseBuilder',
  UniversalActionResponse: 'UniversalActionResponseBuilder',
  UpdateDraftActionResponse: 'UpdateDraftActionResponseBuilder',
};

const WIDGET_KEYS = {
  TextParagraph: 'textParagraph',
  DecoratedText: 'decoratedText',
  ButtonSet: 'buttonList',
  SelectionInput: 'selectionInput',
  TextInput: 'textInput',
  DatePicker: 'dateTimePicker',
  Image: 'image',
  Divider: 'divider',
  Columns: 'columns',
};

/** @returns {Record<string, any>} the JSON of a fake object */
export function toJson(object) {
  const kind = kindOf(object);
  const writers = WRITERS[BUILT[kind] ?? kind];
  if (!writers) throw new TypeError(`${kind} has no JSON`);
  const json = kind === 'DatePicker' ? { type: 'DATE_ONLY' } : {};
  for (const [method, args] of callsOf(object)) {
    if (!writers[method]) throw new TypeError(`${kind}.${method} has no place in card JSON`);
    writers[method](json, args);
  }
  return json;
}

function widgetJson(widget) {
  return { [WIDGET_KEYS[kindOf(widget)]]: toJson(widget) };
}

function plain(value) {
  return value;
}

function member(value) {
  return value.slice(value.indexOf('.') + 1);
}

function colour(hex) {
  if (!/^#[0-9a-f]{6}$/.test(hex)) throw new TypeError(`${hex} is no colour`);
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return { red, green, blue };
}

/** Google takes nothing but text as the value of a parameter. */
function parameters(map) {
  return Object.entries(map).map(([key, value]) => {
    if (typeof value !== 'string') throw new TypeError(`parameter ${key} is not text`);
    return { key, value };
  });
}
