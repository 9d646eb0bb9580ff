/**
 * Paints the backend's view model with CardService. The model is complete: translated, shortened, escaped and within
 * Google's limits (`backend/card/shapes.py` is its definition), so that nothing is decided here.
 */

/**
 * @typedef {{type: 'link', url: string}} LinkClick
 * @typedef {{type: 'action', name: string, parameters?: Record<string, string>, required?: string[]}} ActionClick
 * @typedef {LinkClick | ActionClick} Click
 * @typedef {{text: string, onClick: Click, style: 'outlined' | 'filled' | 'borderless'}} ButtonView
 * @typedef {{type: 'paragraph', text: string}} ParagraphView
 * @typedef {{type: 'line', text: string, icon?: string, top?: string, bottom?: string, wrap?: boolean,
 *   button?: ButtonView, onClick?: Click}} LineView
 * @typedef {{type: 'buttons', buttons: ButtonView[]}} ButtonsView
 * @typedef {{text: string, value: string, selected?: boolean}} ChoiceView
 * @typedef {{type: 'select', name: string, label: string, choices: ChoiceView[], onChange?: ActionClick}} SelectView
 * @typedef {{type: 'input', name: string, label: string, hint?: string, value?: string, multiline?: boolean}} InputView
 * @typedef {{type: 'date', name: string, label: string, value?: string}} DateView
 * @typedef {{type: 'divider'}} DividerView
 * @typedef {{type: 'image', url: string, alt: string}} ImageView
 * @typedef {{type: 'columns', left: WidgetView[], right: WidgetView[]}} ColumnsView
 * @typedef {ParagraphView | LineView | ButtonsView | SelectView | InputView | DateView | DividerView | ImageView |
 *   ColumnsView} WidgetView
 * @typedef {{title: string, subtitle?: string, imageUrl?: string, imageAlt?: string}} HeaderView
 * @typedef {{widgets: WidgetView[], header?: string, collapsible?: boolean, shown?: number}} SectionView
 * @typedef {{primary: ButtonView, secondary?: ButtonView}} FooterView
 * @typedef {{name: string, header: HeaderView, sections: SectionView[], menu?: {text: string, onClick: Click}[],
 *   footer?: FooterView}} CardView
 * @typedef {{html?: string, subject?: string}} InsertView
 * @typedef {{push?: CardView, update?: CardView, pop?: 'one' | 'root', notification?: string, openLink?: LinkClick,
 *   insert?: InsertView, stateChanged?: boolean}} OutcomeView
 * @typedef {GoogleAppsScript.Card.ActionResponse | GoogleAppsScript.Card.UpdateDraftActionResponse} ActionAnswer
 * @typedef {{v?: number, cards?: CardView[]} & OutcomeView} View
 */

const ACCENT_COLOUR = '#0f766e';

/**
 * @param {OutcomeView} outcome
 * @return {ActionAnswer}
 */
function paintOutcome_(outcome) {
  if (outcome.insert) return paintInsert_(outcome.insert);
  const response = CardService.newActionResponseBuilder();
  if (outcome.pop || outcome.update || outcome.push) response.setNavigation(paintNavigation_(outcome));
  if (outcome.notification) response.setNotification(CardService.newNotification().setText(outcome.notification));
  if (outcome.openLink) response.setOpenLink(paintLink_(outcome.openLink));
  if (outcome.stateChanged) response.setStateChanged(true);
  return response.build();
}

/**
 * Into the mail that is being written: at the cursor, and in place of its subject.
 * @param {InsertView} insert
 * @return {GoogleAppsScript.Card.UpdateDraftActionResponse}
 */
function paintInsert_(insert) {
  const response = CardService.newUpdateDraftActionResponseBuilder();
  if (insert.html) {
    const body = CardService.newUpdateDraftBodyAction()
      .addUpdateContent(insert.html, CardService.ContentType.MUTABLE_HTML)
      .setUpdateType(CardService.UpdateDraftBodyType.IN_PLACE_INSERT);
    response.setUpdateDraftBodyAction(body);
  }
  if (insert.subject) {
    response.setUpdateDraftSubjectAction(CardService.newUpdateDraftSubjectAction().addUpdateSubject(insert.subject));
  }
  return response.build();
}

/**
 * Back first, then over or in place of the card that is on top by then.
 * @param {OutcomeView} outcome
 */
function paintNavigation_(outcome) {
  const navigation = CardService.newNavigation();
  if (outcome.pop === 'root') navigation.popToRoot();
  if (outcome.pop === 'one') navigation.popCard();
  if (outcome.update) navigation.updateCard(paintCard_(outcome.update));
  if (outcome.push) navigation.pushCard(paintCard_(outcome.push));
  return navigation;
}

/**
 * @param {CardView} view
 * @return {GoogleAppsScript.Card.Card}
 */
function paintCard_(view) {
  const card = CardService.newCardBuilder().setName(view.name).setHeader(paintHeader_(view.header));
  for (const section of view.sections) card.addSection(paintSection_(section));
  for (const item of view.menu || []) card.addCardAction(paintMenuItem_(item));
  if (view.footer) card.setFixedFooter(paintFooter_(view.footer));
  return card.build();
}

