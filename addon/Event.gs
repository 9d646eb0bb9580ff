/**
 * Reads Gmail's event objects. Headers are read when a mail is opened: the token that allows it expires while its card
 * stays open, so that actions send ids only.
 */

/**
 * @typedef {object} AddonEvent
 * @property {CommonEvent} [commonEventObject]
 * @property {{messageId?: string, threadId?: string, accessToken?: string, toRecipients?: string[],
 *   ccRecipients?: string[]}} [gmail]
 */

/**
 * @typedef {object} CommonEvent
 * @property {string} [userLocale] such as "es" or "es-MX"
 * @property {string} [platform] WEB, ANDROID or IOS
 * @property {{id?: string}} [timeZone] an IANA name
 * @property {Record<string, string>} [parameters]
 * @property {Record<string, FormInput>} [formInputs]
 */

/**
 * @typedef {object} FormInput
 * @property {{value?: string[]}} [stringInputs]
 * @property {{msSinceEpoch?: string | number}} [dateInput]
 */

/**
 * @param {AddonEvent} event
 * @return {CommonEvent}
 */
function commonOf_(event) {
  return (event && event.commonEventObject) || {};
}

/**
 * @param {AddonEvent} event
 * @return {string}
 */
function localeOf_(event) {
  return commonOf_(event).userLocale || 'en';
}

/**
 * How the reader reads; who they are is in the identity token.
 * @param {AddonEvent} event
 */
function aboutReader_(event) {
  const common = commonOf_(event);
  const timezone = (common.timeZone && common.timeZone.id) || '';
  return { locale: localeOf_(event), timezone, platform: common.platform || '' };
}

/**
 * Gmail's own ids of the open mail; empty where none is open.
 * @param {AddonEvent} event
 */
function idsOfMail_(event) {
  const gmail = (event && event.gmail) || {};
  return { gmailMessageId: gmail.messageId || '', threadId: gmail.threadId || '' };
}

/**
 * The open mail as its headers have it. Addresses are taken apart by the backend: a comma may be part of a name.
 * @param {AddonEvent} event
 */
function aboutMail_(event) {
  const ids = idsOfMail_(event);
  const accessToken = (event.gmail && event.gmail.accessToken) || '';
  return { ...aboutReader_(event), ...ids, ...headersOf_(ids.gmailMessageId, accessToken) };
}

/**
 * The mail that is being written: its recipients, and nothing of its text.
 * @param {AddonEvent} event
 */
function aboutDraft_(event) {
  const { toRecipients = [], ccRecipients = [] } = (event && event.gmail) || {};
  return { ...aboutReader_(event), inputs: { to: [...toRecipients, ...ccRecipients].join(', ') } };
}

/**
 * A header that cannot be read is left empty: the backend may know the mail by its ids.
 * @param {string} messageId
 * @param {string} accessToken
 */
function headersOf_(messageId, accessToken) {
  const mail = attempt_(() => {
    GmailApp.setCurrentMessageAccessToken(accessToken);
    return GmailApp.getMessageById(messageId);
  });
  return {
    messageId: (mail && attempt_(() => mail.getHeader('Message-ID'))) || '',
    from: (mail && attempt_(() => mail.getFrom())) || '',
    to: (mail && attempt_(() => mail.getTo())) || '',
    cc: (mail && attempt_(() => mail.getCc())) || '',
    subject: (mail && attempt_(() => mail.getSubject())) || '',
  };
}

/**
 * @template T
 * @param {() => T} read
 * @return {T | null}
 */
function attempt_(read) {
  try {
    return read();
  } catch (error) {
    console.warn('Gmail did not let us read the open mail: %s', error instanceof Error ? error.name : typeof error);
    return null;
  }
}

/**
 * What was typed and chosen, by name: text as it is, days as ISO ("2026-12-15").
 * @param {AddonEvent} event
 * @return {Record<string, string>}
 */
function inputsOf_(event) {
  const inputs = commonOf_(event).formInputs || {};
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, valueOf_(input)]));
}

/**
 * @param {FormInput} input
 * @return {string}
 */
function valueOf_(input) {
  const ms = input.dateInput && input.dateInput.msSinceEpoch;
  if (ms !== undefined) return new Date(Number(ms)).toISOString().slice(0, 10);
  const values = (input.stringInputs && input.stringInputs.value) || [];
  return values[0] || '';
}
