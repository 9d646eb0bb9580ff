/**
 * One question to the backend: who asks is told by Google's identity token. The answer is a view, or the name of what
 * went wrong (a key of `Trouble.gs`). The backend bounds its own time: UrlFetch knows no time-out.
 */

/**
 * @typedef {{view: View} | {trouble: string}} Answer
 */

/**
 * @param {string} path
 * @param {object} body
 * @return {Answer}
 */
function askBackend_(path, body) {
  const token = ScriptApp.getIdentityToken();
  if (!token) return { trouble: 'NOT_CONNECTED' };
  try {
    return read_(UrlFetchApp.fetch(BACKEND_URL + path, request_(token, body)));
  } catch (error) {
    return { trouble: /tim(e|ed) ?-?out/i.test(String(error)) ? 'TIMED_OUT' : 'OFFLINE' };
  }
}

/**
 * @param {string} token
 * @param {object} body
 */
function request_(token, body) {
  return {
    method: 'post',
    contentType: 'application/json',
    headers: { Authorization: `Bearer ${token}` },
    payload: JSON.stringify(body),
    followRedirects: false,
    muteHttpExceptions: true,
  };
}

/**
 * The backend's own words win, on errors too: a card that it sends with a 403 says more than we know.
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 * @return {Answer}
 */
function read_(response) {
  const view = parse_(response.getContentText());
  return view ? { view } : { trouble: troubleOf_(response.getResponseCode()) };
}

/**
 * @param {string} text
 * @return {View | null} null for what is not a view that this script can paint: HTML, half an answer, a later version
 */
function parse_(text) {
  try {
    const view = JSON.parse(text);
    return view && view.v === 1 ? view : null;
  } catch {
    return null;
  }
}

/**
 * @param {number} status
 * @return {string}
 */
function troubleOf_(status) {
  /** @type {Record<number, string>} */
  const known = {
    401: 'NOT_CONNECTED',
    403: 'NO_PERMISSION',
    404: 'NOT_FOUND',
    408: 'TIMED_OUT',
    429: 'BUSY',
    504: 'TIMED_OUT',
  };
  return known[status] || (status >= 500 ? 'FAILED' : 'BAD_REPLY');
}