/** @param {HeaderView} view */
function paintHeader_(view) {
  const header = CardService.newCardHeader().setTitle(view.title);
  if (view.subtitle) header.setSubtitle(view.subtitle);
  if (!view.imageUrl) return header;
  header.setImageUrl(view.imageUrl).setImageStyle(CardService.ImageStyle.CIRCLE);
  return view.imageAlt ? header.setImageAltText(view.imageAlt) : header;
}

/** @param {{text: string, onClick: Click}} view */
function paintMenuItem_(view) {
  return clickable_(CardService.newCardAction().setText(view.text), view.onClick);
}

/** @param {SectionView} view */
function paintSection_(view) {
  const section = CardService.newCardSection();
  if (view.header) section.setHeader(view.header);
  if (view.collapsible) section.setCollapsible(true);
  if (view.shown) section.setNumUncollapsibleWidgets(view.shown);
  for (const widget of view.widgets) section.addWidget(paintWidget_(widget));
  return section;
}

/** @param {FooterView} view */
function paintFooter_(view) {
  const footer = CardService.newFixedFooter().setPrimaryButton(paintButton_(view.primary));
  return view.secondary ? footer.setSecondaryButton(paintButton_(view.secondary)) : footer;
}

/**
 * @param {WidgetView} view
 * @return {GoogleAppsScript.Card.Widget}
 */
function paintWidget_(view) {
  switch (view.type) {
    case 'paragraph':
      return CardService.newTextParagraph().setText(view.text);
    case 'line':
      return paintLine_(view);
    case 'buttons':
      return paintButtons_(view);
    case 'select':
      return paintSelect_(view);
    case 'input':
      return paintInput_(view);
    case 'date':
      return paintDate_(view);
    case 'divider':
      return CardService.newDivider();
    case 'image':
      return CardService.newImage().setImageUrl(view.url).setAltText(view.alt);
    case 'columns':
      return CardService.newColumns().addColumn(paintColumn_(view.left)).addColumn(paintColumn_(view.right));
    default:
      throw new TypeError('a widget of a kind that this script does not know');
  }
}

/** @param {LineView} view */
function paintLine_(view) {
  const line = CardService.newDecoratedText().setText(view.text);
  if (view.icon) line.setStartIcon(paintIcon_(view.icon));
  if (view.top) line.setTopLabel(view.top);
  if (view.bottom) line.setBottomLabel(view.bottom);
  if (view.wrap) line.setWrapText(true);
  if (view.button) line.setButton(paintButton_(view.button));
  return view.onClick ? clickable_(line, view.onClick) : line;
}

/** @param {string} name one of CardService's own icons */
function paintIcon_(name) {
  return CardService.newIconImage().setIcon(CardService.Icon[/** @type {keyof typeof CardService.Icon} */ (name)]);
}

/** @param {ButtonsView} view */
function paintButtons_(view) {
  const row = CardService.newButtonSet();
  for (const button of view.buttons) row.addButton(paintButton_(button));
  return row;
}

/** @param {ButtonView} view */
function paintButton_(view) {
  const styles = {
    outlined: CardService.TextButtonStyle.OUTLINED,
    filled: CardService.TextButtonStyle.FILLED,
    borderless: CardService.TextButtonStyle.BORDERLESS,
  };
  const button = CardService.newTextButton().setText(view.text).setTextButtonStyle(styles[view.style]);
  if (view.style === 'filled') button.setBackgroundColor(ACCENT_COLOUR);
  return clickable_(button, view.onClick);
}

/** @param {SelectView} view */
function paintSelect_(view) {
  const select = CardService.newSelectionInput()
    .setType(CardService.SelectionInputType.DROPDOWN)
    .setFieldName(view.name)
    .setTitle(view.label);
  for (const choice of view.choices) select.addItem(choice.text, choice.value, Boolean(choice.selected));
  return view.onChange ? select.setOnChangeAction(paintAction_(view.onChange)) : select;
}

/** @param {InputView} view */
function paintInput_(view) {
  const input = CardService.newTextInput().setFieldName(view.name).setTitle(view.label);
  if (view.hint) input.setHint(view.hint);
  if (view.value) input.setValue(view.value);
  return input.setMultiline(Boolean(view.multiline));
}

/**
 * A day is its midnight in UTC.
 * @param {DateView} view
 */
function paintDate_(view) {
  const picker = CardService.newDatePicker().setFieldName(view.name).setTitle(view.label);
  return view.value ? picker.setValueInMsSinceEpoch(Date.parse(view.value)) : picker;
}

/** @param {WidgetView[]} views */
function paintColumn_(views) {
  const column = CardService.newColumn();
  for (const view of views) column.addWidget(paintWidget_(view));
  return column;
}

/**
 * @template {{setOpenLink: Function, setOnClickAction: Function}} T
 * @param {T} widget
 * @param {Click} click
 * @return {T}
 */
function clickable_(widget, click) {
  if (click.type === 'link') widget.setOpenLink(paintLink_(click));
  else widget.setOnClickAction(paintAction_(click));
  return widget;
}

/** @param {LinkClick} view */
function paintLink_(view) {
  return CardService.newOpenLink().setUrl(view.url);
}

/** @param {ActionClick} view */
function paintAction_(view) {
  const action = CardService.newAction()
    .setFunctionName('onAction')
    .setParameters({ ...view.parameters, action: view.name });
  for (const name of view.required || []) action.addRequiredWidget(name);
  return action;
}
