/**
 * The doors that Gmail calls. Each is one question to the backend and one painting of its answer; nothing is decided
 * here. None of them throws: what fails becomes a card that says what happened and what to do (`Trouble.gs`).
 *
 * Triggers answer with cards, actions with an ActionResponse, universal actions with their own type.
 */

/**
 * Opens the add-on with no mail open.
 * @param {AddonEvent} event
 * @return {GoogleAppsScript.Card.Card[]}
 */
function onHomepage(event) {
  return cardsOf_(event, () => askBackend_('addon/v1/context', aboutReader_(event)));
}

/**
 * Opens a mail.
 * @param {AddonEvent} event
 * @return {GoogleAppsScript.Card.Card[]}
 */
function onGmailMessage(event) {
  return cardsOf_(event, () => askBackend_('addon/v1/context', aboutMail_(event)));
}

/**
 * "Insert from Enlace" in the compose window: what can be put into the mail that is being written.
 * @param {AddonEvent} event
 * @return {GoogleAppsScript.Card.Card[]}
 */
function onCompose(event) {
  return cardsOf_(event, () => askBackend_('addon/v1/actions/compose', aboutDraft_(event)));
}

/**
 * "Today" in the add-on's menu: the homepage, which phones do not show by themselves.
 * @param {AddonEvent} event
 * @return {GoogleAppsScript.Card.UniversalActionResponse}
 */
function onToday(event) {
  return CardService.newUniversalActionResponseBuilder().displayAddOnCards(onHomepage(event)).build();
}

/**
 * Any click, dropdown or form of a card: the parameter `action` names what the backend shall do.
 * @param {AddonEvent} event
 * @return {ActionAnswer}
 */
function onAction(event) {
  const { action, ...parameters } = commonOf_(event).parameters || {};
  if (action === 'refresh') return onRefresh_(event);
  return responseOf_(event, () => {
    const body = { ...aboutReader_(event), ...idsOfMail_(event), parameters, inputs: inputsOf_(event) };
    return askBackend_(`addon/v1/actions/${action}`, body);
  });
}

/**
 * "Try again" on a trouble card: asks for the card anew and puts it in the place of this one.
 * @param {AddonEvent} event
 * @return {GoogleAppsScript.Card.ActionResponse}
 */
function onRefresh_(event) {
  const [card] = idsOfMail_(event).gmailMessageId ? onGmailMessage(event) : onHomepage(event);
  const navigation = CardService.newNavigation().updateCard(card);
  return CardService.newActionResponseBuilder().setNavigation(navigation).build();
}

/**
 * @param {AddonEvent} event
 * @param {() => Answer} ask
 * @return {GoogleAppsScript.Card.Card[]}
 */
function cardsOf_(event, ask) {
  const locale = localeOf_(event);
  return painted_(
    ask,
    (view) => cardsIn_(view).map(paintCard_),
    (trouble) => [paintCard_(troubleCard_(trouble, locale))],
  );
}

/**
 * @param {AddonEvent} event
 * @param {() => Answer} ask
 * @return {ActionAnswer}
 */
function responseOf_(event, ask) {
  const locale = localeOf_(event);
  return painted_(
    ask,
    (view) => paintOutcome_(view.cards ? { push: cardsIn_(view)[0] } : view),
    (trouble) => paintOutcome_({ push: troubleCard_(trouble, locale) }),
  );
}

/**
 * Gmail refuses a trigger's answer without a card.
 * @param {View} view
 * @return {CardView[]}
 */
function cardsIn_(view) {
  const cards = view.cards || (view.push ? [view.push] : []);
  if (cards.length === 0) throw new TypeError('an answer without a card');
  return cards;
}

/**
 * Asks and paints; whatever goes wrong on the way is painted as trouble.
 * @template T
 * @param {() => Answer} ask
 * @param {(view: View) => T} paint
 * @param {(trouble: string) => T} paintTrouble
 * @return {T}
 */
function painted_(ask, paint, paintTrouble) {
  try {
    const answer = ask();
    return 'trouble' in answer ? paintTrouble(answer.trouble) : paint(answer.view);
  } catch (error) {
    console.error('The answer could not be painted: %s', error instanceof Error ? error.name : typeof error);
    return paintTrouble('BAD_REPLY');
  }
}
